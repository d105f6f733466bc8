"""What page 04 shows: super-resolved pictures beside originals, and the models on both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from IPython.display import HTML, Markdown
from matplotlib.figure import Figure

from ptclnm import cohorts, published
from ptclnm.book.page import Page
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import MissingDataError
from ptclnm.evaluation.operating import metrics_table
from ptclnm.features import load_settings
from ptclnm.imaging.superres.arms import check_arms
from ptclnm.models import superres
from ptclnm.models.predictions import check_predictions
from ptclnm.report import superres_figures as figures
from ptclnm.report import superres_results as results
from ptclnm.report import superres_tables as tables
from ptclnm.report import superres_text as words
from ptclnm.report import whose
from ptclnm.report.claims import no_claims
from ptclnm.report.files import replacing
from ptclnm.report.gallery import withheld
from ptclnm.report.metrics import HEADINGS as MODEL_HEADINGS
from ptclnm.report.metrics import side_by_side
from ptclnm.report.superres_slider import comparison
from ptclnm.report.tables import show
from recount import Study

CUTOFF = "youden-train"
ALT = (
    "A nodule and its surroundings on ultrasound, original to the left of a movable border and "
    "super-resolved to the right of it."
)


@dataclass(frozen=True)
class SuperResView:
    """What page 04 shows of one cohort.

    Parameters
    ----------
    paper : Study
        The paper whose protocol is followed.
    cohort : Cohort or None
        The patients; None where they are not on this machine.
    found : Results or None
        What was trained and computed.
    predictions, metrics : DataFrame
        Every model on every arm, and its metrics beside the paper's.
    hidden : str
        Why pictures are not shown; empty where they are.
    missing : str
        Why the data are not here and how to get them; empty where they are.
    """

    paper: Study
    cohort: Cohort | None
    found: "results.Results | None"
    predictions: pd.DataFrame
    metrics: pd.DataFrame
    hidden: str = field(default="")
    missing: str = field(default="")


def asked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give the page's parameters as ``ptclnm.models.superres`` and the deep models name them."""
    p = dict(parameters)
    p |= {"sr_epochs": p["epochs"], "epochs": p["deep_epochs"], "sr_models": p.pop("models")}
    return p


def view(parameters: Mapping[str, Any]) -> SuperResView:
    """Train, super-resolve, extract, fit and judge, as the page's parameters say.

    Parameters
    ----------
    parameters : mapping
        ``study, cohort, n_patients, scale, noise, blocks, channels, epochs, patch_size,
        adversarial, arms, models, train_on, settings, folds, image_size, deep_epochs, pictures,
        seed, devices, n_jobs, show_images``.

    Returns
    -------
    SuperResView
        Where the data are not on this machine, one that says how to get them.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, cohort, pictures or features, by name; parameters
        before any work.
    """
    p = asked(parameters)
    paper = published.load(p["study"])
    superres.sr_plan_of(p)
    superres.zoo_plan_of(p)
    superres.deep_plans_of(p)
    check_arms(p["arms"])
    load_settings(p["settings"] or p["study"])
    try:
        cohort = cohorts.open(p["cohort"], n_patients=p["n_patients"] or None, seed=p["seed"])
    except MissingDataError as error:
        empty = pd.DataFrame()
        return SuperResView(paper, None, None, empty, empty, missing=str(error))
    found = results.results(cohort, p)
    predictions = check_predictions(found.predictions.assign(study=paper.name))
    metrics = tables.beside_paper(metrics_table(predictions, CUTOFF), paper)
    return SuperResView(
        paper, cohort, found, predictions, metrics, withheld(cohort, p["show_images"])
    )


def summary(seen: SuperResView) -> str:
    """Say in Markdown what was trained on whom, and what came out."""
    if seen.found is None:
        return whose.left_out(seen.missing)
    cohort, made = seen.cohort, seen.found
    lines = [
        *([words.LEAK] if made.made.plan.leaks else []),
        whose.introduced(cohort),
        words.trained(made.made.plan, made.trained_pictures, made.trained_patients),
        words.quality(made.tables["quality"]),
        whose.cautions(cohort),
    ]
    return "\n\n".join(lines)


def text(seen: SuperResView, name: str) -> str:
    """Give a paragraph of the page by name."""
    if seen.found is None:
        return whose.LEFT_OUT
    made = seen.found.tables
    makers: dict[str, Callable[[], str]] = {
        "detail": lambda: words.detail(made["detail"], made["agreement"]),
        "drift": lambda: words.drift(made["drift"], made["selected"], seen.found.drift_pictures),
        "models": lambda: words.models(made["pairs"]),
        "cause": lambda: words.cause(made["cause"]),
        "left_out": lambda: seen.found.left_out,
    }
    return makers[name]()


LAYOUTS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], dict[str, str]]] = {
    "quality": (tables.quality_layout, {
        "task": "Task", "method": "Method", **tables.UNITS,
    }),
    "classes": (lambda table: table, {
        "part": "Class", "features": "Features", "above": "Above 0.75", "share": "Share",
        "median": "Median ICC", "lowest": "Lowest",
    }),
    "filters": (lambda table: table, {
        "part": "Image type", "features": "Features", "above": "Above 0.75", "share": "Share",
        "median": "Median ICC", "lowest": "Lowest",
    }),
    "selected": (lambda table: table, {
        "feature": "Feature", "coefficient": "Coefficient", "icc": "ICC(A,1)",
        "shift": "Shift (SD)", "stays": "Above 0.75",
    }),
    "metrics": (side_by_side, MODEL_HEADINGS),
    "pairs": (tables.pairs_layout, {
        "split": "Set", "model": "Model", "auc_a": "SR", "auc_b": "OR",
        "gain": "Difference (95 % CI)", "p": "p", "p_holm": "p (Holm)", "n": "Patients",
    }),
    "cause": (tables.cause_layout, {
        "split": "Set", "model": "Model", "what": "Pictures", "auc": "AUC",
        "gain_text": "Less originals' (95 % CI)", "gain_p": "p",
        "sr_over_text": "SR less this (95 % CI)", "sr_over_p": "p",
    }),
}  # fmt: skip


CAPTIONS = {
    "quality": "Both tasks, every measure: mean over patients with its 95 % interval. Paired "
    "differences are in the CSV.",
    "classes": "Features by class: how many keep an ICC(A,1) above 0.75.",
    "filters": "Features by image type: how many keep an ICC(A,1) above 0.75.",
    "selected": "The features that the selection keeps on originals, and how far they move.",
    "metrics": "Every model on original and super-resolved pictures, and the paper's.",
    "pairs": "AUC on super-resolved less that on original pictures, outside the training set, by "
    "DeLong's paired test.",
    "cause": "Every kind of picture against the originals, and super-resolution against it.",
}


def table_of(seen: SuperResView, name: str) -> pd.DataFrame:
    """Give a table of the page by name; empty where the data are not here."""
    if seen.found is None:
        return pd.DataFrame()
    if name == "metrics":
        arms = seen.metrics["model"].str.startswith(("SR_", "OR_"))
        return seen.metrics[arms].reset_index(drop=True)
    return seen.found.tables[name]


def lay_out(seen: SuperResView, name: str) -> HTML:
    """Show a table of the page by name under its caption."""
    made, headings = LAYOUTS[name]
    table = table_of(seen, name)
    return show(table if table.empty else made(table), headings, CAPTIONS[name])


def slider(seen: SuperResView, number: int = 0) -> HTML | Markdown:
    """Show a picture before and after under a slider, or say why not."""
    if seen.found is None:
        return Markdown("" if number else whose.LEFT_OUT)
    if seen.hidden:
        return Markdown("" if number else seen.hidden.replace("the gallery", "the pictures"))
    if number >= len(seen.found.shown):
        return Markdown("")
    one = seen.found.shown[number]
    names = ("Original", "Super-resolved")
    return comparison(one.original, one.made, one.mask, one.white, names, ALT)


def draw(seen: SuperResView, name: str) -> Figure | str:
    """Draw a figure of the page by name, or say why not."""
    if seen.found is None:
        return whose.LEFT_OUT
    made = seen.found.tables
    if name in ("detail", "truth") and made["detail"].empty:
        return "Only simulated pictures have a finer truth to compare with."
    if name == "cause" and made["cause"].empty:
        return "Nothing to compare."
    makers: dict[str, Callable[[], Figure]] = {
        "quality": lambda: figures.quality_figure(made["quality"]),
        "detail": lambda: figures.detail_figure(made["agreement"]),
        "truth": lambda: figures.truth_figure(*seen.found.truth),
        "drift": lambda: figures.drift_figure(made["drift"]),
        "roc": lambda: figures.roc_figure(seen.predictions, seen.metrics, seen.found.models),
        "cause": lambda: figures.cause_figure(made["cause"]),
    }
    return makers[name]()


def claims(seen: SuperResView) -> pd.DataFrame:
    """Judge what the paper says of super-resolution, on this cohort."""
    if seen.found is None:
        return no_claims()
    cohort, made = seen.cohort, seen.found.tables
    note = whose.claim_note(cohort)
    if seen.found.made.plan.leaks:
        note = f"LEAK: trained on all patients. {note}"
    return tables.claims_table(
        seen.paper, cohort.name, cohort.evidence, note, seen.metrics, made["pairs"],
        made["quality"], made["detail"],
    )  # fmt: skip


def save(page: Page, seen: SuperResView) -> None:
    """Write every table of the page among its results, the predictions as Parquet."""
    if seen.found is None:
        return
    names = ("quality", "drift", "classes", "filters", "selected", "pairs", "cause", "detail",
             "agreement", "history")  # fmt: skip
    for name in names:
        page.save_table(seen.found.tables[name], name)
    page.save_table(seen.metrics, "metrics")
    with replacing(page.results / "predictions.parquet") as temporary:
        seen.predictions.to_parquet(temporary, index=False)
