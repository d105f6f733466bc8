"""Each problem is named with its file, its row and what to do, and stops or does not."""

import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ptclnm.cohorts.own import check_manifest, open_manifest
from ptclnm.cohorts.own.problems import CATALOGUE, Problem, Report, lines
from ptclnm.errors import ManifestError
from ptclnm.paths import BOOK

IMAGE, MASK = "images/p03a.jpg", "masks/p03a.nii.gz"
ROW = 4


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def erase(array):
    array[:] = 0


def second_label(array):
    array[:5, :5] = 2


def to_border(array):
    array[40:44, :64] = 1


def stray(array):
    array[5:8, 5:8] = 1


def tiny(array):
    array[:] = 0
    array[40:46, 40:46] = 1


def small(array):
    array[:] = 0
    array[40:55, 40:55] = 1


def blurred(array):
    return np.kron(np.linspace(0, 1, 128), np.ones((96, 1)))


def speckle(seed: int, shape=(96, 128)) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 200, shape).astype(np.uint8)


def doppler(folder):
    picture = np.stack([speckle(1)] * 3, -1)
    picture[30:60, 30:60] = (220, 30, 10)
    folder.write("images/flow.png", picture)
    folder.cell(ROW, "image", "images/flow.png")


def frames(folder):
    folder.write("images/loop.nrrd", speckle(1, (3, 96, 128)))
    folder.cell(ROW, "image", "images/loop.nrrd")


def infinite(folder):
    picture = speckle(1).astype(float)
    picture[2, 3] = np.nan
    folder.write("images/nan.nrrd", picture)
    folder.cell(ROW, "image", "images/nan.nrrd")


def symlink(folder):
    outside = folder.root.parent / "outside.jpg"
    outside.write_bytes((folder.root / IMAGE).read_bytes())
    (folder.root / "images" / "link.jpg").symlink_to(outside)
    folder.cell(ROW, "image", "images/link.jpg")


def strange(folder):
    (folder.root / IMAGE).write_text("no picture")


def copied(folder, source: str, label: str | None = None):
    (folder.root / IMAGE).write_bytes((folder.root / source).read_bytes())
    if label:
        folder.cell(ROW, "n_stage", label)


def semicolons(folder):
    folder.csv.write_text(folder.csv.read_text().replace(",", ";"))


def latin(folder):
    text = folder.csv.read_text().splitlines()
    text[ROW - 1] = text[ROW - 1].replace("north", "Köln")
    folder.csv.write_bytes("\n".join(text).encode("latin-1"))


def ragged(folder):
    text = folder.csv.read_text().splitlines()
    text[ROW - 1] += ",more"
    folder.csv.write_text("\n".join(text))


def repeated(folder):
    table = folder.table()
    folder.save(table.iloc[[0, 1, 0, *range(2, len(table))]])


def column(folder, name: str, values, kind: str):
    folder.save(folder.table().assign(**{name: values}))
    folder.replace(
        "    - {column: sex", f"    - {{column: {name}, kind: {kind}}}\n    - {{column: sex"
    )


def stage_as_clinical(folder):
    column(folder, "stage_again", folder.table()["n_stage"], "categorical")


def label_as_clinical(folder):
    stages = folder.table()["n_stage"]
    column(folder, "nodes", ["yes" if s.startswith("N1") else "no" for s in stages], "categorical")


def count_as_clinical(folder):
    stages = folder.table()["n_stage"]
    counts = [3 + k % 5 if s.startswith("N1") else k % 3 for k, s in enumerate(stages)]
    column(folder, "count", counts, "numeric")


def set_column(folder, values):
    table = folder.table()
    folder.save(table.assign(set=values(table)))
    folder.replace("split: {ratio: 0.7, seed: 1}", "split: {column: set, map: {a: train, b: test}}")


def halves(table):
    return ["ab"[int(p[1:]) % 3 == 0] for p in table["patient"]]


def patient_in_both(folder):
    set_column(folder, halves)
    folder.cell(5, "set", "a")


def strange_set(folder):
    set_column(folder, halves)
    folder.cell(ROW, "set", "c")


def evaluation_of_one_class(folder):
    set_column(folder, lambda t: ["b" if p in ("p03", "p05") else "a" for p in t["patient"]])


def training_of_one_class(folder):
    set_column(folder, lambda t: ["a" if p in ("p03", "p05") else "b" for p in t["patient"]])


def nothing_to_train(folder):
    set_column(folder, lambda t: ["b"] * len(t))


def centers_of_one_class(folder):
    table = folder.table()
    folder.save(table.assign(hospital=table["n_stage"]))


def two_centers(folder):
    folder.cell(5, "hospital", "south")


def same_ids(folder):
    table = folder.table()
    folder.save(table.assign(key=[f"k{max(n, 2)}" for n in range(1, len(table) + 1)]))
    folder.replace("  image: image\n", "  image: image\n  image_id: key\n")


def other_spacing(folder):
    picture = speckle(1)
    folder.write("images/new.nrrd", picture, spacing=0.1)
    folder.cell(ROW, "image", "images/new.nrrd")


def burned_in(folder):
    image = sitk.GetImageFromArray(speckle(1))
    image.SetMetaData("0028|0301", "YES")
    sitk.WriteImage(image, str(folder.root / "images/a.dcm"))
    folder.cell(ROW, "image", "images/a.dcm")


def empty_cell(folder):
    folder.cell(ROW, "mask", "")


# code, how to bring it about, which file is named, which row, a word of what was found
CASES = [
    ("missing_file", lambda f: (f.root / IMAGE).unlink(), IMAGE, ROW, "no such file"),
    (
        "missing_file",
        lambda f: f.cell(ROW, "mask", "masks/p003a.nii.gz"),
        "masks/p003a.nii.gz",
        ROW,
        "'p03a.nii.gz'",
    ),
    ("missing_file", lambda f: f.cell(ROW, "image", "x" * 5000), "x" * 5000, ROW, "no such file"),
    ("unreadable", lambda f: truncate(f.root / IMAGE), IMAGE, ROW, "truncated"),
    ("unreadable", lambda f: truncate(f.root / MASK), MASK, ROW, "truncated"),
    ("unknown_format", strange, IMAGE, ROW, "no format"),
    ("multi_frame", frames, "images/loop.nrrd", ROW, "several frames"),
    ("colour_doppler", doppler, "images/flow.png", ROW, "coloured"),
    ("absurd_size", lambda f: f.mask(MASK, lambda a: a[:20, :20]), MASK, ROW, "20 x 20"),
    ("not_finite", infinite, "images/nan.nrrd", ROW, "finite"),
    (
        "blank_image",
        lambda f: f.write(IMAGE, np.full((96, 128), 7, np.uint8)),
        IMAGE,
        ROW,
        "same value",
    ),
    ("size_mismatch", lambda f: f.mask(MASK, lambda a: a[:-1]), MASK, ROW, "95 x 128"),
    ("size_mismatch", lambda f: f.mask(MASK, lambda a: a.T.copy()), MASK, ROW, "exchanged"),
    ("mask_empty", lambda f: f.mask(MASK, erase), MASK, ROW, "0"),
    ("mask_label_absent", lambda f: f.mask(MASK, lambda a: a * 255), MASK, ROW, "255"),
    ("mask_labels", lambda f: f.mask(MASK, second_label), MASK, ROW, "2"),
    ("mask_lossy", lambda f: f.mask(MASK, blurred), MASK, ROW, "values above 0"),
    ("mask_border", lambda f: f.mask(MASK, to_border), MASK, ROW, "left"),
    ("mask_pieces", lambda f: f.mask(MASK, stray), MASK, ROW, "2 pieces"),
    ("roi_too_small", lambda f: f.mask(MASK, tiny), MASK, ROW, "36 pixels"),
    ("roi_small", lambda f: f.mask(MASK, small), MASK, ROW, "225 pixels"),
    ("geometry_differs", other_spacing, MASK, ROW, "spacing"),
    ("spacing_mixed", other_spacing, "images/p01a.jpg", 2, "spacing"),
    ("image_note", burned_in, "images/a.dcm", ROW, "burnt into"),
    (
        "path_outside",
        lambda f: f.cell(ROW, "image", "../outside.jpg"),
        "../outside.jpg",
        ROW,
        "out of the root",
    ),
    (
        "path_outside",
        lambda f: f.cell(ROW, "image", "/etc/passwd"),
        "/etc/passwd",
        ROW,
        "out of the root",
    ),
    (
        "path_outside",
        lambda f: f.cell(ROW, "image", "images\\..\\..\\x.jpg"),
        "images\\..\\..\\x.jpg",
        ROW,
        "out of the root",
    ),
    ("path_outside", symlink, "images/link.jpg", ROW, "out of the root"),
    ("picture_two_patients", lambda f: copied(f, "images/p01a.jpg"), IMAGE, ROW, "row 2"),
    ("picture_two_labels", lambda f: copied(f, "images/p02a.jpg"), IMAGE, ROW, "row 3"),
    ("picture_twice", lambda f: f.cell(5, "image", IMAGE), IMAGE, 5, "row 4"),
    ("csv_missing", lambda f: f.csv.unlink(), "patients.csv", None, "no such file"),
    ("csv_encoding", latin, "patients.csv", ROW, "UTF-8"),
    (
        "csv_encoding",
        lambda f: f.csv.write_bytes(f.csv.read_text().encode("utf-16")),
        "patients.csv",
        1,
        "UTF-8",
    ),
    ("csv_delimiter", semicolons, "patients.csv", 1, "';'"),
    ("csv_format", ragged, "patients.csv", ROW, "9 cells"),
    ("csv_format", lambda f: f.csv.write_text(""), "patients.csv", 1, "empty"),
    (
        "csv_format",
        lambda f: f.csv.write_text(f.csv.read_text().replace("sex", "age")),
        "patients.csv",
        1,
        "'age'",
    ),
    (
        "missing_column",
        lambda f: f.csv.write_text(f.csv.read_text().replace("n_stage", "n_stag")),
        "patients.csv",
        1,
        "did you mean 'n_stag'",
    ),
    ("missing_value", empty_cell, "patients.csv", ROW, "'mask'"),
    ("unmapped_label", lambda f: f.cell(ROW, "n_stage", "N2"), "patients.csv", ROW, "'N2'"),
    (
        "one_class",
        lambda f: (
            f.replace("positive: [N1a, N1b]", "positive: [M1]")
            or f.replace("[N0]", "[N0, N1a, N1b]")
        ),
        "patients.csv",
        1,
        "negative rows only",
    ),
    ("one_class", training_of_one_class, "patients.csv", ROW, "'train'"),
    ("set_one_class", evaluation_of_one_class, "patients.csv", ROW, "'test'"),
    ("no_training", nothing_to_train, "patients.csv", 1, "training"),
    ("label_differs", lambda f: f.cell(5, "n_stage", "N1a"), "patients.csv", 5, "'p03'"),
    ("patient_two_splits", patient_in_both, "patients.csv", 5, "'p03'"),
    ("patient_two_centers", two_centers, "patients.csv", 5, "'p03'"),
    ("unmapped_split", strange_set, "patients.csv", ROW, "'c'"),
    ("duplicate_row", repeated, "patients.csv", 4, "earlier row"),
    ("duplicate_image_id", same_ids, "patients.csv", 3, "'k2'"),
    ("not_a_number", lambda f: f.cell(ROW, "size_mm", "12,5"), "patients.csv", ROW, "'12,5'"),
    ("not_a_number", lambda f: f.cell(ROW, "size_mm", "inf"), "patients.csv", ROW, "'inf'"),
    ("out_of_range", lambda f: f.cell(ROW, "age", "430"), "patients.csv", ROW, "430"),
    ("out_of_range", lambda f: f.cell(ROW, "size_mm", "-3"), "patients.csv", ROW, "0 to 200"),
    ("missing_clinical", lambda f: f.cell(ROW, "sex", ""), "patients.csv", ROW, "1 of"),
    ("clinical_differs", lambda f: f.cell(5, "age", "33"), "patients.csv", 5, "'p03'"),
    ("clinical_is_label", label_as_clinical, "patients.csv", 1, "its 2 values"),
    ("clinical_is_label", stage_as_clinical, "patients.csv", 1, "one class"),
    ("center_is_label", centers_of_one_class, "patients.csv", 1, "none of the 3 centres"),
    ("clinical_separates", count_as_clinical, "patients.csv", 1, "without overlap"),
    ("manifest_unreadable", lambda f: f.manifest.unlink(), "my_cohort.yml", None, "no such file"),
    (
        "manifest_unreadable",
        lambda f: f.replace("title: Example", "title: !!python/name:os.system Example"),
        "my_cohort.yml",
        None,
        "tags",
    ),
    (
        "manifest_unreadable",
        lambda f: f.replace("csv:", "title: twice\ncsv:"),
        "my_cohort.yml",
        None,
        "twice",
    ),
    (
        "manifest_key",
        lambda f: f.replace("mask_label", "masklabel"),
        "my_cohort.yml",
        None,
        "did you mean 'mask_label'",
    ),
]


@pytest.mark.parametrize(
    ("code", "spoil", "file", "row", "word"),
    CASES,
    ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)],
)
def test_problem_is_named_with_file_row_and_remedy(folder, code, spoil, file, row, word):
    spoil(folder)
    report = check_manifest(folder.manifest)
    found = [p for p in report.problems if (p.code, p.file, p.row) == (code, file, row)]
    assert found, str(report)
    text = str(found[0])
    assert word in found[0].found
    assert file in text and CATALOGUE[code].remedy in text
    assert row is None or f"row {row}" in text
    if found[0].stops:
        with pytest.raises(ManifestError) as caught:
            open_manifest(folder.manifest)
        assert text in caught.value.problems
    elif not report.errors:
        assert any(text == line for line in open_manifest(folder.manifest).warnings)


def test_unspoilt_the_cohort_has_but_a_missing_cell(folder):
    assert [p.code for p in check_manifest(folder.manifest).problems] == ["missing_clinical"]


def test_every_problem_of_the_catalogue_has_a_case():
    assert {case[0] for case in CASES} == set(CATALOGUE)


def test_warnings_alone_do_not_stop(folder):
    folder.mask(MASK, to_border)
    folder.mask(MASK, second_label)
    report = check_manifest(folder.manifest)
    assert report.ok and {"mask_border", "mask_labels"} <= {p.code for p in report.warnings}
    assert len(open_manifest(folder.manifest).table) == 20


def test_all_problems_come_at_once(folder):
    folder.cell(3, "n_stage", "N7")
    folder.cell(6, "age", "five")
    folder.mask(MASK, erase)
    (folder.root / "images" / "p05a.jpg").unlink()
    expected = {
        ("unmapped_label", 3),
        ("not_a_number", 6),
        ("mask_empty", ROW),
        ("missing_file", 7),
    }
    assert {(p.code, p.row) for p in check_manifest(folder.manifest).errors} == expected


def test_rows_are_lines_of_the_file_also_after_blank_and_long_lines(folder):
    text = folder.csv.read_text().splitlines()
    text[1] = text[1].replace("north", '"nor\nth"')
    text[3] = "\n" + text[3].replace("N0", "N9")
    folder.csv.write_text("\n".join(text))
    (problem,) = check_manifest(folder.manifest).errors
    assert problem.row == 6 and folder.csv.read_text().splitlines()[5].startswith("p03,")


def test_many_of_a_kind_are_cut_short_and_counted():
    many = [Problem("missing_file", f"{n}.png", "none", n) for n in range(50)]
    listed = lines([*many, Problem("mask_empty", "m.png", "none", 3)], limit=20)
    assert len(listed) == 22 and "30 more" in listed[20] and "m.png" in listed[21]
    assert "50 errors" in str(Report("x.yml", tuple(many)))


def test_table_of_the_book_is_the_catalogue():
    page = (BOOK / "own_data.md").read_text(encoding="utf-8")
    rows = [
        f"| {kind.what} (`{code}`) | {kind.severity} | {kind.why} | {kind.remedy} |"
        for code, kind in CATALOGUE.items()
    ]
    assert "\n".join(["| problem | | why | what to do |", "|---|---|---|---|", *rows]) in page
    assert not re.search(r"\|", "".join(k.what + k.why + k.remedy for k in CATALOGUE.values()))
