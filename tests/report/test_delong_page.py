"""Page 07: who is paired with whom, what printed p-values need, and a run without data."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ptclnm import published
from ptclnm.book.page import Page
from ptclnm.book.parameters import declared
from ptclnm.cohorts.schema import COLUMNS, Cohort
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation import NestedModelsWarning, delong
from ptclnm.evaluation.study import WAYS
from ptclnm.models.classifiers import NAMES
from ptclnm.paths import NOTEBOOKS
from ptclnm.published.audit import audit
from ptclnm.published.verdicts import OPEN
from ptclnm.report import delong_figures, delong_page, delong_sentences, whose
from ptclnm.report import delong_tables as tables
from ptclnm.report.claims import check_claims
from ptclnm.report.delong_layouts import LAYOUTS
from ptclnm.schedulers import SCHEDULERS

NOTEBOOK = NOTEBOOKS / "07_delong.ipynb"
REQUIRED = ["model_a", "model_b", "paired", "n", "auc_a", "auc_b", "difference", "low", "high",
            "z", "p", "p_holm"]  # fmt: skip


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


def parameters(**changed) -> dict:
    values = {name: parameter.default for name, parameter in declared(NOTEBOOK).items()}
    return values | {"bootstraps": 100, "simulations": 100} | changed


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delong_page.cohorts, "open", lambda *_, **__: cohort())
        yield delong_page.view(parameters(study="ni2024", cohort="mine.yml"))


@pytest.fixture(scope="module")
def audits():
    return {name: audit(published.load(name)) for name in ("ni2024", "li2024")}


def test_pairs_are_paired_within_a_set_and_unpaired_across(found) -> None:
    pairs = found.tables["pairs"]
    assert list(pairs.columns[:12]) == REQUIRED
    inside = pairs["set_a"] == pairs["set_b"]
    assert set(pairs.loc[inside, "paired"]) == {"paired"}
    assert set(pairs.loc[~inside, "paired"]) == {"unpaired"}
    assert (pairs.loc[~inside, "model_a"] == pairs.loc[~inside, "model_b"]).all()
    assert "train" not in set(pairs["set_a"]) | set(pairs["set_b"])
    assert inside.sum() == 2 * 6 and (~inside).sum() == 4


def test_holm_pays_for_the_pairs_of_a_set(found) -> None:
    pairs = found.tables["pairs"]
    for _, part in pairs.groupby(["set_a", "set_b"]):
        least = part.loc[part["p"].idxmin()]
        assert least["p_holm"] == pytest.approx(min(1, len(part) * least["p"]))


def test_nested_models_are_marked_and_warned_of(found) -> None:
    nested = found.tables["pairs"].query("nested")
    assert set(zip(nested["model_a"], nested["model_b"], strict=True)) == {
        ("Clinical", "Clinical + DL signature")
    }
    assert "Nested here: Clinical and Clinical + DL" in delong_sentences.nested_text(found)
    with pytest.warns(NestedModelsWarning):
        tables.all_pairs(found.predictions, {"Clinical": ["age"], "Radiologist": ["age", "eye"]})


def test_all_models_at_once_are_all_models_of_a_set(found) -> None:
    rows = found.tables["all_at_once"].set_index("split")
    assert rows["models"].tolist() == [4, 4] and rows["df"].tolist() == [3, 3]
    assert rows.loc["internal", "n"] == 80


def test_correlations_are_those_of_the_covariance(found) -> None:
    part = tables.sets_of(found.predictions)["internal"]
    wide = part.pivot(index="patient_id", columns="model", values="score")
    label = part.drop_duplicates("patient_id").set_index("patient_id")["label"].loc[wide.index]
    curves = delong(label, wide.to_numpy())
    rho = curves.covariance / np.outer(curves.se, curves.se)
    expected = np.sort(rho[np.triu_indices(4, 1)])
    assert np.sort(found.correlation[:6]) == pytest.approx(expected, abs=1e-10)


def test_a_printed_p_comes_out_at_the_correlation_that_it_needs(audits) -> None:
    comparisons = audits["li2024"].comparisons
    needed = comparisons.set_index("key").loc["p:test/SR_SVM~test/OR_SVM", "correlation_needed"]
    row = tables.needs(audits["li2024"], pd.Series([needed])).query("statistic == 'p'").iloc[0]
    assert row["p_here"] == pytest.approx(0.013, abs=1e-9)


def test_where_rows_are_of_different_patients_no_correlation_is_assumed(audits) -> None:
    found = tables.needs(audits["ni2024"], pd.Series([0.9]))
    assert len(found) == 3
    assert found[["correlation_here", "p_here", "power_here"]].isna().all(axis=None)


def test_power_is_the_error_without_a_difference_and_a_half_at_the_border() -> None:
    assert tables.power(0.0, 0.03, 0.04, 0.5) == pytest.approx(0.05)
    se = np.sqrt(0.03**2 + 0.04**2)
    assert tables.power(1.959964 * se, 0.03, 0.04, 0.0) == pytest.approx(0.5, abs=1e-3)
    assert tables.power(0.05, 0.03, 0.04, 0.8) > tables.power(0.05, 0.03, 0.04, 0.2)


@pytest.mark.parametrize(
    ("low", "high", "verdicts"),
    [
        (0.30, 0.60, {"p = 0.013": "not consistent", "needs at most 0.55": "consistent"}),
        (0.70, 0.90, {"p = 0.013": "consistent", "needs at most 0.55": "not consistent"}),
    ],
)
def test_claims_are_judged_by_the_correlations_here(audits, low, high, verdicts) -> None:
    table = tables.claims_table(audits["li2024"], "mine", "own", "A note.", pd.Series([low, high]))
    by = table.set_index("reported")["verdict"]
    assert by["p = 0.013"] == verdicts["p = 0.013"]
    knn = table[table["quantity"].str.startswith("SR_KNN")].iloc[0]
    assert knn["verdict"] == verdicts["needs at most 0.55"]
    assert set(table["premise"]) == {""}


def test_a_p_value_that_no_correlation_here_could_decide_has_no_claim(audits) -> None:
    correlation = pd.Series([0.5, 0.99])
    table = tables.claims_table(audits["li2024"], "mine", "own", "", correlation)
    assert not table["quantity"].str.contains("Radiologist").any(), "follows at any correlation"
    ni = audits["ni2024"].comparisons
    for paired, verdict, expected in ((True, OPEN, 3), (None, OPEN, 3), (False, OPEN, 0),
                                      (True, "contradicts", 0)):  # fmt: skip
        changed = replace(audits["ni2024"], comparisons=ni.assign(paired=paired, verdict=verdict))
        found = tables.claims_table(changed, "mine", "own", "", correlation)
        assert len(found) == expected, (paired, verdict)
    none = tables.claims_table(audits["li2024"], "mine", "own", "", pd.Series(dtype=float))
    assert set(none["verdict"]) == {"cannot be checked"}


def test_strangers_are_refused_as_pairs(found) -> None:
    rows = found.tables["strangers"]
    assert set(rows["paired"]) == {"unpaired"} and set(rows["shared"]) == {0}
    pairs = found.tables["pairs"].query("set_a != set_b").set_index("model_a")["p"]
    right = rows.set_index("model")[WAYS[0]].astype(float)
    assert right.to_dict() == pytest.approx(pairs.to_dict(), abs=1e-12)
    assert "0 patients of internal and external are the same" in delong_sentences.strangers_text(
        found
    )


def test_a_set_with_one_patient_of_a_class_is_compared_with_none(found) -> None:
    sick = found.predictions.query("split == 'internal' and label == 1")["patient_id"].unique()
    few = found.predictions[~found.predictions["patient_id"].isin(sick[1:])]
    with np.errstate(all="raise"):
        rows = tables.strangers(few)
    assert rows.empty, "a p-value of 1 would say that nothing differs"
    left = replace(found, tables=found.tables | {"strangers": rows})
    assert "no two evaluation sets with at least two" in delong_sentences.strangers_text(left)


def test_a_difference_in_the_matrix_is_that_of_the_row_less_the_column() -> None:
    pairs = pd.DataFrame([{"model_a": "low", "model_b": "high", "difference": -0.1, "p_holm": 0.2}])
    square = delong_figures._square(pairs, ["high", "low"], "difference")
    assert square[0, 1] == 0.1 and np.isnan(square[1, 0])
    assert delong_figures._square(pairs, ["high", "low"], "p_holm")[0, 1] == 0.2


def test_every_figure_and_table_is_there(found, tmp_path) -> None:
    for name in ("roc", "matrix", "bootstrap", "strangers", "study"):
        assert isinstance(delong_page.draw(found, name), Figure), name
    for name in LAYOUTS:
        assert "<table" in delong_page.lay_out(found, name, "A caption.").data
    delong_page.save(Page("07", {}, tmp_path), found)
    written = pd.read_csv(tmp_path / "pairs.csv")
    assert list(written.columns[:12]) == REQUIRED
    assert len(pd.read_parquet(tmp_path / "predictions.parquet")) == len(found.predictions)


def test_without_data_the_method_is_judged_all_the_same(monkeypatch) -> None:
    def missing(*_, **__):
        raise MissingDataError("fetch it")

    monkeypatch.setattr(delong_page.cohorts, "open", missing)
    found = delong_page.view(parameters(study="li2024", cohort="clnm_ptc"))
    assert "fetch it" in delong_sentences.summary(found)
    assert isinstance(delong_page.draw(found, "study"), Figure)
    assert isinstance(delong_page.draw(found, "strangers"), Figure)
    assert delong_page.draw(found, "roc") == whose.LEFT_OUT
    assert "45 with the outcome and 119 without" in delong_sentences.study_text(found)
    assert check_claims(delong_page.claims(found), "07").empty
    for name in LAYOUTS:
        delong_page.lay_out(found, name, "A caption.")
    texts = ("all_at_once", "nested", "bootstrap", "mcnemar", "correlation", "strangers")
    assert all(getattr(delong_sentences, f"{name}_text")(found) for name in texts)


def test_a_promise_counts_as_missed_only_beyond_the_chance_of_drawing(found) -> None:
    few = found.tables["study"]
    assert few["chance"].between(0, 1).all()
    small = few[few["set"].str.contains("Thy-DL-Radiomics")].query("auc == 0.95")
    shown = delong_sentences.study_text(found)
    assert ("Missed" in shown) == bool((few["chance"] < delong_sentences.SURE).any())
    assert (small["positives"] == 15).all()


def test_choices_of_the_notebook_are_those_of_the_package() -> None:
    own = declared(NOTEBOOK)
    assert own["classifiers"].choices == NAMES
    assert own["scheduler"].choices == SCHEDULERS


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"families": ["radiomics"], "classifiers": ["SVN"]}, "did you mean 'SVM'"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(changed, message, monkeypatch) -> None:
    def opened(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(delong_page.cohorts, "open", opened)
    with pytest.raises(ParameterError, match=message):
        delong_page.view(parameters(**changed))


def test_a_family_that_cannot_score_these_patients_stops_before_the_others_work(
    monkeypatch,
) -> None:
    def predicted(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(delong_page.cohorts, "open", lambda *_, **__: cohort())
    monkeypatch.setattr(delong_page.sources, "predictions", predicted)
    with pytest.raises(ParameterError) as caught:
        delong_page.view(parameters(families=["clinical", "dl_folds", "radiomics"]))
    assert len(caught.value.problems) == 2
