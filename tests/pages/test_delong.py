"""Page 07: what printed p-values need, one changed cell, and a run without data."""

from dataclasses import replace

import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest
from sklearn.metrics import average_precision_score

from ptclnm import published
from ptclnm.book.parameters import declared
from ptclnm.compute import SCHEDULERS
from ptclnm.errors import ParameterError
from ptclnm.evaluation import auc_table, sets
from ptclnm.evaluation.study import performance, redrawn
from ptclnm.features import load_settings
from ptclnm.models import clinical, sources
from ptclnm.models.classifiers import NAMES
from ptclnm.models.sources import Plans
from ptclnm.models.zoo import Plan
from ptclnm.pages.delong import figures, printed, words
from ptclnm.paths import NOTEBOOKS
from ptclnm.report.figures import roc_figure
from ptclnm.report.sentences import NOTHING
from ptclnm.schema import COLUMNS, Cohort
from recount import OPEN, audit, power

NOTEBOOK = NOTEBOOKS / "07_delong.ipynb"


def cohort(n: int = 240) -> Cohort:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, n)
    table = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=range(n)).assign(
        patient_id=[f"p{i:03d}" for i in range(n)], label=label,
        split=np.repeat(["train", "internal", "external"], n // 3),
        age=rng.normal(50, 10, n) - 5 * label, sex=rng.choice(["F", "M"], n),
        radiologist=np.where(rng.random(n) < 0.3 + 0.4 * label, "Yes", "No"),
        dl_signature=rng.normal(size=n) + 0.8 * label,
    )  # fmt: skip
    clinical = ("age", "sex", "radiologist")
    return Cohort("mine", "Mine", "own", "Made up.", table, clinical, pd.DataFrame(), "x")


PLAN = Plans("ni2024", Plan("ni2024"), load_settings("ni2024"), ())


@pytest.fixture(scope="module")
def audits():
    return {name: audit(published.load(name)) for name in ("ni2024", "li2024")}


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    return sources.all_predictions([], cohort(), PLAN)


def test_no_families_are_all_that_can_score_the_cohort(predictions) -> None:
    assert set(predictions["model"]) == {
        "Clinical", "Clinical + DL signature", "DL signature", "Radiologist"
    }  # fmt: skip
    assert set(predictions["study"]) == {"ni2024"}


def test_nested_models_are_named(predictions) -> None:
    pairs = sets.all_pairs(predictions, clinical.inputs(cohort()))
    assert "Nested here: Clinical and Clinical + DL" in words.nested(pairs)
    assert words.nested(pairs.assign(nested=False)).startswith("No two models")


def test_a_printed_p_comes_out_at_the_correlation_that_it_needs(audits) -> None:
    comparisons = audits["li2024"].comparisons
    needed = comparisons.set_index("key").loc["p:test/SR_SVM~test/OR_SVM", "correlation_needed"]
    row = printed.needs(audits["li2024"], pd.Series([needed])).query("statistic == 'p'").iloc[0]
    assert row["p_here"] == pytest.approx(0.013, abs=1e-9)


def test_where_rows_are_of_different_patients_no_correlation_is_assumed(audits) -> None:
    found = printed.needs(audits["ni2024"], pd.Series([0.9]))
    assert len(found) == 3
    assert found[["correlation_here", "p_here", "power_here"]].isna().all(axis=None)


def test_without_patients_a_printed_p_has_its_need_and_nothing_of_ours(audits) -> None:
    found = printed.needs(audits["li2024"])
    assert found["correlation_needed"].notna().all()
    assert found[["correlation_here", "p_here", "power_here"]].isna().all(axis=None)
    assert "at least 0.22" in set(printed.phrased(found)["correlation_needed"])


def test_class_splits_are_those_that_the_audit_finds(audits) -> None:
    assert printed.class_splits(audits["li2024"]) == {"li2024, test": (45, 119)}
    ni = printed.class_splits(audits["ni2024"])
    assert {size for name, (size, _) in ni.items() if "Thy-DL-Radiomics" in name} == {15}


def test_a_printed_interval_stands_beside_ours_only_for_its_own_cohort(predictions) -> None:
    auc = pd.DataFrame({"study": "x", "model": "LLNM-Net", "split": ["train", "external"], "n": 9,
                        "auc": 0.95, "low": [0.957, 0.9420], "high": [0.963, 0.9460]})  # fmt: skip
    found = printed.intervals(replace(cohort(), name="llnm_net"), auc).set_index("split")
    # 0.959 to 0.961 is 0.003 wide at most, 0.942 to 0.945 is 0.004 wide.
    assert found["widths"].to_dict() == pytest.approx({"train": 2, "external": 1})
    assert found["would_hold"].to_dict() == pytest.approx(
        {"train": 0.673, "external": 0.95}, abs=5e-4
    )
    said = words.intervals(found.reset_index())
    assert "0.959–0.961" in said and "2.0 times" in said and "67%" in said
    none = printed.intervals(cohort(), auc_table(predictions))
    assert none.empty and words.intervals(none) == ""


def test_drawn_studies_are_said_row_by_row_and_too_few_patients_in_one_line(predictions) -> None:
    drawn = redrawn(sets.unseen(predictions), {"paper": (2, 3)}, 100)
    assert len(words.sizes(drawn).splitlines()) == len(drawn) > 1
    (axes,) = figures.sizes(drawn).axes
    assert len(axes.get_yticks()) == len(drawn)
    few = redrawn(sets.unseen(predictions), {"paper": (20, 3)}, 100)
    assert "too few" in words.sizes(few) and figures.sizes(few) == ""


def test_power_is_the_error_without_a_difference_and_a_half_at_the_border() -> None:
    assert power(0.0, 0.03, 0.04, 0.5) == pytest.approx(0.05)
    se = np.sqrt(0.03**2 + 0.04**2)
    assert power(1.959964 * se, 0.03, 0.04, 0.0) == pytest.approx(0.5, abs=1e-3)
    assert power(0.05, 0.03, 0.04, 0.8) > power(0.05, 0.03, 0.04, 0.2)


@pytest.mark.parametrize(
    ("low", "high", "verdicts"),
    [
        (0.10, 0.40, {"p = 0.013": "not consistent", "needs at most 0.55": "consistent"}),
        (0.30, 0.60, {"p = 0.013": "not consistent", "needs at most 0.55": "too wide to tell"}),
        (0.70, 0.90, {"p = 0.013": "too wide to tell", "needs at most 0.55": "not consistent"}),
    ],
)
def test_claims_are_judged_by_the_correlations_here(audits, low, high, verdicts) -> None:
    table = printed.claims(audits["li2024"], cohort(), pd.Series(np.linspace(low, high, 10)))
    by = table.set_index("reported")["verdict"]
    assert by["p = 0.013"] == verdicts["p = 0.013"]
    knn = table[table["quantity"].str.startswith("SR_KNN")].iloc[0]
    assert knn["verdict"] == verdicts["needs at most 0.55"]
    assert set(table["premise"]) == {""} and set(table["evidence"]) == {"own"}


def test_a_p_value_that_no_correlation_here_could_decide_has_no_claim(audits) -> None:
    rho = pd.Series(np.linspace(0.5, 0.99, 10))
    table = printed.claims(audits["li2024"], cohort(), rho)
    assert not table["quantity"].str.contains("Radiologist").any(), "follows at any correlation"
    ni = audits["ni2024"].comparisons
    for paired, verdict, expected in ((True, OPEN, 3), (None, OPEN, 3), (False, OPEN, 0),
                                      (True, "contradicts", 0)):  # fmt: skip
        changed = audits["ni2024"]
        tables = changed.tables | {"comparisons": ni.assign(paired=paired, verdict=verdict)}
        changed = replace(changed, tables=tables)
        assert len(printed.claims(changed, cohort(), rho)) == expected, (paired, verdict)
    assert printed.claims(audits["li2024"], cohort(), rho[:9]).empty, "too few for a middle 95 %"
    assert printed.claims(audits["li2024"], cohort(), pd.Series(dtype=float)).empty


def test_no_p_value_is_judged_by_patients_with_another_endpoint(audits) -> None:
    others, rho = replace(cohort(), nodes=False), pd.Series([0.2, 0.9])
    assert printed.claims(audits["li2024"], others, rho).empty
    assert printed.needs(audits["li2024"], rho)["correlation_here"].notna().any()


def test_a_difference_in_the_matrix_is_that_of_the_row_less_the_column() -> None:
    pairs = pd.DataFrame([{"model_a": "low", "model_b": "high", "difference": -0.1, "p_holm": 0.2}])
    square = figures.square(pairs, ["high", "low"], "difference")
    assert square[0, 1] == 0.1 and np.isnan(square[1, 0])
    assert figures.square(pairs, ["high", "low"], "p_holm")[0, 1] == 0.2


def test_a_curve_carries_its_own_auc_and_the_largest_comes_first(predictions) -> None:
    evaluated = predictions[predictions["split"] != "train"]
    auc = auc_table(evaluated).sort_values(["split", "auc"], ascending=False)
    for axes in roc_figure(evaluated, auc).axes:
        curves = axes.get_lines()[:-1]
        areas = [np.trapezoid(line.get_ydata(), line.get_xdata()) for line in curves]
        written = [float(line.get_label().rsplit(" ", 1)[1]) for line in curves]
        assert areas == pytest.approx(written, abs=6e-4)
        assert areas == sorted(areas, reverse=True)


def test_one_model_alone_is_said_to_be_compared_with_none(predictions) -> None:
    alone = predictions[predictions["model"] == "Clinical"]
    auc, pairs = auc_table(alone), sets.all_pairs(alone, {})
    assert figures.matrix(pairs, auc) == NOTHING
    assert words.calls(sets.calls(alone, "0.5")) == NOTHING
    said = words.answer(cohort(), auc, pairs, pd.DataFrame())
    assert "pair" not in said and "lowest" not in said


def test_a_promise_counts_as_missed_only_beyond_the_chance_of_drawing() -> None:
    study = performance({"a": (15, 60)}, 100)
    lost = study.assign(chance=[words.SURE / 2, *[1.0] * (len(study) - 1)])
    assert "Missed: type I error at AUC 0.80" in words.promises(lost)
    kept = words.promises(study.assign(chance=words.SURE))
    assert "Kept throughout" in kept and "15 with the outcome and 60 without" in kept


@pytest.mark.parametrize("evidence", ["own", "simulated"])
def test_the_answer_has_five_lines_at_most_and_says_what_a_toy_is(predictions, evidence) -> None:
    evaluated = predictions[predictions["split"] != "train"]
    mine, auc = replace(cohort(), evidence=evidence), auc_table(evaluated)
    rho = sets.correlations(sets.curves_by_set(predictions))
    claims = printed.claims(audit(published.load("li2024")), mine, rho)
    said = words.answer(mine, auc, sets.all_pairs(predictions, {}), claims)
    lines = [line for line in said.splitlines() if line.startswith("- ")]
    assert 3 <= len(lines) <= 5
    assert lines[0].startswith("- **240 patients, ") and f"Mine (evidence: {evidence}" in lines[0]
    assert ("toy" in said) == (evidence == "simulated")
    assert f"in {(claims['verdict'] == 'consistent').sum()}." in lines[-1]
    best = auc.query("split == 'external'")["auc"].max()
    assert f"the best AUC is {best:.3f}" in said


def test_choices_of_the_notebook_are_those_of_the_package() -> None:
    own = declared(NOTEBOOK)
    assert own["classifiers"].choices == NAMES
    assert own["scheduler"].choices == SCHEDULERS


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"classifiers": ["SVN"]}, "did you mean 'SVM'"),
        ({"settings": "li2042"}, "did you mean 'li2024'"),
    ],
)
def test_what_is_misspelt_is_named_where_the_plan_is_made(changed, message) -> None:
    code = [cell.source for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    at = next(i for i, source in enumerate(code) if " Plans(" in source)
    parameters, _, *imports, made = code[: at + 1]
    space: dict = {}
    for source in (parameters, *imports):
        exec(source, space)
    with pytest.raises(ParameterError, match=message):
        exec(made, space | changed)


def test_the_plan_is_made_before_any_work() -> None:
    code = [cell.source for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    places = {name: next(i for i, source in enumerate(code) if name in source)
              for name in (" Plans(", "recount.audit(", "page.open(")}  # fmt: skip
    assert list(places) == sorted(places, key=places.get)


def test_a_family_that_cannot_score_these_patients_stops_before_the_others_work(
    monkeypatch,
) -> None:
    def predicted(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(sources, "predictions", predicted)
    with pytest.raises(ParameterError) as caught:
        sources.all_predictions(["clinical", "dl_folds", "radiomics"], cohort(), PLAN)
    assert len(caught.value.problems) == 2


TINY = {"study": "li2024", "simulations": 100}
OTHER = """\
from sklearn.metrics import average_precision_score

curves, rows = sets.curves_by_set(predictions), evaluated.groupby(["split", "model"])
together = rows.apply(lambda own: average_precision_score(own["label"], own["score"])).reset_index()
page.save_table(together.rename(columns={0: "precision"}), "all_at_once")"""


def test_a_student_compares_models_otherwise_in_one_cell(tmp_path) -> None:
    notebook = nbformat.read(NOTEBOOK, 4)
    (cell,) = [cell for cell in notebook.cells if "sets.all_at_once(" in cell.source]
    cell.source = OTHER
    nbformat.write(notebook, tmp_path / "copy.ipynb")
    given = {"cohort": "li2024-sim", "n_patients": 20, "families": ["clinical", "radiologist"]}
    papermill.execute_notebook(
        tmp_path / "copy.ipynb", tmp_path / "out.ipynb", progress_bar=False,
        parameters=TINY | given | {"results_dir": str(tmp_path / "made")},
    )  # fmt: skip
    found = pd.read_csv(tmp_path / "made" / "all_at_once.csv")
    used = pd.read_parquet(tmp_path / "made" / "predictions.parquet")
    assert len(found) == len(used.query("split != 'train'")[["split", "model"]].drop_duplicates())
    for row in found.itertuples():
        own = used[(used["split"] == row.split) & (used["model"] == row.model)]
        assert row.precision == pytest.approx(average_precision_score(own["label"], own["score"]))


def test_without_data_the_method_is_judged_and_the_page_ends(tmp_path, monkeypatch) -> None:
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    papermill.execute_notebook(
        NOTEBOOK, tmp_path / "out.ipynb", progress_bar=False,
        parameters=TINY | {"cohort": "clnm_ptc", "results_dir": str(tmp_path / "made")},
    )  # fmt: skip
    names = {path.name for path in (tmp_path / "made").iterdir()}
    assert {"study.csv", "study.svg", "mispaired.csv", "mispaired.svg", "needs.csv"} <= names
    assert not {"auc.csv", "pairs.csv", "predictions.parquet"} & names
    assert pd.read_csv(tmp_path / "made" / "claims.csv").empty
    cells = nbformat.read(tmp_path / "out.ipynb", 4).cells
    text = "".join(o.get("data", {}).get("text/markdown", "") for c in cells
                   for o in c.get("outputs", []))  # fmt: skip
    assert "fetch clnm_ptc" in text and "45 with the outcome and 119 without" in text
