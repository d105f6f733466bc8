"""The method judged: many studies at once are the studies one by one, and its promises hold."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import recount
from ptclnm import published, store
from ptclnm.evaluation import compare, delong, paired_tests
from ptclnm.evaluation.delong import areas
from ptclnm.evaluation.study import (
    MEASURES,
    REDRAWN,
    WAYS,
    draw,
    mispaired,
    p_values,
    paired_z,
    performance,
    redraw,
    redrawn,
    stored_performance,
)
from ptclnm.pages.delong.printed import REFERENCE, class_splits


def test_a_batch_is_delong_study_by_study() -> None:
    rng = np.random.default_rng(0)
    positive, negative = draw(rng, 20, (7, 12), (0.7, 0.8, 0.95), 0.4)
    positive, negative = positive.round(), negative.round()
    auc, covariance = areas(positive, negative)
    labels = np.repeat([1, 0], [7, 12])
    for i in range(20):
        one = delong(labels, np.concatenate([positive[i], negative[i]]))
        assert auc[i] == pytest.approx(one.auc, abs=1e-12)
        assert covariance[i] == pytest.approx(one.covariance, abs=1e-12)
        z = paired_tests(one).loc[0, "z"]
        if np.isfinite(z):
            assert paired_z(auc, covariance)[i] == pytest.approx(z, abs=1e-7)


def test_drawn_scores_have_the_aucs_and_the_correlation_asked_for() -> None:
    positive, negative = draw(np.random.default_rng(1), 1, (40000, 40000), (0.8, 0.95), 0.5)
    auc, _ = areas(positive, negative)
    assert auc[0] == pytest.approx([0.8, 0.95], abs=0.006)
    for part in (positive[0], negative[0]):
        assert np.corrcoef(part.T)[0, 1] == pytest.approx(0.5, abs=0.02)


def test_the_study_depends_on_its_seed_and_each_set_on_itself_only() -> None:
    both = performance({"a": (20, 30), "b": (5, 9)}, 200, seed=1)
    again = performance({"a": (20, 30), "b": (5, 9)}, 200, seed=1)
    pd.testing.assert_frame_equal(both, again)
    alone = performance({"a": (20, 30)}, 200, seed=1)
    pd.testing.assert_frame_equal(both[both["set"] == "a"], alone)
    assert set(both["measure"]) == set(MEASURES)
    assert ((both["low"] <= both["value"]) & (both["value"] <= both["high"])).all()


def test_larger_sets_find_smaller_differences() -> None:
    found = performance({"small": (15, 135), "large": (150, 1350)}, 100).drop_duplicates("set")
    small, large = found["detectable"]
    assert small / large == pytest.approx(np.sqrt(10), rel=0.1)


def test_unpaired_is_that_of_compare_and_sorting_makes_pairs_of_strangers() -> None:
    rng = np.random.default_rng(5)
    sides = []
    for m, n, shift in ((15, 60, 1.6), (40, 90, 1.0)):
        labels = np.repeat([1, 0], [m, n])
        sides.append((labels, rng.normal(size=m + n) + shift * labels))
    found = p_values(*[[s[None, y == label, None] for label in (1, 0)] for y, s in sides])
    frames = [
        pd.DataFrame({"patient_id": [f"{k}{i}" for i in range(len(y))], "label": y, "score": s})
        for k, (y, s) in enumerate(sides)
    ]
    assert list(found) == list(WAYS)
    assert found["unpaired"][0] == pytest.approx(compare(*frames)["p"], abs=1e-12)
    assert found["paired by rank"][0] < found["paired by row"][0]


def test_pairing_sorted_strangers_finds_differences_that_are_not_there() -> None:
    found = mispaired((40, 120), (40, 120), 400).set_index("way")
    assert found.loc["unpaired", "low"] < 0.06
    assert found.loc["paired by rank", "low"] > 0.2


@pytest.mark.study
@pytest.mark.parametrize("name", ["ni2024", "li2024"])
def test_error_and_coverage_at_large_sets_are_as_promised(name: str) -> None:
    splits = class_splits(recount.audit(published.load(name))) | REFERENCE
    found = stored_performance(splits, simulations=10_000, seed=0)
    large = found[found["set"] == "reference"].set_index(["measure", "auc"])["value"]
    error, plain, logit = (large[measure] for measure in MEASURES)
    assert error.between(0.045, 0.055).all()
    assert plain[0.80] == pytest.approx(0.95, abs=0.006)
    assert (logit - 0.95).abs().max() < 0.006
    # At the papers' sizes it is the logit scale that keeps more of the promise.
    small = found[found["set"] != "reference"].pivot(index=["set", "auc"], columns="measure")
    assert (small["value"][MEASURES[2]] > small["value"][MEASURES[1]]).all()


def test_a_stored_study_is_the_study_again(tmp_path, monkeypatch) -> None:
    splits = {"x": (9, 20)}
    first = stored_performance(splits, 50, 1, tmp_path)
    pd.testing.assert_frame_equal(first, performance(splits, 50, 1), check_exact=True)
    again = partial(stored_performance, splits, 50, 1, tmp_path)
    (path,) = tmp_path.glob("delong_study/*/study.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="is damaged"):
        pd.testing.assert_frame_equal(first, again(), check_exact=True)
    monkeypatch.setattr(store, "_write", None)
    pd.testing.assert_frame_equal(first, again(), check_exact=True)


def scored(positives: int = 2000, negatives: int = 3000) -> pd.DataFrame:
    """Normal scores, all different, whose AUC is about 0.86."""
    label = np.repeat([1, 0], [positives, negatives])
    score = np.random.default_rng(4).normal(size=len(label)) + 1.5 * label
    return pd.DataFrame({"split": "external", "model": "A", "label": label, "score": score})


def test_drawn_studies_average_to_the_whole_and_their_intervals_hold_it() -> None:
    patients, simulations = scored(), 2000
    whole = delong(patients["label"], patients["score"]).auc[0]
    drawn = redraw(patients, (60, 90), simulations)
    assert len(drawn) == simulations
    spread = drawn["auc"].std()
    assert drawn["auc"].mean() == pytest.approx(whole, abs=4 * spread / np.sqrt(simulations))
    assert ((drawn["high"] - drawn["low"]) / 3.92).mean() == pytest.approx(spread, rel=0.1)
    (row,) = redrawn(patients, {"paper": (60, 90)}, simulations).itertuples()
    assert row.auc == whole and row.low < row.median < row.high
    assert row.holds == pytest.approx(0.95, abs=0.02)
    assert row.median == drawn["auc"].median() and (row.positives, row.negatives) == (60, 90)


def test_a_drawn_study_has_the_size_asked_for_and_no_patient_twice() -> None:
    patients = scored(7, 11)
    whole = delong(patients["label"], patients["score"])
    all_of_them = redraw(patients, (7, 11), 5)
    assert all_of_them["auc"].to_numpy() == pytest.approx(np.full(5, whole.auc[0]), abs=1e-12)
    assert redraw(patients, (1, 1), 50)["auc"].isin([0, 1]).all()
    with pytest.raises(ValueError, match="larger"):
        redraw(patients, (8, 11), 5)
    twice = redraw(scored(), (20, 30), 5, seed=1)
    pd.testing.assert_frame_equal(twice, redraw(scored(), (20, 30), 5, seed=1))
    assert not twice.equals(redraw(scored(), (20, 30), 5, seed=2))


@pytest.mark.parametrize(("sizes", "rows"), [((40, 60), 1), ((41, 60), 0), ((40, 61), 0)])
def test_only_a_set_with_ten_times_as_many_of_each_class_is_drawn_from(sizes, rows) -> None:
    found = redrawn(scored(400, 600), {"paper": sizes}, 100)
    assert len(found) == rows and list(found) == REDRAWN
