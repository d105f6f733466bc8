"""Decision curves: the R package's own numbers, the definition, the band, and the edges.

``dcurves_r.csv`` holds the results of R's dcurves on its example patients, as the source
distribution of the Python package (version 1.1.7, Apache licence) ships them for its tests.
"""

from pathlib import Path

import dcurves
import numpy as np
import pandas as pd
import pytest

from ptclnm.errors import ParameterError
from ptclnm.evaluation.calibration import RiskError
from ptclnm.evaluation.decision import decision_curves, net_benefits, thresholds
from ptclnm.evaluation.logistic import ModelError, fit_logistic

from .conftest import ORACLES


@pytest.fixture(scope="module")
def cancer() -> pd.DataFrame:
    """The example patients of dcurves, as the package has them."""
    return pd.read_csv(Path(dcurves.__file__).parent / "data" / "df_binary.csv")


@pytest.fixture(scope="module")
def risks(cancer) -> dict[str, np.ndarray]:
    age = fit_logistic(cancer, cancer["cancer"].astype(int), ["age"]).probability(cancer)
    return {"famhistory": cancer["famhistory"].to_numpy(float), "age": age}


@pytest.mark.parametrize("model", ["famhistory", "age"])
def test_net_benefit_is_that_of_dcurves_in_r(cancer, risks, model: str) -> None:
    rows = pd.read_csv(ORACLES / "dcurves_r.csv").query("set == @model and threshold > 0")
    at = np.unique(rows["threshold"])
    found = decision_curves(cancer["cancer"].astype(int), {model: risks[model]}, at, draws=0)
    both = found.merge(rows, left_on=["model", "threshold"], right_on=["variable", "threshold"])
    assert len(both) == len(rows) == 2 * 99
    # R marks a curve with no treated patient by leaving it out, not by 0.
    there = both["net_benefit_y"].notna()
    assert both["net_benefit_x"][there].to_numpy() == pytest.approx(
        both["net_benefit_y"][there].to_numpy(), abs=1e-6
    )
    known = both["net_intervention_avoided"].notna()
    assert both["avoided"][known].to_numpy() == pytest.approx(
        both["net_intervention_avoided"][known].to_numpy(), abs=1e-6
    )


def test_the_bands_own_net_benefit_is_that_of_dcurves(cancer, risks) -> None:
    labels, at = cancer["cancer"].astype(int), thresholds()
    found = decision_curves(labels, risks, at, draws=0).set_index("model")
    for name, values in risks.items():
        (own,) = net_benefits(labels.to_numpy(), values, at, np.ones((1, len(labels))))
        assert own == pytest.approx(found.loc[name, "net_benefit"].to_numpy(), abs=1e-12)


def test_treating_nobody_gains_nothing_and_treating_all_what_is_known(cancer, risks) -> None:
    labels = cancer["cancer"].astype(int)
    found = decision_curves(labels, risks, draws=30).set_index("model")
    assert (found.loc["none", ["net_benefit", "low", "high"]] == 0).all(axis=None)
    at, share = found.loc["all", "threshold"], labels.mean()
    assert found.loc["all", "net_benefit"].to_numpy() == pytest.approx(
        (share - (1 - share) * at / (1 - at)).to_numpy()
    )
    assert found.loc["all", ["avoided", "avoided_low"]].abs().max(axis=None) < 1e-12


def test_a_perfect_model_gains_the_prevalence_at_every_threshold(cancer) -> None:
    labels = cancer["cancer"].astype(int)
    found = decision_curves(labels, {"oracle": labels}, draws=0).set_index("model")
    assert found.loc["oracle", "net_benefit"].to_numpy() == pytest.approx(labels.mean())


def test_the_band_is_around_the_curve_and_the_same_for_the_same_seed(cancer, risks) -> None:
    labels = cancer["cancer"].astype(int)
    one, two = (decision_curves(labels, risks, draws=100, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    age = one[one["model"] == "age"]
    assert age["net_benefit"].between(age["low"], age["high"]).all()
    assert (age["high"] - age["low"]).max() > 0.005


@pytest.mark.parametrize("ends", [(0, 0.5), (0.1, 1), (0.6, 0.2), (-1, 0.4)])
def test_a_range_outside_0_and_1_is_named(ends) -> None:
    with pytest.raises(ParameterError, match="0 < low < high < 1"):
        thresholds(*ends)


def test_what_makes_no_curve_is_named(cancer, risks) -> None:
    labels = cancer["cancer"].astype(int)
    with pytest.raises(ParameterError, match="between 0 and 1"):
        decision_curves(labels, risks, [0.0, 0.5])
    with pytest.raises(ParameterError, match="no model may be called 'all'"):
        decision_curves(labels, {"all": risks["age"]})
    with pytest.raises(ModelError, match="no model"):
        decision_curves(labels, {})
    with pytest.raises(RiskError, match="no probability"):
        decision_curves(labels, {"age": cancer["age"]})
