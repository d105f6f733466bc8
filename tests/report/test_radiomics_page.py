"""Page 02's tables: printed numbers beside ours, counts, claims, and errors before any work."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ptclnm import published
from ptclnm.book.parameters import declared
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.features import load_settings
from ptclnm.models.classifiers import NAMES
from ptclnm.models.data import ImageData
from ptclnm.models.zoo import Plan, run_zoo
from ptclnm.paths import NOTEBOOKS
from ptclnm.report import radiomics_features, radiomics_page, radiomics_tables
from ptclnm.schedulers import SCHEDULERS

NOTEBOOK = NOTEBOOKS / "02_radiomics_zoo.ipynb"


def predictions(models=("SVM", "KNN", "LR"), seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for split, n in (("train", 60), ("test", 40)):
        label = np.tile([0, 1], n // 2)
        ids = [f"{split}{i}" for i in range(n)]
        for model in models:
            columns = {"model": model, "split": split, "patient_id": ids, "label": label}
            parts.append(pd.DataFrame(columns).assign(score=rng.normal(size=n) + label))
    return pd.concat(parts, ignore_index=True).assign(study="li2024")


@pytest.fixture(scope="module")
def paper():
    return published.load("li2024")


@pytest.fixture(scope="module")
def metrics(paper) -> pd.DataFrame:
    return radiomics_tables.beside_paper(metrics_table(predictions()), paper)


def test_printed_numbers_stand_beside_their_model_and_set_only(metrics) -> None:
    found = metrics.set_index(["model", "split"])
    assert found.loc[("SVM", "test"), "reported_auc"] == 0.822
    assert found.loc[("KNN", "train"), "reported_sensitivity"] == 0.641
    assert found.loc[("LR", "test")].filter(like="reported_").isna().all()
    order = (
        "study model split auc auc_low auc_high accuracy sensitivity specificity ppv npv f1 kappa"
    )
    assert list(metrics.columns[:14]) == [*order.split(), "reported_auc"]


def test_side_by_side_has_a_row_of_the_paper_where_it_prints_one(metrics) -> None:
    table = radiomics_tables.side_by_side(metrics)
    assert table["whose"].value_counts().to_dict() == {"here": 6, "paper": 4}
    row = table[(table["whose"] == "paper") & (table["split"] == "test")].iloc[0]
    assert (row["model"], row["auc"]) == ("SVM", "0.822 (0.750–0.894)")


@pytest.mark.parametrize(
    ("study", "expected"),
    [("li2024", [306, 14, 1241, 17, 1561]), ("ni2024", [374, 14, 969, None, 1357])],
)
def test_features_are_counted_as_the_paper_counts_them(study: str, expected: list) -> None:
    names = load_settings(study).names
    table = radiomics_tables.feature_counts(names, published.load(study)).set_index("part")
    reported = [None if pd.isna(v) else int(v) for v in table["reported"]]
    assert reported == expected
    assert table.loc["total", "obtained"] == len(names) == expected[-1]
    assert table["obtained"][:3].sum() == len(names)


def test_claims_are_judged_by_the_intervals(paper, metrics) -> None:
    steps = pd.DataFrame({"step": ["extracted", "LASSO"], "kept": [3, 2]})
    tables = {
        "resamples": pd.DataFrame({"kept": [1, 2]}), "steps": steps,
        "image_types": pd.DataFrame({"finding": ["rounding error"], "empty": [91]}),
        "predictions": predictions(), "cv": pd.DataFrame({"classifier": ["SVM"]}),
    }  # fmt: skip
    found = radiomics_tables.claims_table(
        paper, "mine", "own", "A note.", ["a", "b", "c"], tables, metrics
    ).set_index("claim_id")
    assert set(found["evidence"]) == {"own"} and set(found["study"]) == {"li2024"}
    features = found.loc["radiomics-li2024-mine-features"]
    assert features["verdict"] == "cannot be checked"
    assert features["note"] == "Extracted with other settings than the paper's. A note."
    names = load_settings("li2024").names
    whole = radiomics_tables.claims_table(paper, "mine", "own", "", names, tables, metrics)
    assert whole.loc[0, ["obtained", "verdict", "note"]].tolist() == [
        "1561", "cannot be checked",
        "The settings were chosen to give this number, so that it could not fail; page 00 accounts "
        "for its parts. Of the features, 91 are rounding error."
    ]  # fmt: skip
    row = metrics.set_index(["model", "split"]).loc[("SVM", "test")]
    inside = row["auc_low"] <= 0.822 <= row["auc_high"]
    claim = found.loc["radiomics-li2024-mine-auc-or-svm-test"]
    assert claim["verdict"] == ("consistent" if inside else "not consistent")
    assert found.loc["radiomics-li2024-mine-difference", "reported"] == "+0.085"


def test_choices_of_the_notebook_are_those_of_the_package() -> None:
    parameters = declared(NOTEBOOK)
    assert parameters["classifiers"].choices == NAMES
    assert parameters["scheduler"].choices == SCHEDULERS


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"classifiers": ["SVN"]}, "no classifier 'SVN'; did you mean 'SVM'"),
        ({"settings": "li2023"}, "li2024"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(
    changed: dict, message: str, monkeypatch
) -> None:
    def opened(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(radiomics_page.cohorts, "open", opened)
    values = {name: parameter.default for name, parameter in declared(NOTEBOOK).items()}
    with pytest.raises(ParameterError, match=message):
        radiomics_page.view(values | changed)


def view_of(paper, table: pd.DataFrame, cutoff: str, made: dict | None = None, names=()):
    metrics = radiomics_tables.beside_paper(metrics_table(table, cutoff), paper)
    return radiomics_page.ZooView(paper, None, tuple(names), made or {}, table, metrics, cutoff)


def test_models_whose_cutoff_knows_the_labels_are_named(paper) -> None:
    table = predictions(("SVM", "RF", "LR"))
    known = table["model"].isin(["RF", "LR"]) & (table["split"] == "train")
    table.loc[known, "score"] = table.loc[known, "label"].astype(float)
    text = radiomics_page.cutoff_text(view_of(paper, table, "youden-train"))
    assert "The training AUC of RF and LR is 1: their scores" in text and "SVM" not in text
    assert "training AUC" not in radiomics_page.cutoff_text(view_of(paper, table, "youden-eval"))
    assert "training AUC" not in radiomics_page.cutoff_text(view_of(paper, table, "0.5"))
    own = view_of(paper, predictions(), "youden-train")
    assert "training AUC" not in radiomics_page.cutoff_text(own)


def test_where_no_interval_can_be_had_none_is_shown_and_nothing_is_judged(paper) -> None:
    table = predictions()
    table.loc[table["split"] == "test", "score"] = 0.4
    found = radiomics_tables.beside_paper(metrics_table(table), paper)
    shown = radiomics_tables.side_by_side(found).query("split == 'test' and whose == 'here'")
    assert set(shown["auc"]) == {"0.500 (no interval)"}
    (claim,) = [c for c in radiomics_tables.auc_claims(paper, found) if "svm-test" in c[0]]
    assert claim[4:6] == ("0.500 (no interval)", "cannot be checked")
    assert "No interval" in claim[6]


@pytest.fixture(scope="module")
def nothing_kept(paper) -> radiomics_page.ZooView:
    """The page of patients whose features are all constant."""
    names = tuple(f"original_firstorder_{n}" for n in ("Minimum", "Maximum", "Uniformity"))
    splits = np.repeat(["train", "test"], [24, 12])
    ids = np.array([f"p{i:02d}" for i in range(36)])
    data = ImageData(np.ones((36, 3)), names, np.tile([0, 1], 18), ids, splits)
    made = run_zoo(data, Plan("li2024", ("LR", "SVM", "KNN"), folds=3, bootstraps=4), n_jobs=1)
    made["image_types"] = radiomics_features.image_types(pd.DataFrame(data.X, columns=names))
    scores = made["predictions"].assign(study="li2024")
    metrics = radiomics_tables.beside_paper(metrics_table(scores), paper)
    empty = pd.DataFrame()
    cohort = Cohort("mine", "Mine", "own", "nodes", empty, (), empty, "f")
    return radiomics_page.ZooView(paper, cohort, names, made, scores, metrics, "youden-train")


def test_a_page_where_nothing_is_kept_says_so_and_shows_no_interval(nothing_kept) -> None:
    page = radiomics_page
    assert "the selection keeps 0" in page.summary(nothing_kept)
    assert "0.500 (no interval) in test" in page.summary(nothing_kept)
    assert page.selection_text(nothing_kept).startswith(page.NOTHING_KEPT)
    assert page.features_text(nothing_kept).endswith("of the 0 that the selection keeps, 0.")
    assert "has an AUC of 0.500" in page.choice_text(nothing_kept)
    assert "is 1: " not in page.cutoff_text(nothing_kept)


@pytest.mark.parametrize("name", ["coefficients", "survival"])
def test_where_nothing_is_kept_a_sentence_stands_for_the_figure(nothing_kept, name: str) -> None:
    drawn = radiomics_page.draw(nothing_kept, name)
    assert isinstance(drawn, str) and drawn.startswith("No feature is kept")


@pytest.mark.parametrize("name", ["steps", "lasso", "cv", "roc"])
def test_where_nothing_is_kept_the_other_figures_are_drawn(nothing_kept, name: str) -> None:
    drawn = radiomics_page.draw(nothing_kept, name)
    assert isinstance(drawn, Figure) and drawn.axes


def test_where_nothing_is_kept_no_claim_is_judged(nothing_kept) -> None:
    found = radiomics_page.claims(nothing_kept).set_index("claim_id")
    aucs = found[found.index.str.contains("-auc-")]
    assert len(aucs) == 4 and (aucs["verdict"] == "cannot be checked").all()
    found = found.loc["radiomics-li2024-mine-difference"]
    assert found["verdict"] == "cannot be checked" and "estimated variance" in found["note"]


def test_few_patients_with_the_outcome_in_a_fold_are_counted(nothing_kept) -> None:
    assert "A fold has only 4 patients with the outcome" in radiomics_page.choice_text(nothing_kept)
    scores = nothing_kept.tables["cv_scores"]
    one = scores[scores["patient_id"] != scores.loc[scores["label"] == 1, "patient_id"].iloc[0]]
    fewer = replace(nothing_kept, tables=nothing_kept.tables | {"cv_scores": one})
    assert "A fold has only 3 to 4 patients" in radiomics_page.choice_text(fewer)
    many = pd.concat([scores] * 3)
    more = replace(nothing_kept, tables=nothing_kept.tables | {"cv_scores": many})
    assert "A fold has" not in radiomics_page.choice_text(more)


def test_the_classifiers_that_run_are_listed_with_what_is_ours(nothing_kept) -> None:
    table = radiomics_page.table_of(nothing_kept, "classifiers").set_index("classifier")
    assert set(table.index) == {"LR", "SVM", "KNN"}
    assert table.loc["LR", "settings"] == "max_iter = 1000"
    assert "boundary" in table.loc["SVM", "rule"] and "neighbours" in table.loc["KNN", "rule"]
    assert list(radiomics_page.HEADINGS["classifiers"]) == ["classifier", *table.columns]


def test_the_page_cuts_where_scores_of_left_out_patients_say(paper, monkeypatch) -> None:
    table = predictions().drop(columns="study")
    unseen = table[table["split"] == "train"].assign(fold=0)
    table.loc[table["split"] == "train", "score"] = 100.0 * table["label"]
    data = ImageData(np.ones((1, 1)), ("f",), np.ones(1), np.array(["a"]), np.array(["train"]))
    made = {"predictions": table, "cv_scores": unseen}
    monkeypatch.setattr(radiomics_page.cohorts, "open", lambda *_, **__: None)
    monkeypatch.setattr(radiomics_page, "zoo_of", lambda *_: (data, made))
    values = {name: parameter.default for name, parameter in declared(NOTEBOOK).items()}
    values |= {"study": "li2024"}
    found = {rule: radiomics_page.view(values | {"cutoff": rule}).metrics.query("split == 'test'")
             for rule in ("youden-train", "youden-cv")}  # fmt: skip
    assert (found["youden-train"]["sensitivity"] == 0).all()
    assert (found["youden-cv"]["sensitivity"] > 0.3).all()
    text = radiomics_page.cutoff_text(radiomics_page.view(values | {"cutoff": "youden-cv"}))
    assert "patients whom each model has not seen" in text
