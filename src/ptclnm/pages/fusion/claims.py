"""What Ni et al. say of their combined model, judged on the patients at hand."""

from collections.abc import Iterator

import pandas as pd

from ptclnm.evaluation.sets import contrasts
from ptclnm.models.choice import chosen
from ptclnm.models.components import is_deep
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.fusion.source import FUSED
from ptclnm.models.zoo import Tables
from ptclnm.pages.fusion.words import PAPER_NETWORK
from ptclnm.report import verdict, whose
from ptclnm.report.beside import Row, auc_claims, best_claims, judged_by, kept_claim
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.sentences import p_text, signed
from ptclnm.schema import Cohort
from recount import Study, printed_features

PRINTED = {"radiomics": "combined_radiomics", "DL": "combined_deep"}


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
    beside: pd.DataFrame,
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
    beside : DataFrame
        From ``ptclnm.report.beside.read_beside``.

    Returns
    -------
    DataFrame
        The page's rows of the claims table.
    """
    note = whose.claim_note(cohort)
    if network.architecture != PAPER_NETWORK or network.weights != "imagenet":
        start = "ImageNet's" if network.weights == "imagenet" else "other than ImageNet's"
        note = f"Deep features of {network.architecture} from {start} weights here. {note}"
    within = [chosen(part) for _, part in zoo["inner"].groupby("outer")]
    rows = [
        *auc_claims(paper, metrics[metrics["model"] == FUSED], beside),
        *_kept(paper, zoo),
        *best_claims(beside, zoo["cv"], within, "classifiers of the combined features"),
        *_better(paper, beside, predictions),
    ]
    return claim_rows(rows, "fusion", paper, cohort, note)


def _kept(paper: Study, zoo: Tables) -> Iterator[Row]:
    where, draws = paper.features.set_index("quantity")["where"], len(zoo["resamples"])
    for row in counts(zoo, paper).dropna(subset="reported").to_dict("records"):
        part = row["part"]
        what = f"{part} features in the combined model"
        yield kept_claim(f"kept-{slug(part)}", where[PRINTED[part]], what, row, draws)


def _better(paper: Study, beside: pd.DataFrame, predictions: pd.DataFrame) -> Iterator[Row]:
    """How much better the combined model is than each of its parts, on the same patients.

    The internal set, as in the paper; another where the cohort has none.
    """
    sets = list(dict.fromkeys(predictions["split"]))
    split = "internal" if "internal" in sets else next(iter(sets), "")
    asked = {row.against: row for row in judged_by(beside, "difference")}
    pairs = [(row.printed, other) for other, row in asked.items()]
    auc = paper.printed("auc")
    for found in contrasts(predictions[predictions["split"] == split], pairs).to_dict("records"):
        row = asked[found["model_b"]]
        first, second = auc[row.set, row.printed], auc[row.against_set, row.against]
        reported = round(float(first) - float(second), 6)
        word, note = verdict.difference(reported, found["low"], found["high"])
        yield (
            row.claim, row.where,
            f"AUC of {row.printed} less that of {row.against} in the {split} set (paired DeLong "
            "test; the paper: internal set, p < 0.05, against which model is not said)",
            f"{reported:+.3f}", f"{signed(found)}, p {p_text(found['p'])}", word,
            f"{row.note} {note}".strip(),
        )  # fmt: skip
