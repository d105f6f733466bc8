"""Printed numbers stand beside ours: their own model and set, as rows, curves and claims."""

import numpy as np
import pandas as pd
import pytest

from ptclnm import published
from ptclnm.evaluation import metrics_table
from ptclnm.report.beside import auc_claims, read_beside
from ptclnm.report.figures import roc_figure
from ptclnm.report.metrics import beside_paper, side_by_side

BESIDE = read_beside(published.load("li2024"), "radiomics")


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
    return beside_paper(metrics_table(predictions()), paper, BESIDE)


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
    table = side_by_side(metrics)
    assert table["whose"].value_counts().to_dict() == {"here": 6, "paper": 4}
    row = table[(table["whose"] == "paper") & (table["split"] == "test")].iloc[0]
    assert (row["model"], row["auc"]) == ("SVM", "0.822 (0.750–0.894)")
    ours = table[(table["whose"] == "here") & (table["model"] == "LR")]["kappa"]
    assert ours.tolist() == metrics[metrics["model"] == "LR"]["kappa"].tolist()


def test_claims_are_judged_by_the_intervals_of_their_own_row(paper, metrics) -> None:
    claims = {row[0]: row for row in auc_claims(paper, metrics, BESIDE)}
    assert len(claims) == 4
    row = metrics.set_index(["model", "split"]).loc[("SVM", "test")]
    inside = row["auc_low"] <= 0.822 <= row["auc_high"]
    claim = claims["auc-or-svm-test"]
    assert claim[5] == ("consistent" if inside else "not consistent")
    assert claim[2] == "AUC of OR_SVM, here SVM, in the test set"
    assert claim[3] == "0.822 (0.750–0.894)"


def test_where_no_interval_can_be_had_none_is_shown_and_nothing_is_judged(paper) -> None:
    table = predictions()
    table.loc[table["split"] == "test", "score"] = 0.4
    found = beside_paper(metrics_table(table), paper, BESIDE)
    shown = side_by_side(found).query("split == 'test' and whose == 'here'")
    assert set(shown["auc"]) == {"0.500 (no interval)"}
    (claim,) = [c for c in auc_claims(paper, found, BESIDE) if "svm-test" in c[0]]
    assert claim[4:6] == ("0.500 (no interval)", "cannot be checked")
    assert "No interval" in claim[6]


def test_a_curve_has_the_area_of_its_label_and_passes_through_its_operating_point(metrics) -> None:
    drawn = roc_figure(predictions(), metrics)
    assert [axes.get_title(loc="left") for axes in drawn.axes] == ["train", "test"]
    for axes in drawn.axes:
        *lines, _ = axes.get_lines()
        assert len(lines) == 6
        for curve, point in zip(lines[::2], lines[1::2], strict=True):
            area = np.trapezoid(curve.get_ydata(), curve.get_xdata())
            assert area == pytest.approx(float(curve.get_label().split()[1].strip(",")), abs=6e-4)
            corners = zip(curve.get_xdata(), curve.get_ydata(), strict=True)
            (at,) = zip(point.get_xdata(), point.get_ydata(), strict=True)
            assert min(np.hypot(x - at[0], y - at[1]) for x, y in corners) < 1e-12
    labels = [line.get_label() for line in drawn.axes[1].get_lines()]
    assert sum("paper 0.822" in label for label in labels) == 1
