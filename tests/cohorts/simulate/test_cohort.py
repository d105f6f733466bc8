"""A simulated cohort on disk: what a hospital would hand over, made once, the truth apart."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydicom import dcmread

import ptclnm.cohorts as cohorts
from ptclnm import store
from ptclnm.cohorts.own import check_manifest, open_manifest
from ptclnm.cohorts.simulate import cohort as module
from ptclnm.cohorts.simulate import truth
from ptclnm.cohorts.simulate.patients import DRIVERS, STUDIES, draw
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.pictures.read import read_image, read_labels, read_mask
from ptclnm.schema import COLUMNS

NAMES = list(STUDIES)
N = 30


def contents(folder):
    """Bytes of every file below a folder by its path in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def truth_of(cohort):
    return cohort.root.parent / "truth"


def refuse(*_):
    raise AssertionError("rendered again")


@pytest.mark.parametrize("name", NAMES)
def test_the_table_follows_the_contract_and_the_files_are_there(build, quick, name):
    cohort = cohorts.open(name, n_patients=N, seed=1)
    assert tuple(cohort.table.columns) == (*COLUMNS, *cohort.clinical)
    assert cohort.table["patient_id"].nunique() == N
    assert cohort.table["image_id"].is_unique
    assert cohort.evidence == "simulated"
    for row in cohort.table.itertuples():
        picture, labels = read_image(row.image), read_labels(row.mask)
        assert picture.array.shape == labels.array.shape
        assert set(np.unique(labels.array)) == {0, STUDIES[name].STUDY.mask_value}
        assert str(cohort.root) in row.image and str(cohort.root) in row.mask
    patient = draw(name, N, 1).table.set_index("patient_id")
    for column in ("label", "split", "center", *cohort.clinical):
        assert cohort.patients.set_index("patient_id")[column].equals(patient[column]), column


def test_formats_are_the_papers(build, quick):
    ni, li = (cohorts.open(name, n_patients=N) for name in ("ni2024-sim", "li2024-sim"))
    first = [read_image(c.table["image"][0]) for c in (ni, li)]
    assert [picture.format for picture in first] == ["JPG", "DICOM"]
    assert first[0].spacing is None and first[1].spacing is not None
    assert read_labels(li.table["mask"][0]).spacing == pytest.approx(first[1].spacing)
    assert li.table.groupby("patient_id").size().eq(2).all()
    assert set(ni.table.groupby("patient_id").size()) == {1, 2, 3}


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_opens_as_anybodys_own_and_gives_the_same_table(build, quick, name):
    cohort = cohorts.open(name, n_patients=N)
    path = cohort.root / f"{name}.yml"
    assert not check_manifest(path).errors
    own = open_manifest(path)
    pd.testing.assert_frame_equal(own.table, cohort.table)
    assert own.clinical == cohort.clinical
    assert own.endpoint == cohort.endpoint


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_truth_lies_under_the_cohorts_root(build, quick, name):
    cohort = cohorts.open(name, n_patients=N)
    files = contents(cohort.root)
    endings = {".jpg", ".dcm", ".gz", ".csv", ".yml"}
    assert all(any(path.endswith(end) for end in endings) for path in files)
    assert len(files) == 2 * len(cohort.table) + 2
    known = truth.load(cohort)
    sheet = pd.read_csv(cohort.root / "patients.csv", dtype=str)
    hidden = [c for c in known if c not in ("patient_id", "image_id", "center", "diameter_mm")]
    assert not set(hidden) & set(sheet.columns)
    secrets = {f"{value:.6g}".encode() for value in known["severity"]}
    secrets |= {f"{value:.6g}".encode() for value in known["echogenicity_db"]}
    for path, data in files.items():
        assert b"severity" not in data and b"aggressiveness" not in data, path
        assert not any(secret in data for secret in secrets if len(secret) > 6), path
    inside, apart = cohort.root, truth_of(cohort)
    assert not apart.is_relative_to(inside) and not inside.is_relative_to(apart)
    assert not any(str(apart) in str(value) for value in cohort.table.to_numpy().ravel())


def test_dicom_tags_do_not_tell_the_label(build, quick):
    cohort = cohorts.open("li2024-sim", n_patients=N)
    words = {"CLNM", "metasta", "train", "test"}
    for row in cohort.table.itertuples():
        data = dcmread(row.image, stop_before_pixels=True)
        text = " ".join(str(e.value) for e in data.iterall() if e.VR != "SQ")
        assert not any(word in text for word in words)
        assert data.PatientID == row.patient_id


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_is_that_of_the_picture(build, quick, name):
    cohort = cohorts.open(name, n_patients=N, seed=4)
    patients = draw(name, N, 4).truth.set_index("patient_id")
    known = truth.load(cohort).set_index("image_id")
    for image_id in cohort.table["image_id"].iloc[[0, 7, -1]]:
        row, record = cohort.table.set_index("image_id").loc[image_id], known.loc[image_id]
        patient = patients.loc[row["patient_id"]]
        drawn = ["severity", *DRIVERS]
        assert record[drawn].tolist() == patient[drawn].tolist()
        assert record["plane"] in patient["plane"]
        assert record["shown_texture"] == row["label"]
        again, mask = truth.render_again(cohort, image_id), read_mask(row["mask"])
        overlap = 2 * (mask & again.mask).sum() / (mask.sum() + again.mask.sum())
        assert overlap > 0.75
        inside = again.truth.echogenicity_db[again.mask].mean()
        assert inside == pytest.approx(patient["echogenicity_db"], abs=1e-5)
        assert len(again.truth.calcifications) == patient["microcalcifications"]
        fine = truth.render_again(cohort, image_id, 2)
        assert fine.frame.shape == tuple(2 * n for n in mask.shape)


def test_the_same_picture_again_is_the_stored_one(build, quick):
    cohort = cohorts.open("li2024-sim", n_patients=N)
    row = cohort.table.iloc[5]
    again = truth.render_again(cohort, row["image_id"])
    assert (read_image(row["image"]).array == again.frame).all()


def test_truth_is_named_where_there_is_none(build, quick):
    cohort = cohorts.open("li2024-sim", n_patients=N)
    own = open_manifest(cohort.root / "li2024-sim.yml")
    with pytest.raises(MissingDataError, match="has no truth on this machine"):
        truth.load(own)
    (cohort.root.parent / truth.FILE).unlink()
    with pytest.raises(MissingDataError, match="li2024-sim has no truth"):
        truth.render_again(cohort, cohort.table["image_id"][0])


def test_a_second_call_renders_nothing_and_gives_the_same(build, quick, monkeypatch):
    first = cohorts.open("ni2024-sim", n_patients=N)
    monkeypatch.setattr(module, "make_picture", refuse)
    second = cohorts.open("ni2024-sim", n_patients=N)
    pd.testing.assert_frame_equal(first.table, second.table)
    assert first.fingerprint == second.fingerprint
    assert first.root == second.root


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Names of the pictures that are rendered."""
    names: list[str] = []
    make = module.make_picture

    def noted(record):
        names.append(record["image_id"])
        make(record)

    monkeypatch.setattr(module, "make_picture", noted)
    return names


def test_what_an_interrupted_run_left_is_kept_and_the_rest_is_made(build, quick, made):
    whole = cohorts.open("ni2024-sim", n_patients=N)
    expected = contents(whole.root)
    assert made == whole.table["image_id"].tolist()
    made.clear()
    # Killed after some pictures: no index, one picture without its mask.
    (whole.root.parent / store.INDEX).unlink()
    (whole.root / "ni2024-sim.yml").unlink()
    gone = whole.table.iloc[30:]
    for path in [*gone["image"], *gone["mask"], whole.table["mask"][3]]:
        Path(path).unlink()
    again = cohorts.open("ni2024-sim", n_patients=N)
    assert made == [whole.table["image_id"][3], *gone["image_id"]]
    assert contents(again.root) == expected


@pytest.mark.parametrize("kind", ["image", "mask", "truth"])
def test_of_a_damaged_cohort_the_pictures_concerned_are_rendered_again(build, quick, made, kind):
    whole = cohorts.open("ni2024-sim", n_patients=N)
    expected = contents(whole.root.parent)
    made.clear()
    row = whole.table.iloc[7]
    path = whole.root.parent / truth.FILE if kind == "truth" else Path(row[kind])
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damaged in (content[:-1], flipped):
        path.write_bytes(damaged)
        with pytest.warns(UserWarning, match=f"{path.name} changed since written"):
            again = cohorts.open("ni2024-sim", n_patients=N)
        assert contents(again.root.parent) == expected
    assert made == ([] if kind == "truth" else [row["image_id"]] * 2)


def test_a_failure_while_rendering_leaves_no_half_written_file(build, quick, monkeypatch):
    original, calls = truth.render_plane, []

    def fails_later(*arguments):
        calls.append(1)
        if len(calls) > 8:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(truth, "render_plane", fails_later)
    with pytest.raises(KeyboardInterrupt):
        cohorts.open("ni2024-sim", n_patients=N)
    folder = next((build / "cache" / "cohorts").iterdir())
    assert not (folder / store.INDEX).exists() and not list(folder.rglob("*.yml"))
    for path in (folder / "cohort" / "images").iterdir():
        read_image(path)
    monkeypatch.setattr(truth, "render_plane", original)
    cohort = cohorts.open("ni2024-sim", n_patients=N)
    assert not check_manifest(cohort.root / "ni2024-sim.yml").errors
    assert not list(folder.rglob(".*"))


def test_bytes_do_not_depend_on_the_number_of_processes(build):
    """With the real renderer: each process must draw the same random numbers."""
    first = truth.records(draw("li2024-sim", N)).head(6)
    made = {}
    for n_jobs in (1, 2):
        places = {
            kind: f"{build}/{n_jobs}/{kind}s/" + first["image_id"] for kind in ("image", "mask")
        }
        records = first.assign(image=places["image"] + ".dcm", mask=places["mask"] + ".nii.gz")
        order = records.to_dict("records")[:: 1 if n_jobs == 1 else -1]
        module.parallel_map(module.make_picture, order, n_jobs)
        made[n_jobs] = contents(build / str(n_jobs))
    assert len(made[1]) == 6 * 2
    assert made[1] == made[2]


def test_a_patients_files_are_the_same_in_a_larger_cohort(build, quick):
    small, large = (cohorts.open("ni2024-sim", n_patients=n) for n in (N, 60))
    both = set(small.table["image_id"]) & set(large.table["image_id"])
    assert len(both) >= len(small.table) - 10
    one, other = contents(small.root), contents(large.root)
    for image_id in both:
        for path in (f"images/{image_id}.jpg", f"masks/{image_id}.nii.gz"):
            assert one[path] == other[path]


def test_settings_decide_the_folder_and_processes_do_not(build, quick):
    def root(**settings):
        return cohorts.open("li2024-sim", n_patients=N, **settings).root

    assert root() == root(n_jobs=1) == root(signal=1)
    assert len({root(), root(seed=1), root(signal=0.5)}) == 3


def test_none_is_table_1s_number(build, monkeypatch):
    keys = []
    monkeypatch.setattr(store, "fill", lambda entry, _: keys.append(entry.name))
    cohorts.open("li2024-sim")
    cohorts.open("li2024-sim", n_patients=544)
    assert keys[0] == keys[1]


@pytest.fixture
def empty(monkeypatch):
    """Render nothing."""
    monkeypatch.setattr(store, "fill", lambda *_: None)


@pytest.mark.parametrize("name", NAMES)
def test_the_flow_adds_up_and_names_the_splits(name, empty):
    flow = cohorts.open(name, n_patients=100).flow
    there, lost, kept = (flow.iloc[k] for k in range(3))
    for count in ("images", "patients"):
        assert lost["reason"] and there[count] - lost[count] == kept[count]
    splits = flow[flow["step"].str.startswith("split: ")]
    assert splits["patients"].sum() == kept["patients"] == 100
    whole = cohorts.open(name).flow
    assert whole["reason"].eq("").all() and whole["patients"][0] == len(draw(name).table)
    assert cohorts.open(name, n_patients=1200).flow["reason"].eq("").all()


def test_choices_are_stated(empty):
    ni, li = (cohorts.open(name).warnings for name in ("ni2024-sim", "li2024-sim"))
    assert any("374" in w and "354" in w for w in ni)
    assert any("125 and 57" in w for w in li)
    assert any("made up" in w for w in ni) and any("made up" in w for w in li)
    silent = cohorts.open("ni2024-sim", signal=0.0).warnings
    assert any("signal is 0" in w for w in silent) and not any("signal is" in w for w in ni)


def test_a_stated_count_of_positive_readings_is_the_one_obtained(empty):
    cohort = cohorts.open("li2024-sim")
    patients = cohort.patients
    found = patients[patients["radiologist"] == "Yes"].groupby("split").size()
    assert (found["train"], found["test"]) == (118, 46)
    assert any("118 and 46" in w for w in cohort.warnings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"signal": 4}, "signal is 4; allowed"),
        ({"n_patients": 5}, "class of a set"),
        ({"signals": 1}, "did you mean 'signal'"),
        ({"n_jobs": 0, "n_patients": N}, "n_jobs is 0"),
    ],
)
def test_impossible_settings_are_named(build, settings, said):
    with pytest.raises(ParameterError) as caught:
        cohorts.open("ni2024-sim", **settings)
    assert said in str(caught.value)
