"""Whatever stands in the manifest or the CSV, only the named errors come of it."""

import csv
import io

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ptclnm.cohorts.own import check_manifest, open_manifest
from ptclnm.cohorts.own.example import MANIFEST
from ptclnm.cohorts.own.manifest import load_plain_yaml
from ptclnm.cohorts.own.problems import UnreadableError
from ptclnm.errors import ManifestError

quick = settings(max_examples=40, suppress_health_check=list(HealthCheck))
words = st.sampled_from(
    "title endpoint csv root name columns positive negative exclude mask_label split lymph_nodes "
    "patient image mask label center clinical column kind range map ratio seed by_center train "
    "external internal any N0 N1a numeric categorical patients.csv .. 1e999 ~ <<"
    "".split()
)
scalars = st.one_of(
    words, st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=12)
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(words, scalars), inner, max_size=4)
    ),
    max_leaves=12,
)
COLUMNS = ["patient", "image", "mask", "n_stage", "hospital", "age", "sex", "size_mm"]
cells = st.one_of(
    st.sampled_from(
        ["p01", "p02", "N0", "N1a", "Nx", "north", "", "1", "-1", "1e9", "nan", "../x", "/etc", "."]
        + ["images/p01a.jpg", "images/p02a.jpg", "masks/p01a.nii.gz", "masks/p02a.nii.gz", "images"]
    ),
    st.text(max_size=8),
)


def only_named_errors(path) -> None:
    report = check_manifest(path)
    assert str(report).count("\n  - ") >= bool(report.problems)
    try:
        own = open_manifest(path)
    except ManifestError as error:
        assert not report.ok and error.problems
    else:
        assert report.ok and set(own.table["label"]) == {0, 1}


@quick
@given(st.binary(max_size=300))
def test_any_bytes_as_manifest(folder, data):
    folder.manifest.write_bytes(data)
    assert not check_manifest(folder.manifest).ok
    only_named_errors(folder.manifest)


@quick
@given(st.dictionaries(words, trees, max_size=12))
def test_any_mapping_as_manifest(folder, content):
    whole = {**yaml.safe_load(MANIFEST), **content}
    folder.manifest.write_text(yaml.safe_dump(whole), encoding="utf-8")
    only_named_errors(folder.manifest)


@quick
@given(st.data())
def test_any_value_at_any_place_of_the_manifest(folder, data):
    whole = yaml.safe_load(MANIFEST)
    part, key = whole, data.draw(st.sampled_from(sorted(whole)))
    while isinstance(part[key], dict) and data.draw(st.booleans()):
        part = part[key]
        key = data.draw(st.sampled_from(sorted(part)))
    part[key] = data.draw(trees)
    folder.manifest.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    only_named_errors(folder.manifest)


@quick
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_as_csv(folder, data, header):
    folder.csv.write_bytes((",".join(COLUMNS) + "\n").encode() * header + data)
    only_named_errors(folder.manifest)


@quick
@given(st.lists(st.lists(cells, min_size=8, max_size=8), min_size=1, max_size=8), st.data())
def test_any_cells_in_the_csv(folder, rows, data):
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *rows])
    folder.csv.write_text(text.getvalue(), encoding="utf-8", newline="")
    only_named_errors(folder.manifest)


@settings(quick, max_examples=10)
@given(st.dictionaries(st.tuples(st.integers(2, 15), st.sampled_from(COLUMNS)), cells, max_size=4))
def test_any_change_of_cells_in_a_sound_csv(folder, changes):
    before = folder.csv.read_bytes()
    try:
        table = folder.table()
        for (row, column), value in changes.items():
            table.loc[row - 2, column] = value
        table.to_csv(folder.csv, index=False)
        only_named_errors(folder.manifest)
    finally:
        folder.csv.write_bytes(before)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1, 2]\nb: *x",
        "a: !!python/object/apply:os.system [echo]",
        "a: !!timestamp nonsense",
        "a: !!bool nonsense",
        "[" * 100_000,
        "{a: " * 5_000,
        "a: 1\na: 2",
        "? [1, 2]\n: 3",
        "a: b: c",
        "\x00",
        "x: " + "y" * 300_000,
    ],
)
def test_yaml_that_is_not_plain_is_refused(tmp_path, text):
    path = tmp_path / "m.yml"
    path.write_text(text)
    with pytest.raises(UnreadableError):
        load_plain_yaml(path)


def test_plain_yaml_keeps_words_and_numbers_as_they_are_written(tmp_path):
    path = tmp_path / "m.yml"
    path.write_text("a: yes\nb: 2024-01-01\nc: 1:30\nd: 1.5\ne: 007\nf: true\ng: ~\nh: 1e3\n")
    assert load_plain_yaml(path) == dict(
        a="yes", b="2024-01-01", c="1:30", d="1.5", e="007", f="true", g="~", h="1e3"
    )
