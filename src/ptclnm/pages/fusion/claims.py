"""What Ni et al. say of their combined model, judged on the patients at hand."""

from collections.abc import Iterator

import pandas as pd

from ptclnm.evaluation.sets import contrasts
from ptclnm.models.choice import chosen
from ptclnm.models.components import is_deep
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.fusion.source import ALONE, FUSED, NETWORK
from ptclnm.models.zoo import Tables
from ptclnm.pages.fusion.words import PAPER_NETWORK
from ptclnm.report import verdict, whose
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.metrics import Beside, auc_claims, reported_metrics
from ptclnm.report.sentences import p_text, signed
from ptclnm.schema import Cohort
from recount import Study, printed_features

PAPER: Beside = {
    ("internal", FUSED): "Thy-DL-Radiomics", ("external", FUSED): "Thy-DL-Radiomics",
    ("internal", ALONE): "Thy-Radiomics", ("internal", NETWORK): "Thy-DL",
}  # fmt: skip
PRINTED = {"radiomics": "combined_radiomics", "DL": "combined_deep"}
# What the paper calls its best classifier of the combined features.
BEST = ("MLP", "Results, combined model")
Row = tuple[str, str, str, str, str, str, str]


def counts(zoo: Tables, paper: Study) -> pd.DataFrame:
    """Count the kept features by part beside the paper's.

    Parameters
    ----------
    zoo : dict of str to DataFrame
        From ``ptclnm.models.zoo.run_zoo`` on the joined features.
    paper : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        ``part, reported, obtained, low, median, high``: radiomics features and components of deep
        features that the selection keeps, and the middle 95 % of the bootstrap resamples.
    """
    printed, drawn = printed_features(paper), zoo["resamples"]
    deep = int(zoo["coefficients"]["feature"].map(is_deep).sum())
    kept = {"radiomics": len(zoo["coefficients"]) - deep, "DL": deep}
    resampled = {"radiomics": drawn["kept"] - drawn["deep"], "DL": drawn["deep"]}
    rows = [
        (part, printed.get(PRINTED[part]), own, *resampled[part].quantile([0.025, 0.5, 0.975]))
        for part, own in kept.items()
    ]
    columns = ["part", "reported", "obtained", "low", "median", "high"]
    return pd.DataFrame(rows, columns=columns).astype({"reported": "Int64"})


def table(
    paper: Study,
    cohort: Cohort,
    network: DeepPlan,
    zoo: Tables,
    predictions: pd.DataFrame,
    metrics: pd.DataFrame,
) -> pd.DataFrame:
    """Judge what the paper says of its combined model.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    cohort : Cohort
        Whose patients these are.
    network : DeepPlan
        Whose deep features.
    zoo : dict of str to DataFrame
        From ``ptclnm.models.zoo.run_zoo`` on the joined features.
    predictions : DataFrame
        Of patients that nothing was fitted on, sets with both classes.
    metrics : DataFrame
        Every model in every set beside the paper's numbers.

    Returns
    -------
    DataFrame
        The page's rows of the claims table.
    """
    note = whose.claim_note(cohort)
    if network.architecture != PAPER_NETWORK or network.weights != "imagenet":
        start = "ImageNet's" if network.weights == "imagenet" else "other than ImageNet's"
        note = f"Deep features of {network.architecture} from {start} weights here. {note}"
    rows = [
        *auc_claims(paper, metrics[metrics["model"] == FUSED], PAPER),
        *_kept(paper, zoo),
        *_best(zoo),
        *_better(paper, predictions),
    ]
    return claim_rows(rows, "fusion", paper, cohort.name, cohort.evidence, note)


def _kept(paper: Study, zoo: Tables) -> Iterator[Row]:
    where, drawn = paper.features.set_index("quantity")["where"], len(zoo["resamples"])
    for row in counts(zoo, paper).dropna(subset="reported").itertuples():
        spread = f" ({row.low:.0f}–{row.high:.0f} in {drawn} resamples)" if drawn else ""
        yield (
            f"kept-{slug(row.part)}", where[PRINTED[row.part]],
            f"{row.part} features in the combined model", str(row.reported),
            f"{row.obtained}{spread}", *verdict.kept_count(float(row.reported), row.low, row.high),
        )  # fmt: skip


def _best(zoo: Tables) -> Iterator[Row]:
    name, where = BEST
    tried = set(zoo["cv"]["classifier"])
    if name in tried and len(tried) > 1:
        first = chosen(zoo["cv"])
        inside = [chosen(part) for _, part in zoo["inner"].groupby("outer")]
        yield (
            "best", where, f"best of {len(tried)} classifiers of the combined features", name,
            f"{first}; within the folds {', '.join(dict.fromkeys(inside))}",
            *verdict.chosen(name, first, inside),
        )  # fmt: skip


def _better(paper: Study, predictions: pd.DataFrame) -> Iterator[Row]:
    """How much better the combined model is than each of its parts, on the same patients.

    The internal set, as in the paper; another where the cohort has none.
    """
    sets = list(dict.fromkeys(predictions["split"]))
    split = "internal" if "internal" in sets else next(iter(sets), "")
    printed = reported_metrics(paper, PAPER).set_index(["model", "split"])["reported_auc"]
    part = predictions[predictions["split"] == split]
    for row in contrasts(part, [(FUSED, ALONE), (FUSED, NETWORK)]).to_dict("records"):
        other = row["model_b"]
        reported = round(printed[FUSED, "internal"] - printed[other, "internal"], 6)
        word, note = verdict.difference(reported, row["low"], row["high"])
        yield (
            f"better-than-{slug(other)}", "Results, combined model; Figure 5",
            f"AUC of {FUSED} less that of {other} in the {split} set (paired DeLong test; the "
            "paper: internal set, p < 0.05, against which model is not said)",
            f"{reported:+.3f}", f"{signed(row)}, p {p_text(row['p'])}", word,
            f"Both models' scores of the same patients. {note}".strip(),
        )  # fmt: skip
