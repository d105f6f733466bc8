"""Selection: equal to scipy and scikit-learn, and what it keeps is what was planted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import Lasso, LassoCV
from sklearn.pipeline import Pipeline

from ptclnm.errors import ParameterError
from ptclnm.models import lasso
from ptclnm.models.lasso import GroupedLasso, path_at
from ptclnm.models.selection import (
    MannWhitney,
    SpearmanFilter,
    ZScore,
    mann_whitney,
    selection,
    spearman,
)
from ptclnm.models.validation import dealt_folds, train_test


def drawn(seed: int, rows: int = 60, columns: int = 12, levels: int = 0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns))
    y = np.r_[0, 1, rng.integers(0, 2, rows - 2)]
    return (np.floor(levels * X) if levels else X), y


@given(st.integers(0, 10**6), st.sampled_from([0, 1, 3]))
def test_rank_statistics_are_scipys_feature_by_feature(seed: int, levels: int) -> None:
    X, y = drawn(seed, rows=40, columns=5, levels=levels)
    X[:, 0] += 0.01 * np.arange(40)
    p = [
        stats.mannwhitneyu(x[y == 1], x[y == 0], method="asymptotic", use_continuity=True).pvalue
        for x in X.T
    ]
    assert mann_whitney(X, y) == pytest.approx(p, abs=1e-12)
    rho = [[stats.spearmanr(a, b).statistic for a in X.T] for b in X.T]
    assert spearman(X) == pytest.approx(np.array(rho), abs=1e-12)


def test_zscore_uses_the_training_rows_and_drops_constants() -> None:
    X, _ = drawn(1)
    X[:, 3] = 7.0
    X[:, 5] = 1e9 + 1e-3 * X[:, 5]
    step = ZScore().fit(X[:40])
    assert step.kept_.tolist() == [i for i in range(12) if i not in (3, 5)]
    expected = (X[40:, 0] - X[:40, 0].mean()) / X[:40, 0].std()
    assert step.transform(X[40:])[:, 0] == pytest.approx(expected)


def test_mann_whitney_keeps_those_below_five_percent() -> None:
    X, y = drawn(2, columns=200)
    X[:, 7] += 2 * y
    step = MannWhitney().fit(X, y)
    assert 7 in step.kept_
    assert set(step.kept_) == set(np.flatnonzero(mann_whitney(X, y) < 0.05))
    assert len(step.kept_) < 30


def test_of_a_correlated_pair_the_smaller_p_stays_and_no_pair_is_left() -> None:
    X, y = drawn(3, rows=200, columns=6)
    X[:, 1] += 1.5 * y
    X[:, 0] = X[:, 1] + 0.2 * np.random.default_rng(0).normal(size=200)
    X[:, 4] = -np.exp(X[:, 1])
    step = SpearmanFilter().fit(X, y)
    family = [0, 1, 4]
    best = min(family, key=lambda i: mann_whitney(X, y)[i])
    assert [i for i in step.kept_ if i in family] == [best]
    rho = np.abs(spearman(X[:, step.kept_])) - np.eye(len(step.kept_))
    assert rho.max() <= 0.9
    lost = set(range(6)) - set(step.kept_)
    assert all(np.abs(spearman(X))[i, step.kept_].max() > 0.9 for i in lost)


@pytest.mark.parametrize("shape", [(80, 20), (40, 90)])
def test_the_path_is_the_least_of_the_lasso_problem(shape) -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1]))
    y = X[:, 0] + rng.normal(size=shape[0])
    X, y = X - X.mean(axis=0), y - y.mean()
    alphas = np.geomspace(np.abs(X.T @ y).max() / len(y), 1e-2, 15)
    coefs = path_at(X, y, alphas)
    for alpha, coef in zip(alphas, coefs.T, strict=True):
        pull = X.T @ (y - X @ coef) / len(y)
        assert np.abs(pull).max() <= alpha * (1 + 1e-6)
        kept = coef != 0
        assert pull[kept] == pytest.approx(alpha * np.sign(coef[kept]), rel=1e-6)
    other = Lasso(alpha=alphas[5], tol=1e-12, max_iter=10**6, fit_intercept=False).fit(X, y)
    assert coefs[:, 5] == pytest.approx(other.coef_, abs=1e-6)


def test_the_penalty_is_that_of_lassocv_on_the_same_folds() -> None:
    X, y = drawn(6, rows=90, columns=30)
    X[:, 0] += y
    patients = np.repeat(np.arange(45), 2)
    mine = GroupedLasso(seed=4).fit(X, y, groups=patients)
    folds = train_test(dealt_folds(patients, y, 5, 4))
    other = LassoCV(cv=folds, alphas=mine.alphas_, tol=1e-10, max_iter=10**6).fit(X, y)
    assert mine.alpha_ == other.alpha_
    assert mine.error_ == pytest.approx(other.mse_path_.mean(axis=1), abs=1e-9)
    assert mine.coef_ == pytest.approx(other.coef_, abs=1e-7)


@pytest.mark.parametrize(
    ("least", "tried", "taken"), [((10, 90), 45, 10), ((39,), 45, 39), ((40,), 65, 40),
                                  ((40, 50), 65, 50), ((42, 62), 100, 62), ((41, 62, 90), 100, 90)]
)  # fmt: skip
def test_the_search_ends_where_the_least_error_has_five_penalties_after_it(
    least: tuple[int, ...], tried: int, taken: int, monkeypatch
) -> None:
    """Of several minima each is lower than the one before."""
    curve = np.ones(100)
    curve[list(least)] = [0.9 - 0.1 * i for i in range(len(least))]
    monkeypatch.setattr(lasso, "_error", lambda *a: curve[: len(a[-1])] + 0 * a[-1])
    rng = np.random.default_rng(0)
    found = GroupedLasso().fit(rng.normal(size=(60, 5)), np.tile([0, 1], 30))
    assert len(found.alphas_) == tried
    assert found.alpha_ == found.alphas_[taken]


def test_planted_features_are_kept(images) -> None:
    train = images(patients=150, features=300, signal=1.5).train
    for method in ("li2024", "ni2024"):
        chain = Pipeline(selection(method)).fit(train.X, train.labels, lasso__groups=train.patients)
        kept = chain.get_feature_names_out(np.array(train.names, dtype=object))
        assert {"f0", "f1", "f2"} <= set(kept)
        assert len(kept) < 60


def test_of_twins_the_first_stands() -> None:
    X, y = drawn(8, rows=120, columns=10)
    X[:, 2] += 2 * y
    X[:, 6] = 5 - 3 * X[:, 2] + 1e-6 * X[:, 0]
    step = GroupedLasso().fit(X, y)
    assert 2 in step.kept_ and 6 not in step.kept_


def test_keeping_nothing_is_a_result_of_every_step() -> None:
    X, y = drawn(9, rows=40, columns=3)
    y = np.tile([0, 1], 20)
    X = np.repeat(X[:20], 2, axis=0)
    chain = Pipeline(selection("li2024")).fit(X, y)
    assert [len(step.kept_) for _, step in chain.steps] == [3, 0, 0, 0]
    assert chain.transform(X).shape == (40, 0)


def test_unknown_method_is_named() -> None:
    with pytest.raises(ParameterError, match="no method 'li2023'; did you mean 'li2024'"):
        selection("li2023")
