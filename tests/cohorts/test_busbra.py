"""BUS-BRA: two views a patient, one scanner held out, pictures that are not here."""

import pandas as pd
import pytest

from ptclnm.cohorts.busbra import HELD_OUT
from ptclnm.cohorts.registry import open_cohort
from ptclnm.errors import ManifestError, MissingDataError

SCANNERS = ("GE Logiq 5 @10-12MHz", "GE Logiq 7 @10-14MHz", HELD_OUT)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Twenty-four patients of three scanners, two empty files a picture."""
    root = tmp_path / "busbra"
    (root / "Images").mkdir(parents=True)
    (root / "Masks").mkdir()
    rows = [(f"bus_{n:04d}-{view}", n, ("benign", "malignant")[n % 2], SCANNERS[n // 2 % 3])
            for n in range(24) for view in "lr"]  # fmt: skip
    for name, *_ in rows:
        (root / "Images" / f"{name}.png").write_bytes(name.encode())
        (root / "Masks" / f"mask_{name[4:]}.png").touch()
    table = pd.DataFrame(rows, columns=["ID", "Case", "Pathology", "Device"])
    table.to_csv(root / "bus_data.csv", index=False)
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    return root


def test_both_views_are_in_one_set_and_one_scanner_is_held_out(folder):
    table = open_cohort("busbra").table
    assert table.groupby("patient_id")[["split", "label"]].nunique().eq(1).all(axis=None)
    assert table.groupby("patient_id").size().eq(2).all()
    assert set(table.loc[table["center"] == HELD_OUT, "split"]) == {"external"}
    assert set(table.loc[table["center"] != HELD_OUT, "split"]) == {"train", "internal"}


def test_a_picture_without_its_mask_is_counted_as_lost(folder):
    (folder / "Masks" / "mask_0003-l.png").unlink()
    cohort = open_cohort("busbra")
    assert cohort.flow.set_index("step").loc["pictures", ["rows", "patients"]].tolist() == [1, 0]
    assert "bus_0003-l" not in set(cohort.table["image_id"])


def test_without_any_picture_the_message_says_how_to_get_them(folder):
    for path in (folder / "Images").iterdir():
        path.unlink()
    with pytest.raises(MissingDataError, match="ptclnm data fetch busbra"):
        open_cohort("busbra")


def test_an_id_that_leads_elsewhere_is_refused(folder):
    table = pd.read_csv(folder / "bus_data.csv").replace("bus_0000-l", "../../secret")
    table.to_csv(folder / "bus_data.csv", index=False)
    with pytest.raises(ManifestError, match="column 'ID'"):
        open_cohort("busbra")


def test_real_pictures_are_accounted_for(data):
    cohort = open_cohort("busbra")
    flow = cohort.flow.set_index("step")
    assert flow.loc["BUS-BRA, all pictures", ["rows", "patients"]].tolist() == [1875, 1064]
    assert flow.loc["kept", "rows"] + flow.loc["pictures", "rows"] == 1875
    assert len(cohort.table) == 2 * len(cohort.patients)
