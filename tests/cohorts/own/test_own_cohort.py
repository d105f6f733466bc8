"""The reader's own cohort as a whole: what is opened is what is on disk, and nothing more."""

import json
import logging
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import yaml

from ptclnm.cohorts.own import check_manifest, cohort, open_manifest
from ptclnm.cohorts.own.example import MANIFEST, write_example
from ptclnm.errors import ManifestError, ParameterError, PtclnmError
from ptclnm.paths import BOOK
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import COLUMNS, SPLITS, Cohort


def test_table_is_what_the_csv_says(folder):
    own = open_manifest(folder.manifest)
    csv = folder.table()
    kept = csv[csv["n_stage"].ne("Nx")].sort_values("image")
    assert list(own.table) == [*COLUMNS, "age", "sex", "size"] and own.clinical == (
        "age",
        "sex",
        "size",
    )
    assert own.evidence == "own" and own.endpoint.startswith("Any lymph-node metastasis")
    assert own.table["patient_id"].tolist() == kept["patient"].tolist()
    assert own.table["label"].tolist() == kept["n_stage"].str.startswith("N1").astype(int).tolist()
    assert own.table["age"].tolist() == kept["age"].astype(float).tolist()
    assert own.table["size"].isna().tolist() == kept["size_mm"].eq("").tolist()
    for row in own.table.itertuples():
        assert Path(row.image).is_file() and Path(row.image).is_relative_to(own.root)
        assert read_mask(row.mask, 1).any()


def test_flow_accounts_for_every_row(folder):
    own = open_manifest(folder.manifest, n_patients=10)
    flow, counts = own.flow, ["rows", "images", "patients"]
    start, kept = (flow.loc[flow["step"].eq(step), counts].sum() for step in ("in the CSV", "kept"))
    lost = flow.loc[flow["reason"].ne(""), counts].sum()
    assert start["rows"] == len(folder.table()) and kept["patients"] == 10
    assert (start - lost).tolist() == kept.tolist()
    sets = flow.loc[flow["step"].str.startswith("split"), counts].sum()
    assert sets.tolist() == kept.tolist()


def test_a_draw_changes_no_patients_set_and_reads_only_its_images(folder):
    whole = open_manifest(folder.manifest).patients.set_index("patient_id")["split"]
    drawn = open_manifest(folder.manifest, n_patients=6, seed=4)
    part = drawn.patients.set_index("patient_id")["split"]
    assert len(part) == 6 and (whole[part.index] == part).all()
    larger = open_manifest(folder.manifest, n_patients=9, seed=4)
    assert set(part.index) < set(larger.table["patient_id"])
    left = set(whole.index) - set(larger.table["patient_id"])
    (folder.root / f"images/{min(left)}a.jpg").unlink()
    pd.testing.assert_frame_equal(open_manifest(folder.manifest, 6, 4).table, drawn.table)
    with pytest.raises(ManifestError, match="no such file"):
        open_manifest(folder.manifest)
    with pytest.raises(ParameterError, match="n_patients"):
        open_manifest(folder.manifest, n_patients=0)


def test_order_of_rows_does_not_matter(folder):
    before = open_manifest(folder.manifest)
    folder.save(folder.table().iloc[::-1])
    after = open_manifest(folder.manifest)
    pd.testing.assert_frame_equal(before.table, after.table)
    assert before.fingerprint == after.fingerprint


def test_fingerprint_follows_contents_and_settings_not_the_place(folder, tmp_path):
    first = open_manifest(folder.manifest).fingerprint
    moved = shutil.copytree(folder.root, tmp_path / "elsewhere")
    folder.replace("title:", "# a comment\ntitle:")
    assert open_manifest(moved / "my_cohort.yml").fingerprint == first
    assert open_manifest(folder.manifest).fingerprint == first
    seen = {first, open_manifest(folder.manifest, 8).fingerprint}
    folder.mask("masks/p01a.nii.gz", lambda a: np.roll(a, 1, axis=0))
    seen.add(open_manifest(folder.manifest).fingerprint)
    folder.replace("seed: 1", "seed: 2")
    seen.add(open_manifest(folder.manifest).fingerprint)
    folder.cell(2, "age", "41")
    seen.add(open_manifest(folder.manifest).fingerprint)
    assert len(seen) == 5


def test_split_by_centre_and_by_column(folder):
    by_center = "split: {by_center: {train: [north], external: [south]}, internal: 0.3, seed: 5}"
    folder.replace("split: {ratio: 0.7, seed: 1}", by_center)
    table = open_manifest(folder.manifest).table
    assert table["split"].eq("external").equals(table["center"].eq("south"))
    assert set(table["split"]) == {"train", "internal", "external"}
    folder.replace(by_center, "split: {column: hospital, map: {north: train, south: test}}")
    table = open_manifest(folder.manifest).table
    assert table["split"].map({"train": "north", "test": "south"}).equals(table["center"])


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("[north]", "[nord]", "did you mean 'nord'"),
        ("external: [south]", "external: [north]", "both in train and in external"),
        ("  center: hospital\n", "", "needs columns: center"),
        ("internal: 0.3", "internal: 1", "internal is '1'; allowed: less than 1"),
        ("internal: 0.3", "ratio: 0.3", "exactly one"),
        ("seed: 5", "seed: -5", "greater than or equal to 0"),
        ("internal: 0.3", "map: {a: train}", "does not go with"),
    ],
)
def test_rules_by_centre_are_checked(folder, old, new, word):
    rule = "split: {by_center: {train: [north], external: [south]}, internal: 0.3, seed: 5}"
    folder.replace("split: {ratio: 0.7, seed: 1}", rule)
    folder.replace(old, new)
    assert any(word in str(p) for p in check_manifest(folder.manifest).errors)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("title: Example cohort (made up)\n", "", "title is missing"),
        ("csv: patients.csv", "csv: [a, b]", "csv is ['a', 'b']; allowed: text"),
        ("root: .", "root: nowhere", "root is 'nowhere'; allowed: a folder"),
        ("  mask: mask\n", "", "columns: mask is missing"),
        ("  image: image\n", "  imgae: image\n", "did you mean 'image'"),
        ("  center: hospital\n", "  split: hospital\n", "unknown key 'split'"),
        ("kind: categorical", "kind: categoric", "did you mean 'categorical'"),
        ("range: [18, 90]", "range: [90, 18]", "[lowest, highest]"),
        ("name: size", "name: label", "'label' is taken"),
        ("negative: [N0]", "negative: [N0, n1A]", "'n1a' is in two"),
        ("mask_label: 1", "mask_label: 0", "from 1 to 65535"),
        ("seed: 1}", "seed: 1, ratoi: 2}", "did you mean 'ratio'"),
        ("mask_label: 1", "mask_label: 1\ncolour:", "unknown key 'colour'"),
        ("mask_label: 1", "mask_label: 1\nlymph_nodes: N1", "is 'N1'; allowed: true or false"),
        ("seed: 1", "seed:", "seed is ''"),
        ("{ratio: 0.7, seed: 1}", "{}", "exactly one"),
    ],
)
def test_manifest_is_checked_strictly(folder, old, new, word):
    folder.replace(old, new)
    errors = check_manifest(folder.manifest).errors
    assert {p.code for p in errors} == {"manifest_key"} and any(word in str(p) for p in errors)


def test_problems_of_all_sections_of_the_manifest_come_at_once(folder):
    folder.replace("title: Example", "titel: Example")
    folder.replace("kind: categorical", "kind: categoric")
    folder.replace("negative: [N0]", "negative: [N0, n1A]")
    folder.replace("seed: 1", "seed: -1")
    words = {"'titel'", "title is missing", "clinical[2]: kind", "'n1a' is in two", "seed is '-1'"}
    texts = [str(p) for p in check_manifest(folder.manifest).errors]
    assert len(texts) == len(words)
    assert all(any(word in text for text in texts) for word in words)


def test_words_of_yaml_stay_words(folder):
    stages = folder.table()["n_stage"]
    folder.save(
        folder.table().assign(n_stage=["yes" if s.startswith("N1") else "no" for s in stages])
    )
    folder.replace("positive: [N1a, N1b]", "positive: [yes]")
    folder.replace("negative: [N0]", "negative: no")
    folder.replace("exclude: [Nx]\n", "")
    assert open_manifest(folder.manifest).table["label"].sum() == stages.str.startswith("N1").sum()


def test_numbers_match_however_they_are_written(folder):
    stages = folder.table()["n_stage"]
    numbers = ["1.0" if s.startswith("N1") else " 0" for s in stages]
    folder.save(folder.table().assign(n_stage=numbers))
    folder.replace("[N1a, N1b]", "1")
    folder.replace("[N0]", "[0]")
    assert open_manifest(folder.manifest).table["label"].sum() == numbers.count("1.0")


def test_an_endpoint_is_nodes_unless_the_manifest_says_no(folder):
    assert open_manifest(folder.manifest).nodes
    folder.replace("mask_label: 1", "mask_label: 1\nlymph_nodes: false")
    assert not open_manifest(folder.manifest).nodes


def test_a_file_on_mask_of_several_values_may_take_any(folder):
    folder.mask("masks/p01a.nii.gz", lambda a: a * 3)
    assert not check_manifest(folder.manifest).ok
    folder.replace("mask_label: 1", "mask_label: any")
    assert check_manifest(folder.manifest).ok


def another_cohort(example: Path, target: Path) -> Path:
    """Rebuild the example with other names, other columns and DICOM images that name someone."""
    table = pd.read_csv(example / "patients.csv", dtype=str, keep_default_na=False)
    (target / "us pictures").mkdir(parents=True)
    writer = sitk.ImageFileWriter()
    for number, row in enumerate(table.itertuples()):
        image = sitk.ReadImage(str(example / row.image))
        image.SetSpacing((0.1, 0.1))
        for tag, value in {"0010|0010": "Planted^Name", "0010|0020": "Planted-42"}.items():
            image.SetMetaData(tag, value)
        writer.SetFileName(str(target / "us pictures" / f"IM{number:04d}.dcm"))
        writer.Execute(image)
        mask = sitk.ReadImage(str(example / row.mask)) * 255
        sitk.WriteImage(mask, str(target / "us pictures" / f"IM{number:04d}_roi.png"))
    names = [f"us pictures/IM{number:04d}" for number in range(len(table))]
    other = {
        "Fall": table["patient"].str.replace("p", "1000"),
        "Bild": [f"{name}.dcm" for name in names],
        "Maske": [f"{name}_roi.png" for name in names],
        "LNM": ["1" if s.startswith("N1") else "9" if s == "Nx" else "0" for s in table["n_stage"]],
        "Alter": table["age"],
    }
    pd.DataFrame(other).to_csv(target / "Fälle.csv", index=False, encoding="utf-8-sig")
    (target / "kohorte.yml").write_text(
        "title: Another cohort\nendpoint: LNM\ncsv: Fälle.csv\n"
        "columns: {patient: Fall, image: Bild, mask: Maske, label: LNM,\n"
        "  clinical: [{column: Alter, name: age, kind: numeric}]}\n"
        "positive: 1\nnegative: 0\nexclude: 9\nmask_label: 255\nsplit: {ratio: 0.7}\n",
        encoding="utf-8",
    )
    return target / "kohorte.yml"


def test_worked_example_in_another_folder_with_dicom(example, tmp_path):
    manifest = another_cohort(example, tmp_path / "other place")
    report = check_manifest(manifest)
    assert report.ok, str(report)
    first, other = open_manifest(example / "my_cohort.yml"), open_manifest(manifest)
    assert first.table["label"].tolist() == other.table["label"].tolist()
    assert first.table["age"].tolist() == other.table["age"].tolist()
    for ours, theirs in zip(first.table.itertuples(), other.table.itertuples(), strict=True):
        np.testing.assert_array_equal(read_image(ours.image).array, read_image(theirs.image).array)
        np.testing.assert_array_equal(read_mask(ours.mask, 1), read_mask(theirs.mask, 255))
        assert read_image(theirs.image).spacing == (0.1, 0.1)


def test_no_identity_anywhere(example, tmp_path, monkeypatch, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    manifest = another_cohort(example, tmp_path / "other")
    hashed = []
    inner = cohort.fingerprint

    def listen(table, settings, contents=None):
        hashed.append(table.to_csv() + json.dumps([settings, contents]))
        return inner(table, settings, contents)

    monkeypatch.setattr(cohort, "fingerprint", listen)
    own = open_manifest(manifest)
    assert hashed and b"Planted" in Path(own.table["image"][0]).read_bytes()
    texts = [*hashed, repr(own), own.table.to_csv(), own.flow.to_csv(), *own.warnings]
    path = tmp_path / "other" / "us pictures" / "IM0003.dcm"
    path.write_bytes(path.read_bytes()[:-100])
    report = check_manifest(manifest)
    with pytest.raises(ManifestError) as caught:
        open_manifest(manifest)
    texts += [str(report), repr(report), repr(caught.value)]
    texts += [str(caught.value), caplog.text, *capfd.readouterr()]
    assert "IM0003.dcm" in str(report) and not any("Planted" in text for text in texts)


def test_example_is_the_same_from_the_same_seed(tmp_path):
    first, second, other = (
        open_manifest(write_example(tmp_path / name, seed))
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert first.fingerprint == second.fingerprint != other.fingerprint
    with pytest.raises(PtclnmError, match="exists already"):
        write_example(tmp_path / "a")


def test_example_has_what_the_page_shows(tmp_path):
    write_example(tmp_path / "mine")
    own = open_manifest(tmp_path / "mine" / "my_cohort.yml")
    assert isinstance(own, Cohort) and set(own.table["split"]) <= set(SPLITS)
    page = (BOOK / "own_data.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert MANIFEST in blocks
    header = "\n".join((tmp_path / "mine" / "patients.csv").read_text().splitlines()[:4])
    assert header in page
    for block in blocks:
        assert isinstance(yaml.safe_load(block), dict)
