"""How page 07 lays out its tables for reading: the smallest p-values, few columns."""

from collections.abc import Callable, Mapping

import pandas as pd

from ptclnm.report.delong_figures import p_text
from ptclnm.report.delong_tables import ABOUT_P, needed_words

MOST = 12
Layout = tuple[pd.DataFrame, dict[str, str]]


def auc(table: pd.DataFrame) -> Layout:
    """AUCs by set, the largest first, with both intervals; none where the variance is 0."""
    by_set = table.groupby("split", sort=False)
    rows = pd.concat([part.sort_values("auc", ascending=False) for _, part in by_set])
    limits = ["low", "high", "logit_low", "logit_high"]
    rows[limits] = rows[limits].mask(rows["degenerate"].astype(bool))
    made = pd.DataFrame(
        {
            "Set": rows["split"], "Model": rows["model"],
            "Patients": rows["n"], "With outcome": rows["positives"], "AUC": rows["auc"],
            "95 % interval": _interval(rows, "low", "high"),
            "on the logit scale": _interval(rows, "logit_low", "logit_high"),
        }
    )  # fmt: skip
    return made, _same(made)


def pairs(table: pd.DataFrame) -> Layout:
    """Pairs with the smallest p-values."""
    rows = table.sort_values(["p_holm", "p"], kind="stable").head(MOST)
    made = pd.DataFrame(
        {
            "Set": _sides(rows["set_a"], rows["set_b"], " less "),
            "Models": _sides(rows["model_a"], rows["model_b"], " less "),
            "Patients": rows["paired"], "Difference": rows["difference"].map("{:+.3f}".format),
            "95 % interval": _interval(rows, "low", "high"), "p": _p(rows["p"]),
            "p, Holm": _p(rows["p_holm"]),
        }
    )  # fmt: skip
    return made, _same(made)


def mcnemar(table: pd.DataFrame) -> Layout:
    """Tests of calls with the smallest p-values."""
    rows = table.sort_values(["p_holm", "p_exact"], kind="stable").head(MOST)
    made = pd.DataFrame(
        {
            "Set": rows["split"], "Models": _sides(rows["model_a"], rows["model_b"], " / "),
            "Among": rows["among"], "First alone right": rows["only_a"],
            "Second alone right": rows["only_b"], "p, exact": _p(rows["p_exact"]),
            "p, corrected": _p(rows["p_corrected"]), "p, exact, Holm": _p(rows["p_holm"]),
        }
    )  # fmt: skip
    return made, _same(made)


def needs(table: pd.DataFrame) -> Layout:
    """Printed comparisons, all of them."""
    rows = table.to_dict("records")
    made = pd.DataFrame(
        {
            "Models": _sides(table["model_a"], table["model_b"], " / "),
            "Set": _sides(table["set_a"], table["set_b"], " / "),
            "Printed": [ABOUT_P[row["statistic"]].format(row["printed"]) for row in rows],
            "p, unpaired": _p(table["p_unpaired"]),
            "Correlation needed": [needed_words(row) for row in rows],
            "p at ours": _p(table["p_here"]),
            "Chance of p < 0.05": [_percent(row["power_here"]) for row in rows],
        }
    )
    return made, _same(made)


LAYOUTS: Mapping[str, Callable[[pd.DataFrame], Layout]] = {
    "auc": auc, "pairs": pairs, "mcnemar": mcnemar, "needs": needs,
}  # fmt: skip


def _same(table: pd.DataFrame) -> dict[str, str]:
    return {name: name for name in table}


def _sides(first: pd.Series, second: pd.Series, between: str) -> list[str]:
    sides = zip(first, second, strict=True)
    return [a if a == b else f"{a}{between}{b}" for a, b in sides]


def _interval(rows: pd.DataFrame, low: str, high: str) -> list[str]:
    limits = zip(rows[low], rows[high], strict=True)
    return ["none" if pd.isna(a) else f"{a:.3f} to {b:.3f}" for a, b in limits]


def _p(values: pd.Series) -> list[str]:
    return [p_text(float(value)) for value in values]


def _percent(share: float) -> str:
    return "–" if pd.isna(share) else f"{100 * share:.0f} %"
