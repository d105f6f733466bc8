"""What datasets.yml says, and where datasets are looked for."""

import re
import shutil
from urllib.parse import unquote

import pytest

from ptclnm.cohorts.datasets import check_files, dataset, datasets, fetched_root, locate
from ptclnm.errors import MissingDataError, PtclnmError
from ptclnm.schema import EVIDENCE


@pytest.mark.parametrize("name", list(datasets()))
def test_every_entry_is_complete(name):
    entry = datasets()[name]
    assert entry.evidence in EVIDENCE
    assert re.fullmatch(r"[0-9a-f]{40}", entry.commit)
    assert entry.endpoint and entry.endpoint_is_not and entry.licence and entry.use
    assert entry.nodes is ("lymph-node" in entry.endpoint.lower())
    registry = entry.registry()
    assert len(registry) == entry.files
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in registry.values())
    assert not any(path.startswith("/") or ".." in path for path in registry)


def test_a_surrogate_says_what_it_is_not():
    rest = {"table": None, "clinical": (), "flow": None, "fingerprint": ""}
    cohort = dataset("ddti").cohort(**rest)
    assert "Not: Lymph-node metastasis" in cohort.endpoint and not cohort.nodes
    assert not cohort.endpoint.endswith(".")
    assert dataset("clnm_ptc").cohort(**rest).nodes


@pytest.mark.parametrize("name", list(datasets()))
def test_every_address_is_pinned_to_a_commit(name):
    entry = datasets()[name]
    for file in entry.registry():
        url = entry.url(file)
        assert re.match(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/", url)
        assert unquote(url.rsplit("/", 1)[1]) == file.rsplit("/", 1)[-1]


def test_folders_of_the_source_are_named_as_there():
    assert dataset("ddti").url("images/1_1.jpg").endswith("/data/raw_jpg/1_1.jpg")
    assert dataset("ddti").url("xml/1.xml").endswith("/data/xml/1.xml")


def test_pictures_without_a_licence_are_not_shown():
    assert not dataset("ddti").show_images


def test_the_nearest_name_is_given():
    with pytest.raises(PtclnmError, match="did you mean 'ddti'"):
        dataset("dtti")


def test_missing_data_name_both_ways(monkeypatch, tmp_path):
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    monkeypatch.setenv("PTCLNM_FETCHED", str(tmp_path / "none"))
    with pytest.raises(MissingDataError) as caught:
        locate("ddti")
    text = str(caught.value)
    assert "PTCLNM_DATA" in text and "ptclnm data fetch ddti" in text and "18.7 MB" in text


def test_own_copy_comes_before_the_fetched_one(monkeypatch, tmp_path):
    for place in ("own", "fetched"):
        (tmp_path / place / "ibsi").mkdir(parents=True)
        (tmp_path / place / "ibsi" / "mask.nii.gz").write_bytes(b"x")
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("PTCLNM_FETCHED", str(tmp_path / "fetched"))
    assert locate("ibsi") == tmp_path / "own" / "ibsi"
    shutil.rmtree(tmp_path / "own" / "ibsi")
    assert locate("ibsi") == tmp_path / "fetched" / "ibsi"
    assert fetched_root() == tmp_path / "fetched"


def test_check_names_what_is_missing_and_what_differs(tmp_path):
    (tmp_path / "mask.nii.gz").write_bytes(b"something else")
    problems = check_files("ibsi", tmp_path)
    assert len(problems) == 3
    assert any(line.startswith("mask.nii.gz: sha256") and "14 bytes" in line for line in problems)
    assert "phantom.nii.gz: missing" in problems


@pytest.mark.parametrize("name", list(datasets()))
def test_local_copies_are_the_recorded_ones(data, name):
    if not (data / name).is_dir():
        pytest.skip(f"PTCLNM_DATA holds no {name}")
    problems = check_files(name, data / name)
    if name == "busbra":  # a part of its patients is enough
        assert all(line.endswith("png: missing") for line in problems)
        return
    assert problems == []
    files = dataset(name).registry()
    assert sum((data / name / f).stat().st_size for f in files) == dataset(name).bytes
