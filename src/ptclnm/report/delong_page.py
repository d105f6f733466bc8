"""What page 07 shows: every model against every other, and what the printed p-values need."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from ptclnm import cohorts, published
from ptclnm.book.page import Page
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation import NestedModelsWarning, auc_table
from ptclnm.evaluation.operating import rule_of
from ptclnm.evaluation.study import mispaired
from ptclnm.models import clinical, sources
from ptclnm.models.radiomics import plan_of
from ptclnm.published.audit import Audit, audit
from ptclnm.report import delong_figures as figures
from ptclnm.report import delong_layouts as layouts
from ptclnm.report import delong_tables as tables
from ptclnm.report import whose
from ptclnm.report.claims import no_claims
from ptclnm.report.delong_study import REFERENCE, found_splits, stored_study
from ptclnm.report.files import replacing
from ptclnm.report.sentences import count
from ptclnm.report.tables import show


@dataclass(frozen=True)
class DelongView:
    """What page 07 shows of one cohort.

    Parameters
    ----------
    audit : Audit
        Of the paper's printed numbers.
    cohort : Cohort or None
        The patients; None where they are not on this machine.
    predictions : DataFrame
        The predictions table of every family asked for.
    tables : dict of str to DataFrame
        ``auc, pairs, all_at_once, bootstrap, mcnemar, needs, strangers, study, mispaired``.
    correlation : Series
        Correlations of the AUCs of every two models here.
    families : tuple of str
        Who predicts.
    missing : str
        Why the data are not here and how to get them; empty where they are.
    """

    audit: Audit
    cohort: Cohort | None
    predictions: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    correlation: pd.Series
    families: tuple[str, ...]
    missing: str = field(default="")


def view(parameters: Mapping[str, Any]) -> DelongView:
    """Predict, compare and judge the method, as the page's parameters say.

    Parameters
    ----------
    parameters : mapping
        ``study, cohort, n_patients, families, cutoff, bootstraps, simulations, seed``, and what
        the families read; no `families` are all that can score the cohort.

    Returns
    -------
    DelongView
        Where the data are not on this machine, one without patients that says how to get them:
        the study of the method, and what printed p-values need, are there all the same.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, cohort or families, by name; parameters before any
        work.
    """
    p = parameters
    rule_of(p["cutoff"])
    if "radiomics" in p["families"]:
        plan_of(p)
    made = audit(published.load(p["study"]))
    empty = pd.Series(dtype=float)
    try:
        cohort = cohorts.open(p["cohort"], n_patients=p["n_patients"] or None, seed=p["seed"])
    except MissingDataError as error:
        found = _method(made, p) | {"needs": tables.needs(made, empty)}
        return DelongView(made, None, pd.DataFrame(), found, empty, (), str(error))
    families = tuple(dict.fromkeys(p["families"])) or sources.available(cohort)
    if not families:
        raise ParameterError("families", [f"no family can score {cohort.name}"])
    sources.require(families, cohort)
    parts = [sources.predictions(family, cohort, p) for family in families]
    predictions = pd.concat(parts, ignore_index=True)
    correlation = tables.correlations(predictions)
    found = _patients(cohort, predictions, p) | _method(made, p)
    found["needs"] = tables.needs(made, correlation)
    return DelongView(made, cohort, predictions, found, correlation, families)


def _patients(cohort: Cohort, predictions: pd.DataFrame, p: Mapping) -> dict[str, pd.DataFrame]:
    judged = pd.concat(tables.sets_of(predictions).values(), ignore_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NestedModelsWarning)  # the page names them in a sentence
        pairs = tables.all_pairs(predictions, clinical.inputs(cohort))
    return {
        "auc": auc_table(judged),
        "pairs": pairs,
        "all_at_once": tables.all_at_once(predictions),
        "bootstrap": tables.beside_bootstrap(predictions, p["bootstraps"], p["seed"]),
        "mcnemar": tables.calls(predictions, p["cutoff"]),
        "strangers": tables.strangers(predictions),
    }


def _method(made: Audit, p: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    splits = found_splits(made)
    own = [sizes for name, sizes in splits.items() if name not in REFERENCE]
    pair = (own or list(splits.values()))[:2]
    return {
        "study": stored_study(splits, p["simulations"], p["seed"]),
        "mispaired": mispaired(pair[0], pair[-1], p["simulations"], p["seed"]),
    }


def lay_out(found: DelongView, name: str, caption: str) -> HTML:
    """Show a table of the page by name under a caption."""
    if found.cohort is None and name != "needs":
        return show(pd.DataFrame(), {}, caption)
    table, headings = layouts.LAYOUTS[name](found.tables[name])
    left = len(found.tables[name]) - len(table)
    more = f" {count(left, 'more row')} in {name}.csv." if left else ""
    return show(table, headings, f"{caption}{more}")


def draw(found: DelongView, name: str) -> Figure | str:
    """Draw a figure of the page by name, or say why not."""
    made = found.tables
    if name == "study":
        return figures.study_figure(made["study"])
    if name == "strangers":
        rows = made.get("strangers", pd.DataFrame())
        return figures.strangers_figure(made["mispaired"], rows)
    if found.cohort is None:
        return whose.LEFT_OUT
    if name in ("matrix", "bootstrap") and made["bootstrap"].empty:
        return tables.ALONE
    makers: dict[str, Callable[[], Figure]] = {
        "roc": lambda: figures.roc_panel(found.predictions, made["auc"]),
        "matrix": lambda: figures.matrix_figure(tables.by_set(made["pairs"]), made["auc"]),
        "bootstrap": lambda: figures.bootstrap_figure(made["bootstrap"]),
    }
    return makers[name]()


def claims(found: DelongView) -> pd.DataFrame:
    """Judge the paper's p-values by the correlations found on this cohort."""
    if found.cohort is None:
        return no_claims()
    cohort = found.cohort
    return tables.claims_table(
        found.audit, cohort.name, cohort.evidence, whose.claim_note(cohort), found.correlation
    )


def save(page: Page, found: DelongView) -> None:
    """Write every table of the page among its results, the predictions as Parquet."""
    for name, table in found.tables.items():
        page.save_table(table, name)
    if found.cohort is not None:
        with replacing(page.results / "predictions.parquet") as temporary:
            found.predictions.to_parquet(temporary, index=False)
