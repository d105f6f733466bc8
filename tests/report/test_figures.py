"""Figures that several pages draw show the values that they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from ptclnm.evaluation.calibration import calibration, calibration_curve
from ptclnm.evaluation.sets import measured
from ptclnm.report.figures import (
    NOTHING,
    NOTHING_KEPT,
    calibration_figure,
    coefficients_figure,
    forest,
    roc_figure,
)
from ptclnm.report.style import BLUE, GREEN


def points(axes) -> dict[str, dict[float, float]]:
    """Value by height, group by group."""
    lines = {line.get_label(): line for line in axes.lines if line.get_marker() == "o"}
    return {k: dict(zip(v.get_ydata(), v.get_xdata(), strict=True)) for k, v in lines.items()}


def test_a_forest_has_a_point_and_a_line_for_each_row_and_rows_of_one_name_together() -> None:
    table = pd.DataFrame({"difference": [0.1, 0.2, -0.1], "low": [0.0, np.nan, -0.2],
                          "high": [0.2, np.nan, 0.0]}, index=[5, 7, 9])  # fmt: skip
    names, sets = (pd.Series(list(word), table.index) for word in ("xyx", "aab"))
    (axes,) = forest(table, names, sets, "AUC").axes
    drawn = points(axes)
    assert [list(of.values()) for of in drawn.values()] == [[0.1, 0.2], [-0.1]]
    assert list(map(round, drawn["a"])) == [0, 1] and list(map(round, drawn["b"])) == [0]
    bars = [bar for part in axes.collections for bar in part.get_segments() if len(bar) == 2]
    shown = sorted(tuple(bar[:, 0]) for bar in bars if np.isfinite(bar).all())
    assert shown == [(-0.2, 0.0), (0.0, 0.2)]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["x", "y"]
    assert forest(table.head(0), names.head(0), sets.head(0), "AUC") == NOTHING


def test_a_forest_marks_what_the_paper_prints() -> None:
    table = pd.DataFrame({"v": [0.7], "l": [0.6], "h": [0.8], "reported_auc": [0.9]})
    one = pd.Series(["x"])
    (axes,) = forest(table, one, one, "AUC", "v l h", line=0.5).axes
    assert [line.get_xdata()[0] for line in axes.lines] == [0.7, 0.9, 0.5]


def test_models_of_a_roc_figure_keep_their_colours_from_set_to_set() -> None:
    label = np.array([0, 1] * 6)
    names = [f"m{i}" for i in range(10)]
    parts = [
        pd.DataFrame({"model": name, "split": split, "label": label, "score": label})
        for split in ("b", "a")
        for name in (names if split == "b" else names[1:])
    ]
    metrics = pd.DataFrame([(s, n, 1.0) for s in "ab" for n in names],
                           columns=["split", "model", "auc"])  # fmt: skip
    figure = roc_figure(pd.concat(parts), metrics, {"m3": "#123456"})
    looks = [
        {line.get_label(): (line.get_color(), line.get_linestyle()) for line in axes.lines[:-1]}
        for axes in figure.axes
    ]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["b", "a"]
    assert list(looks[0]) == [f"{name} 1.000" for name in names]
    assert looks[1].items() <= looks[0].items() and len(looks[1]) == 9
    assert looks[0]["m3 1.000"][0] == "#123456" and len(set(looks[0].values())) == 10


@pytest.fixture
def risks() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    score = rng.uniform(0.05, 0.95, 400)
    split, label = np.repeat(["train", "test"], 200), rng.uniform(size=400) < score
    return pd.DataFrame({"model": "M", "split": split, "label": label.astype(int), "score": score})


def test_calibration_curves_lie_near_the_diagonal_of_true_risks(risks) -> None:
    curves = measured(risks, calibration_curve, draws=5, seed=0)
    measures = measured(risks, calibration)
    corrected = curves.assign(corrected=0.5).query("split == 'train'")
    figure = calibration_figure(curves, measures, risks, corrected)
    assert isinstance(figure, Figure)
    for axes, split in zip(figure.axes, ("train", "test"), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        curve = lines["smoothed, 95 % band"]
        assert np.abs(curve.get_ydata() - curve.get_xdata()).max() < 0.2
        assert len(lines["tenths of the patients"].get_xdata()) == 10
        assert ("corrected for optimism" in lines) == (split == "train")
        row = measures.query("split == @split").iloc[0]
        assert f"slope {row['slope']:.2f}\n" in axes.texts[0].get_text()
    assert "no curve" in calibration_figure(curves.head(0), measures, risks)


def test_kept_features_are_drawn_the_first_on_top_deep_ones_in_another_colour() -> None:
    table = pd.DataFrame({"feature": ["a", "dl_pc_1"], "coefficient": [-0.5, 0.25],
                          "survival": [0.9, 0.3]})  # fmt: skip
    left, right = coefficients_figure(table).axes
    assert [bar.get_width() for bar in left.patches] == [-0.5, 0.25]
    assert [bar.get_width() for bar in right.patches] == [0.9, 0.3]
    assert [to_hex(bar.get_facecolor()).upper() for bar in left.patches] == [BLUE, GREEN]
    assert left.get_ylim()[0] > left.get_ylim()[1]
    assert coefficients_figure(table.head(0)) == NOTHING_KEPT
