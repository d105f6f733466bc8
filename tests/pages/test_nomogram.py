"""Page 06, cell by cell: what is fitted on whom, printed numbers beside ours, claims, errors."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.display import Markdown
from matplotlib.figure import Figure

from ptclnm import cohorts
from ptclnm.book.parameters import declared
from ptclnm.compute import SCHEDULERS
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.evaluation.clinical import join_rare
from ptclnm.evaluation.logistic import ModelError, fit_logistic
from ptclnm.models import sources
from ptclnm.models.classifiers import NAMES
from ptclnm.pages.nomogram import claims, inputs, words
from ptclnm.pages.nomogram.drawing import label_sides
from ptclnm.paths import NOTEBOOKS, ROOT
from ptclnm.report import page as page_module
from ptclnm.report import verdict
from ptclnm.schema import SPLITS, Cohort

NOTEBOOK = NOTEBOOKS / "06_nomogram.ipynb"
CLINICAL = ("age", "size", "foci", "margin")
Run = Callable[..., dict[str, Any]]


def oracle_patients() -> pd.DataFrame:
    table = pd.read_csv(ROOT / "tests" / "oracles" / "nomogram_input.csv")
    table["patient_id"] = [f"p{i:03d}" for i in range(len(table))]
    return table.assign(split=np.where(table.index % 3 == 0, "test", "train"), image_id="",
                        image="", mask="", center="A")  # fmt: skip


def cohort_of(table: pd.DataFrame, clinical: tuple[str, ...]) -> Cohort:
    return Cohort(
        name="mine", title="Mine", evidence="own", endpoint="Any metastasis.", table=table,
        clinical=clinical, flow=pd.DataFrame(), fingerprint="f",
    )  # fmt: skip


def own_cohort() -> Cohort:
    """Patients with clinical columns and a deep signature of somebody else's."""
    table = oracle_patients().rename(columns={"signature": "dl_signature"})
    table["sure"] = np.where((table["label"] == 1) & (table.index % 5 == 0), "yes", "no")
    return cohort_of(table, (*CLINICAL, "sure"))


def opener(cohort: Cohort | None) -> Callable[..., Cohort]:
    def open_cohort(*_: object, **__: object) -> Cohort:
        if cohort is None:
            raise MissingDataError("Fetch them.")
        return cohort

    return open_cohort


def run_cells(
    cohort: Cohort | None,
    folder: Path,
    until: str = "judged",
    notebook: Path = NOTEBOOK,
    **changed: Any,
) -> dict[str, Any]:
    """Run the notebook's cells on a cohort, as far as the one that binds a name."""
    given = {"bootstraps": 4, "n_patients": 0, "results_dir": str(folder)} | changed
    parameters, *others = [c for c in nbformat.read(notebook, 4).cells if c.cell_type == "code"]
    space: dict[str, Any] = {"__name__": "notebook"}
    exec(parameters.source, space)
    space |= given
    known = set(space)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohorts, "open", opener(cohort))
        for cell in others:
            exec(cell.source, space)
            if until in set(space) - known:
                break
    return space


@pytest.fixture
def cohort() -> Cohort:
    return own_cohort()


@pytest.fixture
def drawn(monkeypatch) -> dict[str, Figure]:
    """Figures by name, which are not written."""
    kept: dict[str, Figure] = {}
    keep = lambda _, figure, name: kept.setdefault(name, figure)  # noqa: E731
    monkeypatch.setattr(page_module.Page, "save_figure", keep)
    return kept


@pytest.fixture
def run(cohort, drawn, tmp_path) -> Run:
    """Run the notebook's cells on these patients."""
    return partial(run_cells, cohort, tmp_path)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> dict[str, Any]:
    """What the whole notebook leaves behind, with its results on disk; not to be changed."""
    return run_cells(own_cohort(), tmp_path_factory.mktemp("results"))


def auc_by_set(metrics: pd.DataFrame) -> pd.Series:
    return metrics.set_index(["model", "split"])["auc"]


def test_choices_of_the_notebook_are_those_of_the_package(page) -> None:
    own = declared(NOTEBOOK)
    assert own["classifier"].choices == own["classifiers"].choices == NAMES
    assert own["fit_on"].choices == SPLITS
    assert own["scheduler"].choices == SCHEDULERS
    assert own["train_scores"].choices == inputs.KINDS
    families = [family for asked in page["models"].values() for family in asked]
    assert own["families"].choices == tuple(families)


def test_nothing_of_the_other_patients_reaches_the_fit(page, run, cohort) -> None:
    other = cohort.table["split"] == "test"
    cohort.table.loc[other, "label"] = 1 - cohort.table.loc[other, "label"]
    cohort.table.loc[other, "size"] *= 7
    again = run("corrected")
    for name in ("screen", "coefficients", "optimism", "corrected"):
        pd.testing.assert_frame_equal(page[name], again[name])
    assert not page["measures"].equals(again["measures"]), "the others are judged"


def test_sets_that_change_places_are_fitted_and_judged_the_other_way_round(run, cohort) -> None:
    there = run("differences", fit_on="test")
    cohort.table["split"] = cohort.table["split"].map({"train": "test", "test": "train"})
    here = run("differences")
    pd.testing.assert_frame_equal(there["coefficients"], here["coefficients"])
    columns = ["model", "auc", "cutoff", "accuracy", "reported_auc"]
    judged = [space["metrics"].query("split == @s")[columns].reset_index(drop=True)
              for space, s in ((there, "train"), (here, "test"))]  # fmt: skip
    pd.testing.assert_frame_equal(*judged)


def test_a_column_that_separates_is_named_and_the_others_stay(page, run) -> None:
    said = words.screen(page["screen"], page["joined"], 0.1, page["predictors"], False)
    assert "sure" not in page["predictors"] and "Sure (separation" in said
    with pytest.raises(ModelError, match=r"(?s)Nomogram_B.*'sure: yes'"):
        run("built", predictors=["age", "sure"])


def test_what_cannot_be_built_is_named_with_its_reason(run) -> None:
    space = run("built", predictors=["size"])
    assert [one.name for one in space["built"]] == ["Nomogram_B", "Nomogram_C"]
    assert "`radiomics` needs pictures" in space["left_out"]["Nomogram_A"]
    fewer = run("built", families=["radiomics"], predictors=["size"])
    assert [one.name for one in fewer["built"]] == ["Nomogram_C"]


def test_every_table_the_book_promises_is_written(page) -> None:
    folder = Path(page["results_dir"])
    promised = {
        "screen", "coefficients", "points", "validation", "corrected", "calibration", "curves",
        "hosmer_lemeshow", "decision", "metrics", "differences", "train_scores", "claims",
        "centers",
    }  # fmt: skip
    written = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}
    assert set(written) == promised
    assert all(len(written[name]) for name in promised - {"train_scores", "centers"})
    kept = pd.read_parquet(folder / "predictions.parquet")
    assert list(kept.columns) == ["study", "model", "split", "patient_id", "label", "score"]
    assert set(kept["model"]) == {"Nomogram_B", "Nomogram_C", "DL signature"}
    pd.testing.assert_frame_equal(kept, page["predictions"].reset_index(drop=True))


def test_the_answer_says_on_whom_with_what_evidence_in_five_lines(page, cohort) -> None:
    names = ("fit_on", "metrics", "measures", "differences")
    said = words.answer(cohort, *(page[name] for name in names))
    lines = [line for line in said.splitlines() if line.startswith("- ")]
    assert len(lines) <= 5
    table = cohort.table
    assert f"{len(table)} patients, {table['label'].sum()} with the outcome" in lines[0]
    assert "evidence: own" in lines[0]
    auc = auc_by_set(page["metrics"])["Nomogram_C", "test"]
    (line,) = [line for line in lines if "Nomogram_C" in line.split(":")[0]]
    assert f"test AUC {auc:.3f}" in line and "train" not in line


def test_without_the_data_the_page_says_how_to_get_them_ends_and_judges_no_claim(
    monkeypatch, tmp_path
) -> None:
    said: list[Markdown] = []
    monkeypatch.setattr(page_module, "display", said.append)
    with pytest.raises(SystemExit) as end:
        run_cells(None, tmp_path)
    assert end.value.code == 0 and "Fetch them." in said[0].data
    assert pd.read_csv(tmp_path / "claims.csv").empty


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"threshold_low": 0.0}, "0 < low < high < 1"),
        ({"threshold_high": 0.01}, "0 < low < high < 1"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(run, changed, message) -> None:
    with pytest.raises(ParameterError, match=message):
        run("patients", **changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"predictors": ["ages"]}, "no clinical column 'ages'; did you mean 'age'"),
        ({"candidates": ["sizes"]}, "no clinical column 'sizes'"),
        ({"fewest": 0}, "fewest"),
    ],
)
def test_columns_that_are_not_there_are_named(run, changed, message) -> None:
    with pytest.raises(ParameterError, match=message):
        run("models", **changed)


def test_a_set_of_nobody_is_named_before_any_model_is_asked_for(run, monkeypatch) -> None:
    monkeypatch.setattr(sources, "predictions", None)
    with pytest.raises(ModelError, match="no patient is in the set 'external'; found: test, train"):
        run("built", fit_on="external")


def test_a_student_may_take_other_candidate_variables(page, run, tmp_path) -> None:
    mine = 'candidates = ("age", "foci")'
    copied = changed_copy(tmp_path, "candidates = inputs.candidates(cohort, candidates)", mine)
    space = run(notebook=copied)
    assert list(dict.fromkeys(space["screen"]["variable"])) == ["age", "foci"]
    assert "size" in page["predictors"] and set(space["predictors"]) <= {"age", "foci"}
    assert "size" not in set(space["coefficients"]["variable"]) and len(space["judged"])


def test_a_student_may_draw_another_figure_of_the_predictions(run, drawn, tmp_path) -> None:
    own = 'predictions.pivot(columns="model", values="score").plot.hist().figure'
    line = "roc_figure(predictions, metrics, figures.COLORS)"
    space = run(notebook=changed_copy(tmp_path, line, own))
    (axes,) = drawn["roc"].axes
    bars = sum(bar.get_height() for bar in axes.patches)
    assert bars == len(space["predictions"]) and len(space["judged"])


def changed_copy(folder: Path, line: str, other: str) -> Path:
    """Copy the notebook with a line changed in one of its cells."""
    notebook = nbformat.read(NOTEBOOK, 4)
    (cell,) = [cell for cell in notebook.cells if line in cell.source]
    cell.source = cell.source.replace(line, other)
    nbformat.write(notebook, folder / "copied.ipynb")
    return folder / "copied.ipynb"


class Remembering:
    """A family of models that know their training patients by heart and others hardly."""

    def __init__(self, cohort: Cohort) -> None:
        rng = np.random.default_rng(3)
        table = cohort.patients.assign(model="SVM", study="li2024")
        weak = 0.4 * table["label"] + rng.normal(size=len(table))
        known = table["split"] == "train"
        self.honest = table.assign(score=weak)[known]
        self.plain = table.assign(score=np.where(known, 3 * table["label"] + weak, weak))

    def predictions(self, family: str, *_: object) -> pd.DataFrame:
        return self.plain

    def out_of_fold(self, family: str, *_: object) -> pd.DataFrame:
        return self.honest


def test_a_signature_that_remembers_is_not_believed(run, cohort, monkeypatch) -> None:
    family = Remembering(cohort)
    monkeypatch.setattr(sources, "available", lambda _: ("radiomics",))
    monkeypatch.setattr(sources, "predictions", family.predictions)
    monkeypatch.setattr(sources, "out_of_fold", family.out_of_fold)
    asked = {"families": ["radiomics"], "predictors": ["age", "size"]}
    space = run("again", **asked)
    table = space["memory"].set_index(["train_scores", "split"])
    assert table.loc[("resubstituted", "train"), "auc"] > 0.95
    assert table.loc[("resubstituted", "test"), "slope"] < 0.5
    assert table.loc[("out-of-fold", "test"), "slope"] > 0.6
    own = auc_by_set(space["metrics"])["Nomogram_A", "train"]
    assert own == pytest.approx(table.loc[("out-of-fold", "train"), "auc"], abs=1e-12)
    flattered = auc_by_set(run("metrics", **asked, train_scores="resubstituted")["metrics"])
    expected = table.loc[("resubstituted", "train"), "auc"]
    assert flattered["Nomogram_A", "train"] == pytest.approx(expected, abs=1e-12)
    with pytest.raises(ParameterError, match="fitted on the set 'train'"):
        run("built", families=["radiomics"], fit_on="test")


def test_a_model_is_taken_by_its_name_or_by_the_name_with_a_remark(cohort) -> None:
    table = cohort.patients.assign(study="li2024", score=0.5)
    made = table.assign(model="ResNet50 (from scratch)")
    assert len(inputs.of_model(made, "ResNet50")) == len(table)
    with pytest.raises(ParameterError, match="has no model 'ResNet5'"):
        inputs.of_model(made, "ResNet5")


def test_claims_on_a_nomogram_with_other_variables_cannot_be_checked(page) -> None:
    found = page["judged"].set_index("claim_id")
    row = found.loc["nomogram-li2024-mine-auc-nomogram-c-test"]
    assert row["reported"].startswith("0.880 (0.826")
    assert row["verdict"] == "cannot be checked" and "nodule diameter" in row["note"]
    assert found["evidence"].eq("own").all()
    pair = found.loc["nomogram-li2024-mine-difference-nomogram-b-nomogram-c-test"]
    test = page["differences"].query("model_a == 'Nomogram_B'").iloc[0]
    assert pair["obtained"].startswith(f"{test['difference']:+.3f}")
    assert pair["reported"] == "-0.012" and "calls it not significant" in pair["note"]


def test_claims_of_the_papers_own_variables_are_judged_by_the_intervals(
    drawn, monkeypatch, tmp_path
) -> None:
    names = {"size": "diameter_mm", "foci": "multifocality"}
    table = oracle_patients().rename(columns=names)
    own = cohort_of(table, ("age", "diameter_mm", "margin", "multifocality"))
    scores = table[["split", "patient_id", "label"]].assign(model="SVM", study="li2024")
    scores = scores.assign(score=table["signature"])
    monkeypatch.setattr(sources, "available", lambda _: ("radiomics",))
    monkeypatch.setattr(sources, "predictions", lambda *_: scores)
    monkeypatch.setattr(sources, "out_of_fold", lambda *_: scores.query("split == 'train'"))
    space = run_cells(own, tmp_path)
    found = space["judged"].set_index("claim_id")
    row = space["metrics"].query("model == 'Nomogram_A' and split == 'test'").iloc[0]
    inside = row["auc_low"] <= 0.930 <= row["auc_high"]
    claim = found.loc["nomogram-li2024-mine-auc-nomogram-a-test"]
    assert claim["verdict"] == ("consistent" if inside else "not consistent")
    assert found.loc["nomogram-li2024-mine-factor-age", "verdict"] == "consistent"
    hosmer = found.filter(like="hosmer", axis=0)
    assert len(hosmer) == 4 and hosmer["obtained"].str.contains("of 11").all()
    other = run_cells(own, tmp_path, study="ni2024")["judged"]
    assert other.empty, "a paper without nomograms"


def test_a_fixed_cutoff_set_is_the_one_fitted_on(run) -> None:
    space = run("metrics", fit_on="test")
    moved = space["predictions"].replace({"split": {"train": "test", "test": "train"}})
    expected = metrics_table(moved)["cutoff"].to_numpy()
    assert space["metrics"]["cutoff"].to_numpy() == pytest.approx(expected)


def test_a_set_stands_beside_the_papers_of_its_name_and_the_one_fitted_on_beside_training() -> None:
    rows = {"printed": ["A"] * 3 + ["age"], "set": ["train", "internal", "external", ""]}
    beside = pd.DataFrame(rows).assign(split="")
    for fit_on, expected in (
        ("train", {"train": "train", "external": "external", "test": "internal"}),
        ("test", {"train": "internal", "external": "external", "test": "train"}),
    ):
        found = claims.beside_sets(beside, ["train", "external", "test"], fit_on)
        there = found.dropna(subset="split")
        assert dict(zip(there["split"], there["set"], strict=True)) == expected
        assert len(there) == 3 and (found["printed"] == "age").sum() == 1


def test_levels_of_few_patients_join_the_commonest() -> None:
    table = pd.DataFrame({"site": list("aaaaabbbbbc") + ["d"], "age": range(12)})
    counted = np.r_[np.ones(11, dtype=bool), False]
    joined, list_ = join_rare(table, ["site", "age"], counted, 2)
    assert joined["site"].tolist() == list("aaaaabbbbb") + ["a", "a"]
    assert list_[["level", "n"]].to_numpy().tolist() == [["c", 1], ["d", 0]]
    only_unseen, _ = join_rare(table, ["site"], counted, 1)
    assert only_unseen["site"].tolist() == list("aaaaabbbbbca")
    model = fit_logistic(only_unseen[counted], [0, 1] * 5 + [0], ["age"])
    assert model.n == 11


def test_a_choice_the_paper_leaves_open_is_made_in_every_way() -> None:
    assert verdict.for_every_choice([True, True]) == "consistent"
    assert verdict.for_every_choice([False, False]) == "not consistent"
    assert verdict.for_every_choice([True, False]) == "cannot be checked"
    assert verdict.for_every_choice([]) == "cannot be checked"


def test_no_effect_found_is_not_none_there() -> None:
    assert verdict.shown(0.01) == "consistent"
    assert verdict.shown(0.3) == "too wide to tell"
    assert verdict.shown(float("nan")) == "cannot be checked"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=15), st.floats(0.001, 0.3), st.integers(1, 2))
def test_labels_of_ticks_never_touch(at: list[float], width: float, lines: int) -> None:
    sides = np.array(label_sides(np.array(at), [width] * len(at), lines))
    for side in (1, -1, 2, -2):
        places = np.sort(np.array(at)[sides == side])
        assert (np.diff(places) >= width - 1e-12).all()
    assert sides[np.argmin(at)] == 1


def test_a_patient_without_a_value_is_left_out_of_everything_and_counted(tmp_path) -> None:
    own = own_cohort()
    own.table.loc[own.table.index[:7], "age"] = np.nan
    space = run_cells(own, tmp_path, predictors=["age", "size"], candidates=["age", "size"])
    gone = set(own.table["patient_id"].head(7))
    assert space["lost"] == 7 and not gone & set(space["predictions"]["patient_id"])
    assert not gone & set(space["table"]["patient_id"])


def test_what_surgery_shows_is_used_only_where_it_is_named(tmp_path) -> None:
    own = replace(own_cohort(), clinical=("age", "size"), after_surgery=("foci",))
    plain = run_cells(own, tmp_path, "predictors")
    assert "foci" not in set(plain["screen"]["variable"]) | set(plain["predictors"])
    told = run_cells(own, tmp_path, "built", candidates=["age", "foci"], predictors=["age", "foci"])
    assert "foci" in set(told["screen"]["variable"])
    assert all("foci" in one.model.names for one in told["built"])


def test_a_nomogram_of_other_variables_is_not_held_to_the_papers_numbers(page) -> None:
    found = page["judged"].set_index("claim_id")
    tested = found[found.index.str.contains("hosmer|auc-nomogram")]
    assert len(tested) and (tested["verdict"] == "cannot be checked").all()
    assert tested["note"].str.contains("has no .*nodule diameter").all()
