"""A simulated cohort on disk: what a hospital would hand over, made once, the truth apart."""

import json
import os
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydicom import dcmread

import ptclnm.cohorts as cohorts
from ptclnm import store
from ptclnm.cohorts.own import check_manifest, open_manifest
from ptclnm.cohorts.simulate import cohort as opening
from ptclnm.cohorts.simulate import folder as module
from ptclnm.cohorts.simulate import truth
from ptclnm.cohorts.simulate.patients import DRIVERS, STUDIES, draw
from ptclnm.errors import MissingDataError, ParameterError, PtclnmError
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
    known = truth.load_patients(cohort)
    sheet = pd.read_csv(cohort.root / "patients.csv", dtype=str)
    hidden = [c for c in known if c not in ("patient_id", "diameter_mm")]
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
    patients = draw(name, N, 4)
    for image_id in cohort.table["image_id"].iloc[[0, 7, -1]]:
        row = cohort.table.set_index("image_id").loc[image_id]
        place = patients.truth["patient_id"].tolist().index(row["patient_id"])
        known = truth.load(cohort, image_id)
        assert known.drivers == patients.drivers(place)
        assert known.patient["severity"] == pytest.approx(patients.truth["severity"][place])
        assert known.facts["plane"] in patients.planes[place]
        assert known.patient["shown_texture"] == row["label"]
        drawn = read_mask(row["mask"])
        overlap = 2 * (drawn & known.mask).sum() / (drawn.sum() + known.mask.sum())
        assert overlap > 0.75
        inside = known.echogenicity_db[known.mask].mean()
        assert inside == pytest.approx(known.drivers.echogenicity_db, abs=0.126)
        assert len(known.calcifications) == known.drivers.microcalcifications
        fine = truth.finer(cohort, image_id, 2)
        assert fine.frame.shape == tuple(2 * n for n in known.mask.shape)


def test_the_same_picture_again_is_the_stored_one(build, quick):
    cohort = cohorts.open("li2024-sim", n_patients=N)
    row = cohort.table.iloc[5]
    again = truth.finer(cohort, row["image_id"], 1)
    assert (read_image(row["image"]).array == again.frame).all()


def test_truth_is_named_where_there_is_none(build, quick):
    cohort = cohorts.open("li2024-sim", n_patients=N)
    with pytest.raises(PtclnmError, match="has no picture 'L000001_9': did you mean"):
        truth.load(cohort, "L000001_9")
    own = open_manifest(cohort.root / "li2024-sim.yml")
    with pytest.raises(PtclnmError, match="has no truth: only simulated"):
        truth.load(own, own.table["image_id"][0])
    (truth_of(cohort) / "patients.csv").unlink()
    with pytest.raises(MissingDataError, match="patients.csv is missing. Open li2024-sim again"):
        truth.load(cohort, cohort.table["image_id"][0])


def test_a_second_call_renders_nothing_and_gives_the_same(build, quick, monkeypatch):
    first = cohorts.open("ni2024-sim", n_patients=N)
    monkeypatch.setattr(module, "make_pictures", refuse)
    second = cohorts.open("ni2024-sim", n_patients=N)
    pd.testing.assert_frame_equal(first.table, second.table)
    assert first.fingerprint == second.fingerprint
    assert first.root == second.root


def test_what_an_interrupted_run_left_is_kept_and_the_rest_is_made(build, quick, monkeypatch):
    whole = cohorts.open("ni2024-sim", n_patients=N)
    expected = contents(whole.root)
    ids = whole.table["patient_id"].unique()
    # Killed after some patients: no index, one patient half done, one temporary folder left.
    (whole.root.parent / store.INDEX).unlink()
    (whole.root / "ni2024-sim.yml").unlink()
    gone = whole.table[whole.table["patient_id"].isin(ids[20:])]
    for path in [*gone["image"], *gone["mask"]]:
        Path(path).unlink()
    half = whole.table[whole.table["patient_id"] == ids[3]].iloc[-1]
    Path(half["image"]).unlink()
    entry = whole.root.parent
    left = entry.parent / f".{entry.name}-left"
    left.mkdir()
    made = []
    make = module.make_pictures

    def noted(entry, patient):
        made.append(patient.table["patient_id"][0])
        return make(entry, patient)

    monkeypatch.setattr(module, "make_pictures", noted)
    again = cohorts.open("ni2024-sim", n_patients=N)
    assert sorted(made) == sorted([ids[3], *ids[20:]])
    assert contents(again.root) == expected
    assert left.is_dir(), "it may be another process's"
    old = time.time() - 2 * module.STALE_SECONDS
    Path(whole.table["image"][0]).unlink()
    os.utime(left, (old, old))
    with pytest.warns(UserWarning, match=r"images/.*jpg changed since written"):
        cohorts.open("ni2024-sim", n_patients=N)
    assert not left.exists()


@pytest.mark.parametrize("kind", ["image", "mask", "truth"])
def test_of_a_damaged_cohort_the_patients_concerned_are_rendered_again(
    build, quick, monkeypatch, kind
):
    whole = cohorts.open("ni2024-sim", n_patients=N)
    expected = contents(whole.root.parent)
    row = whole.table.iloc[7]
    truths = truth_of(whole) / "pictures"
    path = truths / f"{row['image_id']}.npz" if kind == "truth" else Path(row[kind])
    content = path.read_bytes()
    middle = len(content) // 2
    made = []
    make = module.make_pictures

    def noted(entry, patient):
        made.append(patient.table["patient_id"][0])
        return make(entry, patient)

    monkeypatch.setattr(module, "make_pictures", noted)
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damaged in (content[:-1], flipped):
        path.write_bytes(damaged)
        with pytest.warns(UserWarning, match=f"{path.name} changed since written"):
            again = cohorts.open("ni2024-sim", n_patients=N)
        assert contents(again.root.parent) == expected
    assert made == [row["patient_id"]] * 2


def test_a_failure_while_rendering_leaves_no_half_written_file(build, quick, monkeypatch):
    original, calls = module.render_plane, []

    def fails_later(*arguments):
        calls.append(1)
        if len(calls) > 8:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(module, "render_plane", fails_later)
    with pytest.raises(KeyboardInterrupt):
        cohorts.open("ni2024-sim", n_patients=N)
    folder = next((build / "cache" / "cohorts").iterdir())
    assert not (folder / store.INDEX).exists() and not list(folder.rglob("*.yml"))
    for path in (folder / "cohort" / "images").iterdir():
        read_image(path)
    monkeypatch.setattr(module, "render_plane", original)
    cohort = cohorts.open("ni2024-sim", n_patients=N)
    assert not check_manifest(cohort.root / "ni2024-sim.yml").errors
    assert not list(folder.parent.glob(".*"))


def test_bytes_do_not_depend_on_the_number_of_processes(build):
    """With the real renderer: each process must draw the same random numbers."""
    patients = draw("li2024-sim", N)
    made = {}
    for n_jobs in (1, 2):
        entry = build / str(n_jobs)
        for place in ("cohort/images", "cohort/masks", "truth/pictures"):
            (entry / place).mkdir(parents=True)
        first = [patients.only(row) for row in range(3)]
        order = first if n_jobs == 1 else first[::-1]
        module.parallel_map(partial(module.make_pictures, entry), order, n_jobs)
        made[n_jobs] = contents(entry)
    assert len(made[1]) == 3 * 2 * 3
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

    assert root() == root(n_jobs=1) == root(signal=1) == root(texture_signal=1.0)
    others = [root(seed=1), root(signal=0.5), root(shape_signal=0.5), root(texture_signal=0.5)]
    assert len({root(), *others}) == 5


def test_none_is_table_1s_number(build, quick, monkeypatch):
    keys = []
    monkeypatch.setattr(opening, "prepare", lambda *a: keys.append(a[2].name) or a[2])
    cohorts.open("li2024-sim")
    cohorts.open("li2024-sim", n_patients=544)
    assert keys[0] == keys[1]


@pytest.mark.parametrize("name", NAMES)
def test_without_pictures_there_is_one_row_a_patient_and_no_file(build, name):
    cohort = cohorts.open(name, pictures=False)
    assert len(cohort.table) == cohort.table["patient_id"].nunique()
    assert cohort.table["image"].eq("").all() and cohort.root is None
    assert not build.exists()
    with pytest.raises(PtclnmError, match="has no truth"):
        truth.load_patients(cohort)


@pytest.mark.parametrize("name", NAMES)
def test_the_flow_adds_up_and_names_the_splits(name, build):
    flow = cohorts.open(name, n_patients=100, pictures=False).flow
    there, lost, kept = (flow.iloc[k] for k in range(3))
    assert lost["reason"] and there["patients"] - lost["patients"] == kept["patients"] == 100
    splits = flow[flow["step"].str.startswith("split: ")]
    assert splits["patients"].sum() == 100
    whole = cohorts.open(name, pictures=False).flow
    assert whole["reason"].eq("").all() and whole["patients"][0] == len(draw(name).table)


def test_choices_are_stated():
    ni, li = (cohorts.open(n, pictures=False).warnings for n in ("ni2024-sim", "li2024-sim"))
    assert any("374" in w and "354" in w for w in ni)
    assert any("125 and 57" in w for w in li)
    assert any("made up" in w for w in ni) and any("made up" in w for w in li)
    silent = cohorts.open("ni2024-sim", pictures=False, shape_signal=0.0).warnings
    assert any("shape 0" in w for w in silent) and not any("shape 0" in w for w in ni)


def test_a_stated_count_of_positive_readings_is_the_one_obtained():
    cohort = cohorts.open("li2024-sim", pictures=False)
    found = cohort.table[cohort.table["radiologist"] == "Yes"].groupby("split").size()
    assert (found["train"], found["test"]) == (118, 46)
    assert any("118 and 46" in w for w in cohort.warnings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"signal": 4}, "signal is 4; allowed"),
        ({"n_patients": 5}, "class of a set"),
        ({"pictures": "no"}, "pictures is 'no'; allowed: true, false"),
        ({"textur_signal": 1}, "did you mean 'texture_signal'"),
        ({"n_jobs": 0, "n_patients": N}, "n_jobs is 0"),
    ],
)
def test_impossible_settings_are_named(build, settings, said):
    with pytest.raises(ParameterError) as caught:
        cohorts.open("ni2024-sim", **settings)
    assert said in str(caught.value)


def test_a_place_that_cannot_be_written_to_is_named(build, quick):
    build.parent.mkdir(exist_ok=True)
    build.write_text("a file where the folder should be")
    with pytest.raises(PtclnmError, match="_build.* cannot be written to: .*next run goes on"):
        cohorts.open("ni2024-sim", n_patients=N)


def test_truth_on_disk_is_plain_and_holds_no_pickle(build, quick):
    cohort = cohorts.open("ni2024-sim", n_patients=N)
    folder = truth_of(cohort)
    known = pd.read_csv(folder / "patients.csv")
    assert set(DRIVERS) <= set(known.columns)
    path = next((folder / "pictures").iterdir())
    with np.load(path, allow_pickle=False) as stored:
        facts = json.loads(str(stored["facts"]))
        assert stored["echogenicity"].dtype == np.int16
    assert set(facts["scanner"]) == set(asdict(truth.load(cohort, path.stem).scanner))
