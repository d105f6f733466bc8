"""A cohort's table: the same for any number of processes, every flaw named, each picture once."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from ptclnm import store
from ptclnm.cohorts.own.cohort import open_manifest
from ptclnm.cohorts.own.example import write_example
from ptclnm.compute import SCHEDULERS, scheduler
from ptclnm.errors import ParameterError
from ptclnm.features import (
    ExtractionError,
    extract,
    load_settings,
)
from ptclnm.models.data import join
from ptclnm.models.zoo import Plan, run_zoo
from ptclnm.paths import ROOT
from ptclnm.schema import Cohort
from quickradiomics import measure

SETTINGS = "single_slice"
DECLARED = {"li2024": 17 * (73 + 18) + 14, "ni2024": 17 * (18 + 24 + 16 + 16 + 5) + 14}


@pytest.fixture
def cohort_of(pictures) -> Callable[[Path, int], Cohort]:
    """Cohorts of pictures on disk."""

    def make(folder: Path, patients: int) -> Cohort:
        rows = []
        for number in range(patients):
            grey, mask = pictures(number)
            paths = {k: folder / f"{number}_{k}.png" for k in ("image", "mask")}
            sitk.WriteImage(sitk.GetImageFromArray(grey), str(paths["image"]))
            sitk.WriteImage(sitk.GetImageFromArray(mask.astype(np.uint8)), str(paths["mask"]))
            named = {key: str(path) for key, path in paths.items()}
            ids = {"patient_id": f"p{number}", "image_id": f"i{number}"}
            rows.append(ids | named | {"split": "train", "center": "a", "label": number % 2})
        empty = pd.DataFrame()
        return Cohort("c", "C", "own", "e", pd.DataFrame(rows), (), empty, "f", root=folder)

    return make


@pytest.fixture
def cohort(cohort_of, tmp_path):
    return cohort_of(tmp_path, 4)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def test_declared_numbers_are_those_of_the_papers():
    assert {name: len(load_settings(name).names) for name in DECLARED} == DECLARED
    assert DECLARED == {"li2024": 1561, "ni2024": 1357}


def test_li_counts_73_texture_and_18_first_order_features_of_17_image_types():
    names = load_settings("li2024").names
    assert len(set(names)) == len(names)
    of_original = [name for name in names if name.startswith("original_")]
    assert sum("_shape_" in name for name in of_original) == 14
    assert sum("_firstorder_" in name for name in of_original) == 18
    assert len(of_original) == 14 + 18 + 73
    assert len({name.split("_")[0] for name in names}) == 17


def test_neither_a_name_nor_a_file():
    with pytest.raises(ParameterError, match="did you mean 'li2024'"):
        load_settings("li2042")


def test_settings_that_the_extraction_refuses_are_wrong_parameters(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text("imageType: {Wavelets: {}}\nsetting: {binWith: 2}\n")
    with pytest.raises(ParameterError, match="did you mean 'Wavelet'") as caught:
        load_settings(path)
    assert caught.value.subject == str(path) and len(caught.value.problems) == 2


def test_one_row_a_picture_in_the_cohorts_order(cohort, folder):
    turned = replace(cohort, table=cohort.table.iloc[::-1])
    table = extract(turned, SETTINGS, cache=folder)
    assert table["image_id"].tolist() == ["i3", "i2", "i1", "i0"]
    assert tuple(table.columns) == ("image_id", *load_settings(SETTINGS).names)
    assert (table.dtypes.iloc[1:] == np.float64).all()


def test_two_processes_give_the_same_table(cohort, tmp_path):
    one = extract(cohort, SETTINGS, n_jobs=1, cache=tmp_path / "one")
    two = extract(cohort, SETTINGS, n_jobs=2, cache=tmp_path / "two")
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_a_cluster_of_two_workers_gives_the_same_features_and_models(cohort_of, tmp_path):
    """A Dask cluster, as page 02's parameter `scheduler` starts it."""
    cohort = cohort_of(tmp_path, 12)
    plan = Plan("ni2024", ("LR", "RF"), folds=2, bootstraps=2)
    made = {}
    for name in SCHEDULERS:
        with scheduler(name, n_jobs=2):
            features = extract(cohort, SETTINGS, n_jobs=2, cache=tmp_path / name)
            made[name] = {"features": features, **run_zoo(join(cohort.table, features), plan, 2)}
    for name, table in made["processes"].items():
        pd.testing.assert_frame_equal(table, made["dask"][name], check_exact=True, obj=name)


def extracted(cohort: Cohort, settings, folder: Path) -> tuple[pd.DataFrame, int]:
    """The features, and of how many pictures they were computed now."""
    before = kept(folder)
    features = extract(cohort, settings, cache=folder)
    return features, len(kept(folder) - before)


def kept(folder: Path) -> set[tuple[Path, int]]:
    """The entries of pictures, with when each was written."""
    found = folder.glob("radiomics/[0-9a-f]*/arrays.npz")
    return {(path, path.stat().st_mtime_ns) for path in found}


def test_a_picture_more_extracts_one_picture(cohort, folder):
    first = replace(cohort, table=cohort.table.head(3))
    (before, three), (after, one) = (extracted(c, SETTINGS, folder) for c in (first, cohort))
    assert (three, one) == (3, 1)
    pd.testing.assert_frame_equal(after.head(3), before, check_exact=True)


def test_the_same_pixels_in_another_file_and_type_are_the_same_entry(cohort, folder, tmp_path):
    wanted = extract(cohort, SETTINGS, cache=folder)
    table = cohort.table.copy()
    for row in table.itertuples():
        image = sitk.ReadImage(row.image)
        kinds = [sitk.sitkInt16, sitk.sitkFloat32]
        path = tmp_path / f"{row.image_id}.nii.gz"
        sitk.WriteImage(sitk.Cast(image, kinds[row.Index % 2]), str(path))
        table.loc[row.Index, "image"] = str(path)
    again, computed = extracted(replace(cohort, table=table), SETTINGS, folder)
    assert computed == 0
    pd.testing.assert_frame_equal(again, wanted, check_exact=True)


def touch_pixel(cohort, monkeypatch):
    path = cohort.table["image"].iloc[0]
    array = sitk.GetArrayFromImage(sitk.ReadImage(path))
    array[0, 0] ^= 1
    sitk.WriteImage(sitk.GetImageFromArray(array), path)


def touch_mask(cohort, monkeypatch):
    path = cohort.table["mask"].iloc[0]
    array = sitk.GetArrayFromImage(sitk.ReadImage(path))
    array[0, 0] = 1
    sitk.WriteImage(sitk.GetImageFromArray(array), path)


@pytest.mark.parametrize("touch", [touch_pixel, touch_mask])
def test_another_pixel_or_mask_is_another_entry(cohort, folder, monkeypatch, touch):
    extract(cohort, SETTINGS, cache=folder)
    touch(cohort, monkeypatch)
    assert extracted(cohort, SETTINGS, folder)[1] == 1


@pytest.mark.parametrize("what", ["code", "numpy", "pyradiomics", "SimpleITK"])
def test_other_code_or_libraries_invalidate_every_entry(cohort, folder, monkeypatch, what):
    extract(cohort, SETTINGS, cache=folder)
    if what == "code":
        engine = store.SOURCES["quickradiomics.engine"]
        edited = engine._replace(text=engine.text.replace("inf", "Inf"))
        monkeypatch.setitem(store.SOURCES, "quickradiomics.engine", edited)
    other = {what.lower(): "another"}
    monkeypatch.setattr(store, "version", lambda name: other.get(name.lower()) or version(name))
    store._code.cache_clear()
    assert extracted(cohort, SETTINGS, folder)[1] == 4
    store._code.cache_clear()


def test_every_module_that_takes_part_in_the_extraction_decides_the_entry():
    modules, _ = store.closure(measure.__module__)
    parts = {name.rpartition(".")[2] for name in modules if name.startswith("quickradiomics.")}
    assert parts == {
        "engine", "errors", "filters", "settings", "shape", "sphere",
        "textures",
    }  # fmt: skip


def test_other_settings_are_other_entries(cohort, folder, tmp_path):
    own = tmp_path / "own.yml"
    for width in (25, 10):
        own.write_text(f"setting: {{binWidth: {width}}}\nfeatureClass: {{firstorder: [Entropy]}}\n")
        assert extracted(cohort, own, folder)[1] == 4


def test_filters_in_another_order_are_other_entries_and_both_stay(cohort, folder, tmp_path):
    both = []
    for order in (("Square", "Gradient"), ("Gradient", "Square")):
        own = tmp_path / f"{order[0]}.yml"
        types = "".join(f"  {name}: {{}}\n" for name in order)
        own.write_text(f"imageType:\n{types}featureClass: {{firstorder: [Entropy]}}\n")
        assert extracted(cohort, own, folder)[1] == 4
        both.append(own)
    (one, first), (other, second) = (extracted(cohort, own, folder) for own in both)
    assert (first, second) == (0, 0)
    assert sorted(one) == sorted(other) and list(one) != list(other)


def damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
    return {"cut": content[:middle], "empty": b"", "foreign": b"PK no", "flipped": flipped}


@pytest.mark.parametrize("kind", ["cut", "empty", "foreign", "flipped", "another's"])
def test_a_damaged_entry_is_extracted_again_with_a_warning(cohort, folder, kind):
    wanted = extract(cohort, SETTINGS, cache=folder)
    one, other = sorted(folder.glob("radiomics/*/arrays.npz"))[:2]
    content = other.read_bytes() if kind == "another's" else damaged(one.read_bytes())[kind]
    one.write_bytes(content)
    with pytest.warns(UserWarning, match=f"{one.parent.name} .*computed again"):
        again, computed = extracted(cohort, SETTINGS, folder)
    assert computed == 1
    pd.testing.assert_frame_equal(again, wanted, check_exact=True)
    assert extracted(cohort, SETTINGS, folder)[1] == 0


SCRIPT = """
import sys
import pandas as pd
from pathlib import Path
from ptclnm.schema import Cohort
from ptclnm.features import extract

table = pd.read_csv(sys.argv[1])
cohort = Cohort("c", "C", "own", "e", table, (), pd.DataFrame(), "f")
extract(cohort, "li2024", cache=Path(sys.argv[2]))
"""


def test_a_killed_run_goes_on_where_it_was(cohort_of, folder, tmp_path):
    cohort = cohort_of(tmp_path, 12)
    cohort.table.to_csv(tmp_path / "table.csv", index=False)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "table.csv"), str(folder)]
    process = subprocess.Popen(command, env=dict(os.environ, PYTHONPATH=str(ROOT / "src")))
    while len(kept(folder)) < 2 and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait()
    made = kept(folder)
    assert 2 <= len(made) < 12
    resumed, computed = extracted(cohort, "li2024", folder)
    assert computed == 12 - len(made)
    assert made <= kept(folder)
    fresh = extract(cohort, "li2024", cache=tmp_path / "fresh")
    pd.testing.assert_frame_equal(resumed, fresh, check_exact=True)


def test_every_flaw_is_named_by_picture_and_feature(cohort, folder):
    paths = cohort.table["mask"]
    dot, corners = np.zeros((60, 72), dtype=np.uint8), np.zeros((60, 72), dtype=np.uint8)
    dot[3, 3] = corners[3, 3] = corners[6, 9] = 1
    sitk.WriteImage(sitk.GetImageFromArray(dot), paths.iloc[0])
    sitk.WriteImage(sitk.GetImageFromArray(corners), paths.iloc[1])
    Path(cohort.table["image"].iloc[2]).unlink()
    with pytest.raises(ExtractionError) as caught:
        extract(cohort, SETTINGS, cache=folder)
    lines = caught.value.problems
    assert [line[:3] for line in lines] == ["i0:", "i1:", "i2:"]
    assert "single pixel" in lines[0]
    assert re.match(r"i1: \d+ features, not a number: original_\w+, .* and \d+ more", lines[1])


def test_one_label_of_several(cohort, folder):
    """Only the pixels of the label asked for are the nodule."""
    path = cohort.table["mask"].iloc[0]
    array = sitk.GetArrayFromImage(sitk.ReadImage(path))
    whole = extract(cohort, SETTINGS, cache=folder)
    array[:5, :5] = 2
    sitk.WriteImage(sitk.GetImageFromArray(array), path)
    said = extract(replace(cohort, mask_label=1), SETTINGS, cache=folder)
    pd.testing.assert_frame_equal(said, whole, check_exact=True)
    both = extract(cohort, SETTINGS, cache=folder)
    name = "original_shape2D_PixelSurface"
    assert both[name].iloc[0] == whole[name].iloc[0] + 25


def test_the_label_of_ones_own_manifest_reaches_the_extraction(tmp_path):
    """What is drawn beside the nodule under another label changes nothing."""
    manifest = write_example(tmp_path / "own", n_patients=4)
    cohort = open_manifest(manifest)
    alone = extract(cohort, SETTINGS, cache=tmp_path / "cache")
    path = cohort.table["mask"].iloc[0]
    array = sitk.GetArrayFromImage(sitk.ReadImage(path))
    array[tuple(np.argwhere(array == 0)[:30].T)] = 2
    sitk.WriteImage(sitk.GetImageFromArray(array), path)
    beside = extract(open_manifest(manifest), SETTINGS, cache=tmp_path / "cache")
    pd.testing.assert_frame_equal(beside, alone, check_exact=True)


def test_a_cohort_without_pictures_is_refused(cohort, folder):
    bare = replace(cohort, table=cohort.table.assign(image="", mask=""))
    with pytest.raises(ParameterError, match="no pictures"):
        extract(bare, SETTINGS, cache=folder)
    some = cohort.table.copy()
    some.loc[1, "mask"] = ""
    with pytest.raises(ParameterError, match="1 rows have no picture or no mask: i1"):
        extract(replace(cohort, table=some), SETTINGS, cache=folder)
