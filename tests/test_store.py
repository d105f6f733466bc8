"""What is kept: found again for the same inputs and code only, whole or anew, listed, cleared."""

import ast
import os
import re
import shutil
import time
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import resolve_name
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import Pipeline

from ptclnm import cli, store
from ptclnm.errors import PtclnmError
from ptclnm.paths import ROOT

VERSION = cache(version)  # reading one takes a millisecond
TABLE = pd.DataFrame({"id": ["a", "b"], "x": [0.1, np.nan]})
ARRAY = np.arange(6.0).reshape(2, 3)


def edited(monkeypatch, name: str, text: str) -> None:
    """Put other code in the place of a module's, as if the process had started with it."""
    monkeypatch.setitem(store.SOURCES, name, store.SOURCES[name]._replace(text=text))
    forget()


def forget() -> None:
    store.closure.cache_clear()
    store._code.cache_clear()


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(store, "version", VERSION)
    yield
    forget()


# --- every computing function of the project, found from its sources


def computing() -> dict[str, str]:
    """The module of each function that a key is made for, by its name."""
    found = {}
    for name, module in store.SOURCES.items():
        tree = ast.parse(module.text)
        origin = {
            alias.asname or alias.name: resolve_name("." * n.level + n.module, module.package)
            for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module
            for alias in n.names
        }  # fmt: skip
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            if ast.unparse(call.func) in ("store.key", "store.code"):
                function = ast.unparse(call.args[0])
                if function != "code":  # found before, once for all processes
                    found[function if function in origin else f"{name}.{function}"] = origin.get(
                        function, name
                    )
    return found


COMPUTING = computing()


def code_of(module: str) -> str:
    return store.code(SimpleNamespace(__module__=module, __qualname__="it"))


def test_every_key_that_is_made_is_among_those_that_are_tested() -> None:
    calls = [re.findall(r"store\.(?:key|code)\((?!code,)", m.text) for m in store.SOURCES.values()]
    assert sum(map(len, calls)) == len(COMPUTING) >= 10


@pytest.mark.parametrize("function", COMPUTING)
def test_an_edit_of_any_module_of_the_closure_changes_the_key_and_no_other(
    function: str, monkeypatch
) -> None:
    module = COMPUTING[function]
    modules, _ = store.closure(module)
    assert module in modules
    before = code_of(module)
    for name in modules:
        with monkeypatch.context() as patch:
            edited(patch, name, store.SOURCES[name].text + "\nEDITED = 1\n")
            assert code_of(module) != before, name
    for name in store.SOURCES.keys() - modules:
        edited(monkeypatch, name, store.SOURCES[name].text + "\nEDITED = 1\n")
    assert code_of(module) == before


@pytest.mark.parametrize("function", COMPUTING)
def test_words_can_be_mended_without_another_key(function: str, monkeypatch) -> None:
    module = COMPUTING[function]
    before, name = code_of(module), store.SOURCES[module]
    first = next(node for node in ast.parse(name.text).body if isinstance(node, ast.FunctionDef))
    docstring = ast.get_docstring(first, clean=False) or "nothing"
    mended = name.text.replace(docstring, f"Mended. {docstring}", 1) + "\n# and said\n"
    edited(monkeypatch, module, mended)
    assert code_of(module) == before


def reached(module: str) -> set[str]:
    return {name.removeprefix("ptclnm.") for name in store.closure(module)[0]}


def test_modules_that_lists_by_hand_have_missed_are_in() -> None:
    assert "models.deep.batches" in reached("ptclnm.superres.training")
    assert "models.deep.batches" in reached("ptclnm.superres.networks")
    crops = reached("ptclnm.models.deep.crops")
    assert "pictures.read" in crops
    assert {"compute", "models.validation"} <= reached("ptclnm.models.zoo")


def test_modules_that_only_look_at_results_are_out() -> None:
    for function, module in COMPUTING.items():
        looking = {name for name in reached(module) if name.startswith(("report.", "book"))}
        assert looking <= {"report.files"}, function
    simulated = reached("ptclnm.cohorts.simulate.cohort")
    assert not simulated & {"pages.cohort.realism", "echophantom.steps"}


@pytest.mark.parametrize(
    ("function", "decides"),
    [
        ("ptclnm.cohorts.simulate.cohort", {"acoustics", "body", "neck", "nodule", "patients"}),
        ("quickradiomics.engine", {"filters", "settings", "shape", "sphere", "textures"}),
    ],
)
def test_the_key_follows_imports_into_the_libraries(function, decides, monkeypatch) -> None:
    assert function in COMPUTING.values()
    library = "echophantom" if "simulate" in function else "quickradiomics"
    before = code_of(function)
    for name in (f"{library}.{part}" for part in decides):
        with monkeypatch.context() as patch:
            edited(patch, name, store.SOURCES[name].text + "\nEDITED = 1\n")
            assert code_of(function) != before, name


def test_packages_that_are_named_in_tables_alone_count(monkeypatch) -> None:
    _, packages = store.closure("ptclnm.models.zoo")
    assert {"sklearn", "xgboost", "lightgbm", "numpy"} <= packages
    assert {"radiomics", "pywt", "SimpleITK"} <= store.closure("quickradiomics.engine")[1]
    before = code_of("ptclnm.models.zoo")
    for package in ("xgboost", "scikit-learn", "numpy"):
        with monkeypatch.context() as patch:
            patch.setattr(
                store, "version", lambda name, one=package: "0" if name == one else VERSION(name)
            )
            forget()
            assert code_of("ptclnm.models.zoo") != before, package


def test_packages_on_the_way_do_nothing_but_offer_names() -> None:
    """So that their own imports, which the closure leaves out, decide nothing."""
    packages = {module.package for module in store.SOURCES.values()} & set(store.SOURCES)
    for name in packages - {"ptclnm.book"}:  # it runs pages, and keeps nothing
        body = ast.parse(store.SOURCES[name].text).body
        for node in body:
            named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("__")
            words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            assert named or words or isinstance(node, ast.Import | ast.ImportFrom), name


TREE = {
    "alpha/__init__.py": "from alpha import offered\n",
    "alpha/offered.py": "",
    "alpha/work.py": "import json\nfrom alpha.room import tools\nfrom beta import *\n",
    "alpha/room/__init__.py": "",
    "alpha/room/tools.py": "from . import near\nfrom ..up import value\n"
    "def f():\n    import alpha.late\n    from numpy.linalg import svd\n",
    "alpha/room/near.py": "TABLE = {'a': 'alpha.named:make', 'b': 'scipy.stats:norm'}\n",
    "alpha/up.py": "if True:\n    from beta.part import whole as value\n",
    "alpha/late.py": "class A:\n    def g(self):\n        from alpha import nested\n",
    "alpha/nested.py": "",
    "alpha/named.py": "",
    "alpha/apart.py": "from alpha import work\n",
    "beta/__init__.py": "import beta.deep\n",
    "beta/deep.py": "",
    "beta/part.py": "",
    "beta/other.py": "",
}


def test_imports_of_every_form_are_followed_into_packages_beside(tmp_path, monkeypatch) -> None:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(store, "SOURCES", store.read_sources(tmp_path))
    forget()
    modules, packages = store.closure("alpha.work")
    left_out = {"alpha.offered", "alpha.apart", "beta.other"}
    assert modules == set(store.SOURCES) - left_out
    assert packages == {"json", "numpy", "scipy"}
    before = code_of("alpha.work")
    for name in TREE:
        (tmp_path / name).write_text(TREE[name] + "\nEDITED = 1\n")
        monkeypatch.setattr(store, "SOURCES", store.read_sources(tmp_path))
        forget()
        inside = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") in modules
        assert (code_of("alpha.work") != before) == inside, name
        (tmp_path / name).write_text(TREE[name])


def test_what_is_computed_outside_the_project_cannot_be_kept() -> None:
    with pytest.raises(PtclnmError, match=r"is defined in .*test_store; .* below .*src"):
        store.key(test_what_is_computed_outside_the_project_cannot_be_kept)


# --- inputs


@dataclass(frozen=True)
class Plan:
    x: object


INPUTS = [
    1, 2.0, "1", None, [1, 2], [2, 1], {"a": 1}, {"b": 1}, {"a": {"a": 1}}, Plan(1), Plan([1]),
    ARRAY, ARRAY + 1e-12, ARRAY.T.copy(), ARRAY.ravel(), ARRAY.astype(np.float32), Plan(ARRAY),
    ARRAY > 2, np.array(["a", "b"]), np.array(["ab", ""]), [ARRAY, ARRAY], True,
    SelectKBest(), SelectKBest(k=5), SelectKBest(store.overview), Pipeline([("a", SelectKBest())]),
    Pipeline([("b", SelectKBest())]), Pipeline([("a", SelectKBest(k=5))]), SelectKBest,
    store.Module,
]  # fmt: skip


def test_every_change_of_an_input_is_another_key_and_the_same_input_is_not() -> None:
    keys = [store.key("code", value) for value in INPUTS]
    assert len(set(keys)) == len(INPUTS)
    assert store.key("code", {"a": 1, "b": 2}) == store.key("code", {"b": 2, "a": 1})
    assert store.key("code", ARRAY) == store.key("code", np.asfortranarray(ARRAY))
    assert store.key("code", np.float64(2)) == store.key("code", 2.0)
    assert store.key("other", 1) != store.key("code", 1)
    assert re.fullmatch("[0-9a-f]{24}", keys[0])


def test_an_input_of_a_kind_that_has_no_contents_is_refused() -> None:
    with pytest.raises(TypeError, match="a object cannot be part of a key"):
        store.key("code", object())
    with pytest.raises(TypeError, match=r"Plan is defined where its code cannot be followed"):
        store.key("code", Plan)


def test_an_estimator_is_another_with_other_code_or_another_version(monkeypatch) -> None:
    best, own = SelectKBest(), SelectKBest(store.overview)
    before = store.key("code", best), store.key("code", own)
    edited(monkeypatch, "ptclnm.store", store.SOURCES["ptclnm.store"].text + "\nEDITED = 1\n")
    assert store.key("code", best) == before[0] and store.key("code", own) != before[1]
    monkeypatch.setattr(store, "version", lambda _: "0")
    assert store.key("code", best) != before[0]


# --- keeping, and damage


def contents(beside: Path, _: Path) -> store.Contents:
    torch.save({"w": torch.arange(4.0)}, beside / "network.pt")
    (beside / "pictures").mkdir()
    (beside / "pictures" / "1.png").write_bytes(bytes(range(200)))
    return {"table": TABLE, "array": ARRAY}


def refuse(*_: Path) -> store.Contents:
    raise AssertionError("computed again")


def left_of(entry: Path) -> list[str]:
    return sorted(path.name for path in entry.parent.iterdir() if path != entry)


def test_an_entry_is_computed_once_and_found_as_it_was(tmp_path) -> None:
    entry = store.keep(tmp_path / "kind" / "key", contents)
    assert store.keep(entry, refuse) == entry
    found = store.read(entry)
    pd.testing.assert_frame_equal(found["table"], TABLE)
    np.testing.assert_array_equal(found["array"], ARRAY)
    assert set(found) == {"table", "array"} and left_of(entry) == []


def flipped(path: Path, bit: int = -1) -> None:
    content = bytearray(path.read_bytes())
    bit = len(content) * 4 if bit < 0 else bit % (len(content) * 8)
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES = [flipped, truncated, lambda path: path.write_bytes(b""), Path.unlink]
FILES = ["table.parquet", "arrays.npz", "network.pt", "pictures/1.png", store.INDEX]


@pytest.mark.parametrize("damage", DAMAGES, ids=["flipped", "truncated", "emptied", "removed"])
@pytest.mark.parametrize("name", FILES)
def test_damage_of_any_file_is_noticed_and_the_entry_computed_anew(tmp_path, name, damage) -> None:
    entry = store.keep(tmp_path / "kind" / "key", contents)
    damage(entry / name)
    found = store.damage(entry)
    assert found == [name] if name != store.INDEX else found
    with pytest.warns(UserWarning, match=rf"key is damaged \({found[0]} .*computed again"):
        store.keep(entry, contents)
    assert store.damage(entry) == [] and left_of(entry) == []
    pd.testing.assert_frame_equal(store.read(entry)["table"], TABLE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return store.keep(tmp_path_factory.mktemp("whole") / "key", contents)


@given(st.sampled_from(FILES[:-1]), st.integers(0))
def test_one_flipped_bit_anywhere_is_noticed(whole: Path, name: str, bit: int) -> None:
    before = (whole / name).read_bytes()
    flipped(whole / name, bit)
    assert store.damage(whole) == [name]
    (whole / name).write_bytes(before)
    assert store.damage(whole) == []


@given(st.integers(0))
def test_one_flipped_bit_of_the_index_hides_no_damage(whole: Path, bit: int) -> None:
    index = whole / store.INDEX
    before, content = index.read_bytes(), (whole / "network.pt").read_bytes()
    flipped(index, bit)
    flipped(whole / "network.pt")
    assert store.damage(whole)
    index.write_bytes(before)
    (whole / "network.pt").write_bytes(content)


def test_another_entry_under_this_name_is_damage(tmp_path) -> None:
    entry = store.keep(tmp_path / "kind" / "key", contents)
    shutil.copytree(entry, tmp_path / "kind" / "other")
    assert store.damage(tmp_path / "kind" / "other") == [store.INDEX]
    assert store.damage(entry) == []


def test_many_damaged_files_are_named(tmp_path) -> None:
    entry = store.keep(tmp_path / "key", contents)
    for name in FILES[:-1]:
        flipped(entry / name)
    with pytest.warns(UserWarning, match=r"arrays.npz, network.pt, pictures/1.png.* changed"):
        store.keep(entry, contents)


def test_a_failure_leaves_nothing_but_what_can_be_gone_on_from(tmp_path) -> None:
    entry = tmp_path / "kind" / "key"

    def fails(beside: Path, unfinished: Path) -> store.Contents:
        contents(beside, unfinished)
        unfinished.mkdir()
        (unfinished / "checkpoint").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.keep(entry, fails)
    assert not entry.exists() and left_of(entry) == [".unfinished-key"]

    def goes_on(beside: Path, unfinished: Path) -> store.Contents:
        assert (unfinished / "checkpoint").read_text() == "half"
        return contents(beside, unfinished)

    store.keep(entry, goes_on)
    assert left_of(entry) == []


def test_of_two_processes_the_first_to_end_gives_the_entry(tmp_path) -> None:
    entry = tmp_path / "kind" / "key"

    def slower(*folders: Path) -> store.Contents:
        store.keep(entry, contents)
        return {"table": TABLE.assign(x=0.0)}

    assert store.keep(entry, slower) == entry
    pd.testing.assert_frame_equal(store.read(entry)["table"], TABLE)
    assert store.damage(entry) == [] and left_of(entry) == []


def test_an_entry_that_another_process_mends_meanwhile_is_no_error(tmp_path) -> None:
    entry = store.keep(tmp_path / "kind" / "key", contents)
    flipped(entry / "network.pt")
    store.keep(entry, contents, warn=lambda _: shutil.rmtree(entry))
    assert store.damage(entry) == []


def test_nothing_that_is_kept_can_run_code(tmp_path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        entry = store.keep(tmp_path / "key", lambda *_: {"a": np.array([object], dtype=object)})
        store.read(entry)


# --- entries that are filled file by file


def test_filling_goes_on_and_mends_only_what_is_damaged(tmp_path) -> None:
    entry, made = tmp_path / "kind" / "key", []

    def make() -> None:
        entry.mkdir(parents=True, exist_ok=True)
        for name in "abc":
            if not (entry / name).is_file():
                made.append(name)
                (entry / name).write_text(name * 50)
                if made == ["a", "b"]:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.fill(entry, make)
    store.fill(entry, make)
    assert made == ["a", "b", "c"] and store.damage(entry) == []
    store.fill(entry, refuse)
    flipped(entry / "b")
    with pytest.warns(UserWarning, match="b changed since written"):
        store.fill(entry, make)
    assert made == ["a", "b", "c", "b"] and (entry / "b").read_text() == "b" * 50


# --- the overview, and clearing


def write(path: Path, size: int, days: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - days * store.DAY,) * 2)


@pytest.fixture
def folder(tmp_path) -> Path:
    write(tmp_path / "deep/aa/network.pt", 700, 40)
    write(tmp_path / "deep/aa/about.parquet", 300, 3)
    write(tmp_path / "deep/.unfinished-bb/last.ckpt", 50, 40)
    write(tmp_path / "deep_features/cc/features.parquet", 10, 40)
    write(tmp_path / "cohorts/dd/cohort/images/1.png", 20, 1)
    write(tmp_path / "radiomics/ee/arrays.npz", 5, 8)
    return tmp_path


def test_an_entry_is_listed_once_with_all_its_files(folder: Path) -> None:
    found = store.entries(folder)
    found.index = [str(path.relative_to(folder)) for path in found["path"]]
    assert set(found.index) == {
        "deep/aa", "deep/.unfinished-bb", "deep_features/cc", "cohorts/dd", "radiomics/ee",
    }  # fmt: skip
    assert found.loc["deep/aa", "MB"] == 0.001
    assert found.loc["deep/aa", "days"] == pytest.approx(3, abs=0.01)
    assert found.loc["deep_features/cc", "kind"] == "deep_features"


def test_only_what_was_not_used_goes_and_the_rest_stays_whole(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(store.entries, "__defaults__", (folder,))
    cli.cache(older_than=7)
    left = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert left == [
        "cohorts/dd/cohort/images/1.png", "deep/aa/about.parquet", "deep/aa/network.pt",
    ]  # fmt: skip
    assert not [p for p in folder.rglob(".*")]


def test_reading_an_entry_keeps_it(folder: Path) -> None:
    now = time.time()
    os.utime(folder / "radiomics/ee/arrays.npz", (now, now - 8 * store.DAY))  # read, not written
    found = store.entries(folder).set_index("kind")
    assert found.loc["radiomics", "days"] < 1


def test_the_overview_has_a_line_a_kind(folder: Path) -> None:
    text = store.overview(store.entries(folder))
    assert re.search(r"deep +2 +0\.0 +3\.0", text)
    assert store.overview(store.entries(folder / "nothing"))


def test_nothing_is_kept_but_by_the_store() -> None:
    """Nobody else knows the folder, or looks at code to tell what is stale."""
    for path in (ROOT / "src").rglob("*.py"):
        if path.name != "store.py":
            own = re.search(r'"cache"|getsource|glob\("\*\.py"\)', path.read_text("utf-8"))
            assert not own, path
