"""Tables of page 02: feature counts, the paper's numbers beside ours, claims."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ptclnm.evaluation.pairs import compare
from ptclnm.features import load_settings
from ptclnm.models.choice import choose, nested
from ptclnm.report import verdict
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.sentences import auc_text
from recount import CELL_METRICS, METRICS, Study, printed_features

# Which of the paper's models a classifier of ours stands beside, set by set.
PAPER_MODELS: dict[str, dict[tuple[str, str], str]] = {
    "ni2024": {("internal", "ExtraTrees"): "Thy-Radiomics"},
    "li2024": {
        (split, name): f"OR_{name}" for split in ("train", "test") for name in ("SVM", "KNN")
    },
}
# What the papers say of their classifiers: the best one, or two that they compare.
BEST = {"ni2024": ("ExtraTrees", "Results, radiomics")}
AGAINST = {"li2024": ("SVM", "KNN", "test", "Table 2")}
Beside = Mapping[tuple[str, str], str]
FIRST = [
    "study", "model", "split", "auc", "auc_low", "auc_high", *CELL_METRICS, "kappa",
]  # fmt: skip
LAST = ["n", "positives", "cutoff", "tp", "fp", "fn", "tn"]
HEADINGS = {
    "split": "Set", "model": "Model", "whose": "From", "auc": "AUC (95 % CI)",
    "accuracy": "Acc.", "sensitivity": "Sens.", "specificity": "Spec.",
    "ppv": "PPV", "npv": "NPV", "f1": "F1", "kappa": "κ",
}  # fmt: skip
MIDDLE = (2.5, 97.5)
# Why a number of features judges nothing.
MADE_TO_FIT = (
    "The settings were chosen to give this number, so that it could not fail; page 00 accounts for "
    "its parts."
)
OTHER_SETTINGS = "Extracted with other settings than the paper's."


def feature_class(name: str) -> str:
    """Class of a feature by pyradiomics' name, as the papers count them."""
    parts = name.split("_")
    kind = parts[1] if len(parts) > 2 else ""
    return {"firstorder": "first-order", "shape": "shape", "shape2D": "shape"}.get(kind, "texture")


def feature_counts(names: Sequence[str], paper: Study) -> pd.DataFrame:
    """Count features by class beside what the paper prints.

    Parameters
    ----------
    names : sequence of str
        Names of the extracted features.
    paper : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        ``part, reported, obtained``: the three classes, the image types and the total; `reported`
        is missing where the paper prints none.
    """
    classes = pd.Series([feature_class(name) for name in names], dtype=object)
    types = {name.split("_")[0] for name in names}
    printed = _printed_by_class(printed_features(paper))
    own = {part: int((classes == part).sum()) for part in ("first-order", "shape", "texture")}
    own |= {"image types": len(types), "total": len(names)}
    rows = [(part, printed.get(part), count) for part, count in own.items()]
    table = pd.DataFrame(rows, columns=["part", "reported", "obtained"])
    return table.astype({"reported": "Int64", "obtained": "Int64"})


def _printed_by_class(printed: Mapping[str, int]) -> dict[str, int]:
    """Printed numbers by class; where they are printed per image type, their product."""
    types = printed.get("image_types", 0)
    found = {
        "first-order": printed.get("first_order", types * printed.get("first_order_per_image", 0)),
        "texture": printed.get("texture", types * printed.get("texture_per_image", 0)),
        "shape": printed.get("shape", 0),
        "image types": types,
        "total": printed.get("total", 0),
    }
    return {part: count for part, count in found.items() if count}


def reported_metrics(paper: Study, beside: Beside | None = None) -> pd.DataFrame:
    """The paper's printed metrics by our model and set.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    beside : mapping of (set, our model) to the paper's model, optional
        Which of the paper's models ours stand beside; those of ``PAPER_MODELS`` where left out.

    Returns
    -------
    DataFrame
        ``model, split``, then ``reported_auc, reported_auc_low, …`` as numbers; of a metric that
        is printed twice, the first.
    """
    rows = []
    beside = PAPER_MODELS.get(paper.name, {}) if beside is None else beside
    for (split, model), name in beside.items():
        part = paper.performance
        part = part[(part["evaluation_set"] == split) & (part["model"] == name)]
        printed = part.drop_duplicates("metric").set_index("metric")["value"].astype(float)
        cells = {f"reported_{metric}": printed.get(metric, np.nan) for metric in METRICS}
        rows.append({"model": model, "split": split} | cells)
    return pd.DataFrame(rows, columns=["model", "split", *(f"reported_{m}" for m in METRICS)])


def beside_paper(metrics: pd.DataFrame, paper: Study, beside: Beside | None = None) -> pd.DataFrame:
    """Join the paper's metrics to ours.

    Parameters
    ----------
    metrics : DataFrame
        From ``ptclnm.evaluation.metrics_table``.
    paper : Study
        The transcribed paper.
    beside : mapping, optional
        As in :func:`reported_metrics`.

    Returns
    -------
    DataFrame
        ``study, model, split, auc, auc_low, auc_high, accuracy, …, kappa, reported_auc, …``, then
        numbers of patients, cut-off and 2x2 table; empty where the paper prints nothing.
    """
    joined = metrics.merge(reported_metrics(paper, beside), on=["model", "split"], how="left")
    reported = [f"reported_{name}" for name in METRICS]
    return joined[[*FIRST, *reported, *LAST]]


def side_by_side(metrics: pd.DataFrame) -> pd.DataFrame:
    """Lay out metrics for reading: a row for ours and, where there is one, one for the paper's."""
    rows = []
    for row in metrics.to_dict("records"):
        head = {"split": row["split"], "model": row["model"]}
        rows.append(head | {"whose": "here", "auc": auc_text(row)} | _cells(row, ""))
        if pd.notna(row["reported_auc"]):
            paper = {"whose": "paper", "auc": auc_text(row, "reported_")}
            rows.append(head | paper | _cells(row, "reported_"))
    return pd.DataFrame(rows, columns=list(HEADINGS))


def _cells(row: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {name: row.get(f"{prefix}{name}", np.nan) for name in (*CELL_METRICS, "kappa")}


def claims_table(
    paper: Study,
    cohort: str,
    evidence: str,
    note: str,
    names: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    metrics: pd.DataFrame,
) -> pd.DataFrame:
    """Judge what the paper says of its radiomics models.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    cohort, evidence : str
        Whose patients these are, and what kind of evidence that is.
    note : str
        What a reader has to know of the endpoint.
    names : sequence of str
        Names of the extracted features.
    tables : mapping of str to DataFrame
        From ``ptclnm.models.zoo.run_zoo``.
    metrics : DataFrame
        From :func:`beside_paper`.

    Returns
    -------
    DataFrame
        The page's rows of the claims table.
    """
    rows = [
        *_feature_claims(paper, names, tables),
        *auc_claims(paper, metrics),
        *_best_claim(paper, tables),
        *_difference_claim(paper, tables["predictions"]),
    ]
    return claim_rows(rows, "radiomics", paper, cohort, evidence, note)


def _where(paper: Study, quantity: str) -> str:
    rows = paper.features[paper.features["quantity"] == quantity]
    return rows["where"].iloc[0]


def _feature_claims(paper: Study, names: Sequence[str], tables: Mapping) -> list[tuple]:
    printed, claims = printed_features(paper), []
    if "total" in printed:
        own = tuple(names) == load_settings(paper.name).names
        note = f"{MADE_TO_FIT} {_empty(tables)}".strip() if own else OTHER_SETTINGS
        claims.append(
            ("features", _where(paper, "total"), "number of radiomics features",
             str(printed["total"]), str(len(names)), verdict.OPEN, note)
        )  # fmt: skip
    kept = tables["resamples"]["kept"]
    if "selected_radiomics" in printed and len(kept):
        low, high = np.percentile(kept, MIDDLE)
        own = int(tables["steps"]["kept"].iloc[-1])
        claims.append(
            ("selected", _where(paper, "selected_radiomics"), "features that the selection keeps",
             str(printed["selected_radiomics"]),
             f"{own} ({low:.0f}–{high:.0f} in {len(kept)} resamples)",
             *verdict.kept_count(printed["selected_radiomics"], low, high))
        )  # fmt: skip
    return claims


def _empty(tables: Mapping[str, pd.DataFrame]) -> str:
    """Say how many features say nothing of what is inside the outline."""
    types = tables["image_types"]
    empty = types.groupby("finding")["empty"].sum().drop("", errors="ignore")
    parts = [f"{number:,} are {finding}" for finding, number in empty.items()]
    return f"Of the features, {' and '.join(parts)}." if parts else ""


def auc_claims(paper: Study, metrics: pd.DataFrame, beside: Beside | None = None) -> list[tuple]:
    """Judge every AUC that the paper prints of a model that stands beside one of ours."""
    beside = PAPER_MODELS.get(paper.name, {}) if beside is None else beside
    claims = []
    for row in metrics[metrics["reported_auc"].notna()].to_dict("records"):
        model = beside[row["split"], row["model"]]
        performance = paper.performance
        where = performance[
            (performance["evaluation_set"] == row["split"]) & (performance["model"] == model)
        ]["where"].iloc[0]
        here = f", here {row['model']}," if row["model"] != model else ""
        claims.append(
            (f"auc-{slug(model)}-{row['split']}", where,
             f"AUC of {model}{here} in the {row['split']} set",
             auc_text(row, "reported_"), auc_text(row),
             *verdict.auc(row))
        )  # fmt: skip
    return claims


def _best_claim(paper: Study, tables: Mapping) -> list[tuple]:
    name, where = BEST.get(paper.name, ("", ""))
    tried = set(tables["cv"]["classifier"])
    if name not in tried or len(tried) < 2:
        return []
    whole = choose(tables["cv"])
    first = whole.loc[whole["chosen"], "classifier"].iloc[0]
    others = nested(tables["cv"], tables["inner"])["chosen"]
    inside = ", ".join(dict.fromkeys(others))
    return [
        ("best", where, f"best of {len(tried)} classifiers", name,
         f"{first}; within the folds {inside}", *verdict.chosen(name, first, others))
    ]  # fmt: skip


def _difference_claim(paper: Study, predictions: pd.DataFrame) -> list[tuple]:
    if paper.name not in AGAINST:
        return []
    first, second, split, where = AGAINST[paper.name]
    part = predictions[predictions["split"] == split]
    by = {name: part[part["model"] == name] for name in (first, second)}
    printed = reported_metrics(paper).set_index(["model", "split"])["reported_auc"]
    if any(table.empty for table in by.values()):
        return []
    reported = printed[first, split] - printed[second, split]
    found = compare(by[first], by[second])
    names = [PAPER_MODELS[paper.name][split, name] for name in (first, second)]
    signed = [f"{round(found[name], 3) + 0.0:+.3f}" for name in ("difference", "low", "high")]
    obtained = f"{signed[0]} ({signed[1]} to {signed[2]})"
    return [
        ("difference", where, f"AUC of {names[0]} less that of {names[1]} in the {split} set",
         f"{reported:+.3f}", obtained,
         *verdict.difference(round(reported, 6), found["low"], found["high"]))
    ]  # fmt: skip
