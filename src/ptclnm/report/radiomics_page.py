"""What page 02 shows: features, selection, the zoo, and the paper's table beside ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from ptclnm import cohorts, published
from ptclnm.book.page import Page
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import MissingDataError
from ptclnm.evaluation.operating import TRAIN, metrics_table, proportion_intervals, rule_of
from ptclnm.features import load_settings
from ptclnm.models import choice, classifiers
from ptclnm.models.predictions import check_predictions
from ptclnm.models.radiomics import plan_of, zoo_of
from ptclnm.report import radiomics_features as features
from ptclnm.report import radiomics_figures as figures
from ptclnm.report import radiomics_tables as tables
from ptclnm.report import whose
from ptclnm.report.claims import no_claims
from ptclnm.report.files import replacing
from ptclnm.report.sentences import auc_text, count, listing
from ptclnm.report.tables import show
from recount import Study

# Patients with the outcome in a fold below which the page says how few there are.
FEW = 10
NOTHING_KEPT = (
    "No feature is kept: at the penalty of least cross-validated error every coefficient is zero. "
    "Every classifier then gives each patient the same score, and its AUC is 0.5."
)


@dataclass(frozen=True)
class ZooView:
    """What page 02 shows of one cohort.

    Parameters
    ----------
    paper : Study
        The paper whose protocol is followed.
    cohort : Cohort or None
        The patients; None where they are not on this machine.
    names : tuple of str
        Names of the extracted features.
    tables : dict of str to DataFrame
        From ``ptclnm.models.zoo.run_zoo``, and ``image_types``.
    predictions, metrics : DataFrame
        The predictions table, and every model in every set beside the paper's numbers.
    cutoff : str
        Rule for the cut-off.
    missing : str
        Why the data are not here and how to get them; empty where they are.
    """

    paper: Study
    cohort: Cohort | None
    names: tuple[str, ...]
    tables: dict[str, pd.DataFrame]
    predictions: pd.DataFrame
    metrics: pd.DataFrame
    cutoff: str
    missing: str = field(default="")


def view(parameters: Mapping[str, Any]) -> ZooView:
    """Extract, select, fit and judge, as the page's parameters say.

    Parameters
    ----------
    parameters : mapping
        ``study, cohort, n_patients, settings, classifiers, folds, cutoff, seed, n_jobs,
        scheduler``; empty `settings` are the study's own, no `classifiers` are all, `n_patients`
        and `n_jobs` of 0 are all patients and cores.

    Returns
    -------
    ZooView
        Where the data are not on this machine, one that says how to get them.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, cohort, pictures or features, by name; parameters
        before any work.
    """
    p = parameters
    paper = published.load(p["study"])
    plan_of(p)
    rule_of(p["cutoff"], left_out=True)
    load_settings(p["settings"] or p["study"])
    try:
        cohort = cohorts.open(p["cohort"], n_patients=p["n_patients"] or None, seed=p["seed"])
    except MissingDataError as error:
        empty = pd.DataFrame()
        return ZooView(paper, None, (), {}, empty, empty, p["cutoff"], str(error))
    data, made = zoo_of(cohort, p)
    made = made | {"image_types": features.image_types(pd.DataFrame(data.X, columns=data.names))}
    predictions = check_predictions(made["predictions"].assign(study=paper.name))
    metrics = metrics_table(predictions, p["cutoff"], made["cv_scores"])
    metrics = tables.beside_paper(metrics, paper)
    return ZooView(paper, cohort, data.names, made, predictions, metrics, p["cutoff"])


def summary(found: ZooView) -> str:
    """Say in Markdown what was fitted on whom, and what came out."""
    if found.cohort is None:
        return whose.left_out(found.missing)
    cohort, best = found.cohort, choice.choose(found.tables["cv"])
    name = best.loc[best["chosen"], "classifier"].iloc[0]
    rows = found.metrics[found.metrics["model"] == name].to_dict("records")
    aucs = listing(f"{auc_text(row)} in {row['split']}" for row in rows)
    kept = int(found.tables["steps"]["kept"].iloc[-1])
    lines = [
        whose.introduced(cohort),
        f"{_sizes(found.predictions)} Of {count(len(found.names), 'feature')}, the selection keeps "
        f"{kept}. The rule chooses **{name}**; its AUC is {aucs}.",
        whose.cautions(cohort),
    ]
    return "\n\n".join(lines)


def _sizes(predictions: pd.DataFrame) -> str:
    one = predictions[predictions["model"] == predictions["model"].iloc[0]]
    sizes = one.groupby("split", sort=False)["label"].agg(["size", "sum"])
    parts = [f"{row['size']} ({row['sum']}) in {split}" for split, row in sizes.iterrows()]
    return f"Patients, with the outcome in brackets: {listing(parts)}."


def features_text(found: ZooView) -> str:
    """Say how many of the features can say anything of the nodule."""
    if found.cohort is None:
        return whose.LEFT_OUT
    kept = found.tables["coefficients"]["feature"]
    return features.text(found.tables["image_types"], found.names, kept)


def selection_text(found: ZooView) -> str:
    """Say what the selection kept, and how sure that is."""
    if found.cohort is None:
        return whose.LEFT_OUT
    kept, drawn = found.tables["coefficients"], found.tables["resamples"]["kept"]
    if not len(drawn):
        return "" if len(kept) else NOTHING_KEPT
    low, middle, high = drawn.quantile([0.025, 0.5, 0.975])
    often = int((found.tables["survival"]["share"] > 0.5).sum())
    text = (
        f"In {len(drawn)} bootstrap resamples of the training patients the same selection keeps "
        f"{middle:.0f} features at the median ({low:.0f}–{high:.0f}), and none in "
        f"{int((drawn == 0).sum())}. {count(often, 'feature')} survive"
        f"{'s' if often == 1 else ''} more than half of the resamples."
    )
    return text if len(kept) else f"{NOTHING_KEPT}\n\n{text}"


def choice_text(found: ZooView) -> str:
    """Say which classifier is chosen, by which rule, and what the choice itself is worth."""
    if found.cohort is None:
        return whose.LEFT_OUT
    cv, inner = found.tables["cv"], found.tables["inner"]
    table = choice.choose(cv)
    by = {
        name: table.loc[table[name], "classifier"].iloc[0]
        for name in ("chosen", "highest_mean", "lowest_sd")
    }
    worth = choice.optimism(cv, inner).set_index("estimate")["auc"]
    gap = worth["chosen"] - worth["nested"]
    return (
        f"Highest mean less SD: **{by['chosen']}**; highest mean: {by['highest_mean']}; lowest SD: "
        f"{by['lowest_sd']}. Cross-validated, the chosen classifier has an AUC of "
        f"{worth['chosen']:.3f}. The choice itself, judged on folds that it has not seen, has "
        f"{worth['nested']:.3f}: {abs(gap):.3f} {'less' if gap >= 0 else 'more'}."
        f"{_few(found.tables['cv_scores'])}"
    )


def _few(scores: pd.DataFrame) -> str:
    """Say on how few patients with the outcome a fold's AUC rests; nothing where they are more."""
    one = scores[scores["model"] == scores["model"].iloc[0]]
    positives = one.groupby("fold")["label"].sum()
    low, high = int(positives.min()), int(positives.max())
    if low >= FEW:
        return ""
    number = count(high, "patient") if low == high else f"{low} to {high} patients"
    return f" A fold has only {number} with the outcome: its AUC moves far by chance."


def cutoff_text(found: ZooView) -> str:
    """Say where the scores are cut, and of which models the cut-off comes from known labels."""
    rules = {
        "youden-train": "Scores are cut where sensitivity + specificity is greatest in the "
        "training set, and nowhere else.",
        "youden-cv": "Scores are cut where sensitivity + specificity is greatest for training "
        "patients whom each model has not seen: their scores of the cross-validation, all folds "
        "pooled.",
        "youden-eval": "Scores are cut where sensitivity + specificity is greatest in the very set "
        "that is judged. This flatters: the cut-off has seen the labels.",
    }
    text = rules.get(found.cutoff, f"Scores are cut at {found.cutoff}.")
    return f"{text} {_memorised(found)}".strip()


def _memorised(found: ZooView) -> str:
    """Name the models whose cut-off lies between training scores that know the labels."""
    if found.cutoff != "youden-train" or found.metrics.empty:
        return ""
    rows = found.metrics[(found.metrics["split"] == TRAIN) & (found.metrics["auc"] == 1)]
    if rows.empty:
        return ""
    one = len(rows) == 1
    return (
        f"The training AUC of {listing(rows['model'])} is 1: {'its' if one else 'their'} scores of "
        "training patients know the labels. A cut-off between such scores may call nobody positive "
        f"in other sets: read {'its' if one else 'their'} AUC there, not "
        f"{'its' if one else 'their'} sensitivity, or run the page with the cut-off `youden-cv`, "
        "which takes scores of patients that a model has not seen."
    )


def table_of(found: ZooView, name: str) -> pd.DataFrame:
    """Give a table of the page by name; empty where the data are not here."""
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "features": lambda: tables.feature_counts(found.names, found.paper),
        "classifiers": lambda: _classifiers(found),
        "metrics": lambda: found.metrics,
        "side_by_side": lambda: tables.side_by_side(found.metrics),
        "choice": lambda: choice.choose(found.tables["cv"]),
        "nested": lambda: choice.nested(found.tables["cv"], found.tables["inner"]),
        "optimism": lambda: choice.optimism(found.tables["cv"], found.tables["inner"]),
        "intervals": lambda: proportion_intervals(found.metrics),
    }
    if found.cohort is None:
        return pd.DataFrame(columns=list(HEADINGS.get(name, {"": ""})))
    return makers[name]() if name in makers else found.tables[name]


def _classifiers(found: ZooView) -> pd.DataFrame:
    table = classifiers.settings_table()
    return table[table["classifier"].isin(found.tables["cv"]["classifier"])]


HEADINGS = {
    "classifiers": {
        "classifier": "Name", "title": "Classifier", "library": "Library", "settings": "Settings",
        "rule": "Our rule",
    },
    "features": {"part": "Features", "reported": "Paper", "obtained": "Here"},
    "image_types": features.HEADINGS,
    "side_by_side": tables.HEADINGS,
    "choice": {
        "classifier": "Classifier", "mean": "Mean AUC", "sd": "SD", "mean_minus_sd": "Mean − SD",
        "chosen": "Chosen",
    },
    "nested": {
        "fold": "Fold", "chosen": "Chosen on the rest", "inner_auc": "AUC on the rest",
        "auc": "AUC on the fold",
    },
    "optimism": {
        "estimate": "Estimate", "classifier": "Classifier", "auc": "Mean AUC", "sd": "SD of folds",
    },
}  # fmt: skip


def lay_out(found: ZooView, name: str, caption: str, digits: int = 3) -> HTML:
    """Show a table of the page by name under a caption."""
    return show(table_of(found, name), HEADINGS[name], caption, digits)


def draw(found: ZooView, name: str) -> Figure | str:
    """Draw a figure of the page by name, or say why not."""
    if found.cohort is None:
        return whose.LEFT_OUT
    made = found.tables
    if name == "coefficients" and made["coefficients"].empty:
        return NOTHING_KEPT
    if name == "survival" and made["survival"].empty:
        return "No feature is kept in any resample."
    makers: dict[str, Callable[[], Figure]] = {
        "steps": lambda: figures.steps_figure(made["steps"]),
        "lasso": lambda: figures.lasso_figure(made["lasso_path"], made["lasso_cv"]),
        "coefficients": lambda: figures.coefficients_figure(made["coefficients"]),
        "survival": lambda: figures.survival_figure(
            made["survival"], made["resamples"], list(made["coefficients"]["feature"])
        ),
        "cv": lambda: figures.cv_figure(
            made["cv"], table_of(found, "choice"), table_of(found, "nested")
        ),
        "roc": lambda: figures.roc_figure(found.predictions, found.metrics),
    }
    return makers[name]()


def claims(found: ZooView) -> pd.DataFrame:
    """Judge what the paper says of its radiomics models, on this cohort."""
    if found.cohort is None:
        return no_claims()
    cohort = found.cohort
    note = whose.claim_note(cohort)
    return tables.claims_table(
        found.paper, cohort.name, cohort.evidence, note, found.names, found.tables, found.metrics
    )


def save(page: Page, found: ZooView) -> None:
    """Write every table of the page among its results, the predictions as Parquet."""
    if found.cohort is None:
        return
    names = (
        "features", "image_types", "classifiers", "steps", "coefficients", "survival", "cv",
        "choice", "nested", "optimism", "metrics", "intervals",
    )  # fmt: skip
    for name in names:
        page.save_table(table_of(found, name), name)
    with replacing(page.results / "predictions.parquet") as temporary:
        found.predictions.to_parquet(temporary, index=False)
