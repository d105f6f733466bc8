"""What page 06 shows: clinical regression, nomograms, and how they do on other patients."""

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
from ptclnm.evaluation.decision import thresholds
from ptclnm.evaluation.nomogram.study import Built, Fitted, fit_study, nomogram_predictions
from ptclnm.evaluation.operating import rule_of
from ptclnm.models.predictions import check_predictions
from ptclnm.published.tables import Study
from ptclnm.report import nomogram_figures as figures
from ptclnm.report import nomogram_tables as tables
from ptclnm.report import nomogram_text as texts
from ptclnm.report import whose
from ptclnm.report.claims import no_claims
from ptclnm.report.files import replacing
from ptclnm.report.nomogram_calculator import calculator
from ptclnm.report.nomogram_claims import claims_table
from ptclnm.report.nomogram_drawing import nomogram_figure
from ptclnm.report.nomogram_scores import Scores, candidates_of, gather, predictors_of
from ptclnm.report.sentences import auc_text, listing
from ptclnm.report.tables import show


@dataclass(frozen=True)
class NomogramView:
    """What page 06 shows of one cohort.

    Parameters
    ----------
    paper : Study
        The paper whose nomograms are built again.
    cohort : Cohort or None
        The patients; None where they are not on this machine.
    fitted : Fitted or None
        The nomograms.
    scores : Scores or None
        What they were made of, and which nomogram is left out for what reason.
    predictions : DataFrame
        The predictions table: nomograms, then signatures and reader by themselves.
    tables : dict of str to DataFrame
        From ``ptclnm.report.nomogram_tables.make_tables``.
    train_scores : str
        The kind of training score that the nomograms were fitted on.
    missing : str
        Why the data are not here and how to get them; empty where they are.
    """

    paper: Study
    cohort: Cohort | None
    fitted: Fitted | None
    scores: Scores | None
    predictions: pd.DataFrame
    tables: tables.Tables
    train_scores: str
    missing: str = field(default="")

    @property
    def first(self) -> Built:
        """The nomogram of the calculator: the first there is."""
        return self.fitted.built[0]


def view(parameters: Mapping[str, Any]) -> NomogramView:
    """Screen, fit and judge, as the page's parameters say.

    Parameters
    ----------
    parameters : mapping
        ``study, cohort, n_patients, candidates, predictors, p_enter, fewest, classifier,
        classifiers, train_scores, fit_on, cutoff, threshold_low, threshold_high, bootstraps,
        families, deep, weights, image_size, epochs, settings, folds, seed, n_jobs, scheduler``.

    Returns
    -------
    NomogramView
        Where the data are not on this machine, one that says how to get them.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, cohort, pictures or columns, by name; parameters before
        any work.
    """
    p = parameters
    paper = published.load(p["study"])
    rule_of(p["cutoff"])
    thresholds(p["threshold_low"], p["threshold_high"])
    try:
        cohort = cohorts.open(p["cohort"], n_patients=p["n_patients"] or None, seed=p["seed"])
    except MissingDataError as error:
        empty = pd.DataFrame()
        return NomogramView(paper, None, None, None, empty, {}, p["train_scores"], str(error))
    candidates, predictors = candidates_of(cohort, p), predictors_of(cohort, paper, p)
    scores = gather(cohort, paper, p)
    fitted = fit_study(
        scores.table,
        candidates,
        scores.signatures,
        predictors,
        p["fit_on"],
        p["p_enter"],
        p["fewest"],
    )
    parts = [nomogram_predictions(fitted), *([scores.alone] if len(scores.alone) else [])]
    made = pd.concat(parts, ignore_index=True)
    predictions = check_predictions(made.assign(study=paper.name))
    found = tables.make_tables(fitted, scores, predictions, paper, p)
    return NomogramView(paper, cohort, fitted, scores, predictions, found, p["train_scores"])


def summary(found: NomogramView) -> str:
    """Say in Markdown what was built on whom, what is left out, and what came out."""
    if found.cohort is None:
        return whose.left_out(found.missing)
    cohort, fitted = found.cohort, found.fitted
    sizes = listing(
        f"{len(part)} ({int(part['label'].sum())}) in {split}"
        for split, part in fitted.table.groupby("split", sort=False)
    )
    built = listing(f"{one.name} ({one.signature or 'clinical alone'})" for one in fitted.built)
    lines = [
        whose.introduced(cohort),
        f"Patients, with the outcome in brackets: {sizes}. Fitted on {fitted.fit_on}: {built}.",
        texts.found_out(fitted, found.tables),
        *(f":::{{note}}\n{why}\n:::" for why in found.scores.left_out.values()),
        whose.cautions(cohort),
    ]
    return "\n\n".join(lines)


def train_scores_text(found: NomogramView) -> str:
    """Say which training scores were used, and what the other kind would have done."""
    table = found.tables["train_scores"]
    if table.empty:
        return (
            "No signature of this page was fitted on these patients, so that their scores are "
            "those of new patients throughout."
        )
    rows = table[table["split"] != found.fitted.fit_on]
    against = [one.name for one in found.fitted.built if _lowers(one)]
    lines = [
        f"- {row.model}, {row.train_scores}: AUC {row.auc:.3f}, slope {row.slope:.2f} in "
        f"{row.split}."
        for row in rows.itertuples()
    ]
    if against:
        lines.append(
            f"- In {listing(against)} the signature has a negative coefficient: beside the "
            "clinical variables a higher score lowers the risk. A signature that adds nothing "
            "falls on either side of zero."
        )
    head = f"The nomograms of this page are fitted on {found.train_scores} scores."
    return head + "\n\n" + "\n".join(lines)


def _lowers(one: Built) -> bool:
    """Whether a nomogram's signature lowers its risk."""
    table = one.model.table().set_index("term")["coefficient"]
    return bool(one.signature) and table[one.signature] < 0


TEXTS: dict[str, Callable[[NomogramView], str]] = {
    "screen": lambda found: texts.screen(found.fitted),
    "validation": lambda found: texts.validation(found.fitted, found.tables),
    "hosmer": lambda found: texts.hosmer(found.tables),
    "differences": lambda found: texts.differences(found.tables),
    "equations": lambda found: texts.equations(found.fitted),
    "train_scores": train_scores_text,
}


def write(found: NomogramView, name: str) -> str:
    """Write a passage of the page by name, or say why not."""
    return whose.LEFT_OUT if found.cohort is None else TEXTS[name](found)


HEADINGS = {
    "screen": {
        "variable": "Variable", "level": "Level", "odds_ratio": "Odds ratio", "low": "Low",
        "high": "High", "p": "p (Wald)", "p_variable": "p of the variable", "kept": "Passes",
        "note": "Note",
    },
    "coefficients": {
        "model": "Model", "variable": "Variable", "level": "Level", "coefficient": "Coefficient",
        "odds_ratio": "Odds ratio", "low": "Low", "high": "High", "p": "p (Wald)", "vif": "VIF",
    },
    "validation": {
        "model": "Model", "procedure": "In each resample", "index": "Measure",
        "apparent": "Apparent", "optimism": "Optimism", "corrected": "Corrected",
        "draws": "Resamples",
    },
    "calibration": {
        "model": "Model", "split": "Set", "events": "With outcome", "expected": "Expected",
        "intercept": "Intercept", "slope": "Slope", "slope_low": "Low", "slope_high": "High",
        "brier": "Brier", "ici": "ICI",
    },
    "hosmer_lemeshow": {
        "model": "Model", "split": "Set", "g": "Groups", "statistic": "χ²", "df": "df", "p": "p",
    },
    "side_by_side": {
        "split": "Set", "model": "Model", "whose": "Whose", "auc": "AUC (95 % interval)",
        "accuracy": "Accuracy", "sensitivity": "Sensitivity", "specificity": "Specificity",
    },
    "differences": {
        "split": "Set", "model_a": "Model", "model_b": "Against", "difference": "Difference",
        "low": "Low", "high": "High", "z": "z", "p": "p", "p_holm": "p (Holm)",
    },
    "train_scores": {
        "model": "Model", "train_scores": "Training scores", "split": "Set", "auc": "AUC",
        "slope": "Slope",
    },
}  # fmt: skip


def side_by_side(metrics: pd.DataFrame) -> pd.DataFrame:
    """Lay out metrics for reading: a row for ours and, where there is one, one for the paper's."""
    rows = []
    for row in metrics.to_dict("records"):
        head = {"split": row["split"], "model": row["model"]}
        cells = {name: row[name] for name in ("accuracy", "sensitivity", "specificity")}
        rows.append(head | {"whose": "this run", "auc": auc_text(row)} | cells)
        if pd.notna(row["reported_auc"]):
            paper = {"whose": "the paper", "auc": auc_text(row, "reported_")}
            rows.append(head | paper | {"accuracy": row["reported_accuracy"]})
    return pd.DataFrame(rows, columns=list(HEADINGS["side_by_side"]))


def lay_out(found: NomogramView, name: str, caption: str) -> HTML:
    """Show a table of the page by name under a caption."""
    if found.cohort is None:
        return show(pd.DataFrame(), {}, caption)
    table = found.tables["metrics"] if name == "side_by_side" else found.tables[name]
    return show(side_by_side(table) if name == "side_by_side" else table, HEADINGS[name], caption)


def draw(found: NomogramView, name: str) -> Figure | str:
    """Draw a figure of the page by name, or say why not."""
    if found.cohort is None:
        return whose.LEFT_OUT
    made, fitted = found.tables, found.fitted
    if name == "hosmer" and made["hosmer_lemeshow"].empty:
        return "Too few patients with the outcome for five groups."
    last = made["coefficients"].query("model == @fitted.built[-1].name")
    makers: dict[str, Callable[[], Figure]] = {
        "forest": lambda: figures.forest_figure(made["screen"], last),
        "nomograms": lambda: nomogram_figure(fitted.built),
        "roc": lambda: figures.roc_figure(found.predictions, made["metrics"]),
        "calibration": lambda: figures.calibration_figure(made, _risks(fitted), fitted.fit_on),
        "hosmer": lambda: figures.hosmer_figure(made["hosmer_lemeshow"]),
        "decision": lambda: figures.decision_figure(made["decision"]),
    }
    return makers[name]()


def _risks(fitted: Fitted) -> dict:
    parts = {split: fitted.of(split) for split in (fitted.fit_on, *fitted.others)}
    return {
        (one.name, split): (part["label"].to_numpy(), one.model.probability(part))
        for one in fitted.built
        for split, part in parts.items()
    }


def calculate(found: NomogramView) -> HTML:
    """Lay out the calculator of the first nomogram, or say why not."""
    if found.cohort is None:
        return HTML(f"<p>{whose.LEFT_OUT}</p>")
    origin = {
        "simulated": "It comes from simulated patients and knows nothing of real ones.",
        "public": "It comes from few patients of somebody else, untested in practice.",
    }.get(found.cohort.evidence, "It has not been tested in practice.")
    return calculator(found.first, found.fitted.train, origin)


def claims(found: NomogramView) -> pd.DataFrame:
    """Judge what the paper says of its nomograms, on this cohort."""
    if found.cohort is None:
        return no_claims()
    cohort = found.cohort
    note = whose.claim_note(cohort)
    return claims_table(found.paper, cohort.name, cohort.evidence, note, found.fitted, found.tables)


def save(page: Page, found: NomogramView) -> None:
    """Write every table of the page among its results, the predictions as Parquet."""
    if found.cohort is None:
        return
    for name, table in found.tables.items():
        page.save_table(table, name)
    with replacing(page.results / "predictions.parquet") as temporary:
        found.predictions.to_parquet(temporary, index=False)
