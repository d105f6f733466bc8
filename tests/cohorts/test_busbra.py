"""BUS-BRA: two views a patient, one scanner held out, pictures that are not here."""

import shutil

import pandas as pd
import pytest

from ptclnm.cohorts.busbra import HELD_OUT, select
from ptclnm.cohorts.datasets import FetchError
from ptclnm.cohorts.registry import open_cohort


@pytest.fixture
def folder(tmp_path):
    """Four patients of two views, two empty files a picture."""
    for name in ("Images", "Masks"):
        (tmp_path / name).mkdir()
    rows = [(f"bus_{n:04d}-{view}", n, ("benign", "malignant")[n % 2], HELD_OUT)
            for n in range(4) for view in "lr"]  # fmt: skip
    for name, *_ in rows:
        (tmp_path / "Images" / f"{name}.png").touch()
        (tmp_path / "Masks" / f"mask_{name[4:]}.png").touch()
    table = pd.DataFrame(rows, columns=["ID", "Case", "Pathology", "Device"])
    table.to_csv(tmp_path / "bus_data.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("lost", ["Masks/mask_0003-l.png", "Images/bus_0003-l.png"])
def test_a_picture_without_its_mask_is_counted_as_lost_and_the_other_way_round(folder, lost):
    (folder / lost).unlink()
    table, flow = select(folder)
    assert flow.frame().set_index("step").loc["pictures", ["rows", "patients"]].tolist() == [1, 0]
    assert "bus_0003-l" not in set(table["image_id"]) and len(table) == 7


def test_a_picture_that_is_not_the_recorded_one_is_refused(data, tmp_path, monkeypatch):
    (tmp_path / "busbra" / "Images").mkdir(parents=True)
    shutil.copy(data / "busbra" / "bus_data.csv", tmp_path / "busbra")
    (tmp_path / "busbra" / "Images" / "bus_0004-l.png").write_bytes(b"another")
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    with pytest.raises(FetchError, match="bus_0004-l.png: sha256"):
        open_cohort("busbra")


def test_both_views_are_in_one_set_and_one_scanner_is_held_out(data):
    table = open_cohort("busbra").table
    assert table.groupby("patient_id")[["split", "label"]].nunique().eq(1).all(axis=None)
    assert set(table.loc[table["center"] == HELD_OUT, "split"]) == {"external"}
    assert set(table.loc[table["center"] != HELD_OUT, "split"]) == {"train", "internal"}


def test_real_pictures_are_accounted_for(data):
    cohort = open_cohort("busbra")
    flow = cohort.flow.set_index("step")
    assert flow.loc["BUS-BRA, all pictures", ["rows", "patients"]].tolist() == [1875, 1064]
    assert flow.loc["kept", "rows"] + flow.loc["pictures", "rows"] == 1875
    assert len(cohort.table) == 2 * len(cohort.patients)
