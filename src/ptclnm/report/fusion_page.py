"""What page 05 shows: fusion, what its parts add, what it rests on, and habitats."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from ptclnm import cohorts, published
from ptclnm.book.page import Page
from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate.patients import STUDIES
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation.external import by_setting, calibration_table, drift
from ptclnm.evaluation.increments import increments
from ptclnm.evaluation.operating import TRAIN, metrics_table, rule_of
from ptclnm.features import load_settings
from ptclnm.models.choice import choose
from ptclnm.models.fusion import texture
from ptclnm.models.fusion.importance import COLUMNS as IMPORTANCE
from ptclnm.models.fusion.importance import importance
from ptclnm.models.fusion.join import (
    CLINICAL,
    SIZE,
    SIZE_COLUMNS,
    clinical_features,
    size_features,
)
from ptclnm.models.fusion.parts import part_predictions
from ptclnm.models.fusion.source import FUSED, Fused, fused_of, network_of, plan_of
from ptclnm.models.predictions import check_predictions
from ptclnm.models.validation import FoldsError
from ptclnm.models.zoo import fit_zoo
from ptclnm.report import fusion_tables as tables
from ptclnm.report import fusion_texts as texts
from ptclnm.report import metrics as radiomics_tables
from ptclnm.report import whose
from ptclnm.report.claims import no_claims
from ptclnm.report.files import replacing
from ptclnm.report.fusion_habitats import (
    HabitatView,
    habitat_view,
    habitats_text,
    stability_text,
    truth_text,
)
from ptclnm.report.sentences import auc_text, listing
from recount import Study

# The pairs of feature sets that say what texture and size are worth.
PAIRS = (
    (texture.AS_IT_IS, texture.FREED), (texture.AS_IT_IS, texture.AREA_ALONE),
    (texture.FREED, "chance"), (texture.UNTOUCHED, texture.SHUFFLED),
    (texture.UNTOUCHED, texture.OUTLINE_ALONE),
)  # fmt: skip
# Settings of a machine, and into how many groups their values are cut.
SETTINGS = {"center": 0, "frequency_mhz": 0, "gain_db": 3}


@dataclass(frozen=True, eq=False)
class FusionView:
    """What page 05 shows of one cohort.

    Parameters
    ----------
    paper : Study
        The paper whose protocol is followed.
    cohort : Cohort or None
        The patients; None where they are not on this machine or too few.
    cutoff : str
        Rule for the cut-off.
    fused : Fused or None
        Features, fused zoo and scores.
    habitats : HabitatView or None
        Habitats of the nodules.
    made : dict of str to DataFrame
        Every table of the page by name.
    show_images : bool
        Whether pictures that may not be published are shown.
    missing : str
        Why nothing is here, and what to do; empty where all is.
    """

    paper: Study
    cohort: Cohort | None
    cutoff: str
    fused: Fused | None = None
    habitats: HabitatView | None = None
    made: dict[str, pd.DataFrame] = field(default_factory=dict)
    show_images: bool = False
    missing: str = ""


def view(parameters: Mapping[str, Any]) -> FusionView:
    """Fuse, compare, take apart and map, as the page's parameters say.

    Parameters
    ----------
    parameters : mapping
        ``study, cohort, n_patients, settings, network, layer, weights, image_size, margin,
        epochs, batch_size, lr, freeze, classifiers, folds, resamples, stack, fewest_habitats,
        most_habitats, cutoff, seed, n_jobs, scheduler, devices, show_images``. Those of the names
        of pages 02 and 03 mean what they mean there, and find the same entries of the cache.

    Returns
    -------
    FusionView
        Where the data are not on this machine, or a class has fewer patients than folds, one that
        says so.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, cohort, pictures, weights or features, by name;
        parameters before any work.
    """
    p = parameters
    paper = _check(p)
    try:
        cohort = cohorts.open(p["cohort"], n_patients=p["n_patients"] or None, seed=p["seed"])
        fused = fused_of(cohort, p)
    except (MissingDataError, FoldsError) as error:
        return FusionView(paper, None, p["cutoff"], missing=str(error))
    n_jobs = p["n_jobs"] or None
    habitats = habitat_view(cohort, _range(p), p["seed"], n_jobs)
    predictions = check_predictions(fused.predictions.assign(study=paper.name))
    found = _tables(paper, cohort, fused, predictions, p)
    return FusionView(paper, cohort, p["cutoff"], fused, habitats, found, p["show_images"])


def _check(p: Mapping[str, Any]) -> Study:
    paper = published.load(p["study"])
    if not (paper.features["quantity"] == "combined_radiomics").any():
        raise ParameterError("study", [f"{paper.name!r} prints no combined model; take ni2024"])
    plan_of(p)
    network_of(p)
    rule_of(p["cutoff"])
    load_settings(p["settings"] or p["study"])
    _range(p)
    return paper


def _range(p: Mapping[str, Any]) -> range:
    """Numbers of habitats to try."""
    fewest, most = p["fewest_habitats"], p["most_habitats"]
    if not 2 <= fewest <= most:
        raise ParameterError("habitats", [f"fewest_habitats is {fewest}, most_habitats {most}; "
                                          "allowed: from 2, and the fewest first"])  # fmt: skip
    return range(fewest, most + 1)


def _tables(
    paper: Study, cohort: Cohort, fused: Fused, predictions: pd.DataFrame, p: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    zoo = check_predictions(fused.tables["predictions"].assign(study=paper.name))
    parts = parts_of(cohort, fused)
    apart = part_predictions(cohort.table, parts, p["folds"], p["seed"])
    metrics = radiomics_tables.beside_paper(
        metrics_table(predictions, p["cutoff"]), paper, tables.PAPER
    )
    return {
        "predictions": predictions,
        "zoo_predictions": zoo,
        "selected": fused.tables["coefficients"],
        "counts": tables.counts_table(fused.tables, paper),
        "metrics": metrics,
        "classifiers": radiomics_tables.beside_paper(metrics_table(zoo, p["cutoff"]), paper, {}),
        "choice": choose(fused.tables["cv"]),
        "pairs": tables.pairs_by_set(predictions),
        "increments": increments(apart),
        "texture": _texture(cohort, fused, p),
        "importance": _importance(fused, p),
        **_external(cohort, predictions),
    }


def parts_of(cohort: Cohort, fused: Fused) -> dict[str, pd.DataFrame]:
    """Features by part, clinical ones and size among them where the cohort has any."""
    parts = dict(fused.parts)
    clinical = clinical_features(cohort)
    if clinical.shape[1] > 1:
        parts[CLINICAL] = clinical
    return parts | {SIZE: size_features(cohort, fused.parts["radiomics"])}


def _texture(cohort: Cohort, fused: Fused, p: Mapping[str, Any]) -> pd.DataFrame:
    settings = load_settings(p["settings"] or p["study"])
    plain = texture.shuffled_features(cohort, settings, p["seed"], p["n_jobs"] or None)
    scores = texture.texture_predictions(
        cohort.table, fused.parts["radiomics"], plain, p["folds"], p["seed"]
    )
    chance = scores[scores["model"] == texture.FREED].assign(model="chance", score=0.5)
    return tables.against(pd.concat([scores, chance], ignore_index=True), PAIRS)


def _importance(fused: Fused, p: Mapping[str, Any]) -> pd.DataFrame:
    """Importance in the first set that nothing was fitted on and that has both classes."""
    plan = plan_of(dict(p) | {"classifiers": [fused.classifier]})
    data = fused.data
    for split in [name for name in dict.fromkeys(data.splits) if name != TRAIN]:
        part = data.rows(data.splits == split)
        if len(set(part.labels.tolist())) == 2:
            model = fit_zoo(data.train, plan)[fused.classifier]
            return importance(model, part, p["seed"]).assign(split=split)
    return pd.DataFrame(columns=[*IMPORTANCE, "split"])


def _external(cohort: Cohort, predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Calibration, and performance by centre; of simulated patients by their machine, too."""
    own = predictions[predictions["model"].isin([FUSED, tables.ALONE, tables.NETWORK])]
    settings = cohort.patients[["patient_id", "center"]].astype(str)
    names, moved = {"center": 0}, pd.DataFrame(columns=["model", "n", "rho", "p"])
    if cohort.evidence == "simulated" and cohort.name in STUDIES:
        from ptclnm.cohorts.simulate.truth import load_scanners

        settings = settings.merge(load_scanners(cohort), on="patient_id", validate="1:1")
        names, moved = SETTINGS, drift(own, settings, "gain_db")
    return {
        "calibration": calibration_table(own),
        "settings": by_setting(own, settings, names),
        "drift": moved,
    }


def summary(found: FusionView) -> str:
    """Say in Markdown what was fused on whom, with which network, and what came out."""
    if found.fused is None or found.cohort is None:
        return whose.left_out(found.missing)
    cohort, fused = found.cohort, found.fused
    rows = found.made["metrics"][found.made["metrics"]["model"] == FUSED]
    aucs = listing(
        f"{auc_text(row)} in {row['split']}, {row['n']} patients "
        f"({row['positives']} with the outcome)"
        for row in rows.to_dict("records")
    )
    own = ", ".join(f"{name} ({part.shape[1] - 1:,})" for name, part in fused.parts.items())
    lines = [
        _network(found),
        whose.introduced(cohort),
        f"Features: {own}. The rule chooses **{fused.classifier}**; the AUC of {FUSED} is {aucs}.",
        whose.cautions(cohort),
    ]
    return "\n\n".join(line for line in lines if line)


def _network(found: FusionView) -> str:
    plan = found.fused.network
    return texts.network_text(
        plan.architecture, plan.weights, plan.freeze, found.fused.layer, found.fused.about
    )


def say_about(found: FusionView, name: str) -> str:
    """Write the sentences of a section of the page."""
    if found.fused is None:
        return whose.LEFT_OUT
    made, fused = found.made, found.fused
    column = next((c for c in SIZE_COLUMNS if c in found.cohort.clinical), "")
    size = f"the column {column}" if column else "the square root of the mask's area"
    weights = {} if fused.stack is None else dict(
        zip(fused.stack.models, fused.stack.weights, strict=True))  # fmt: skip
    makers: dict[str, Callable[[], str]] = {
        "counts": lambda: texts.counts_text(
            made["counts"], fused.tables["resamples"], fused.tables["survival"]),
        "memory": lambda: texts.memory_text(made["metrics"], made["choice"]),
        "fusion": lambda: texts.fusion_text(made["pairs"]),
        "late": lambda: texts.late_text(made["pairs"], weights),
        "increments": lambda: texts.increments_text(made["increments"], size),
        "texture": lambda: texts.texture_text(made["texture"]),
        "importance": lambda: texts.importance_text(made["importance"]),
        "external": lambda: texts.external_text(made["calibration"], made["drift"]),
        "habitats": lambda: habitats_text(found.habitats),
        "stability": lambda: stability_text(found.habitats),
        "truth": lambda: truth_text(found.habitats),
    }  # fmt: skip
    return makers[name]()


def lay_out(found: FusionView, name: str, caption: str) -> HTML:
    """Show a table of the page by name under a caption."""
    from ptclnm.report.fusion_look import shown_table

    return shown_table(found, name, caption)


def draw(found: FusionView, name: str) -> Figure | str:
    """Draw a figure of the page by name, or say why not."""
    from ptclnm.report.fusion_look import figure

    return whose.LEFT_OUT if found.fused is None else figure(found, name)


def claims(found: FusionView) -> pd.DataFrame:
    """Judge what the paper says of its combined model, on this cohort."""
    if found.fused is None or found.cohort is None:
        return no_claims()
    cohort, plan = found.cohort, found.fused.network
    note = whose.claim_note(cohort)
    if plan.architecture != texts.PAPER_NETWORK or plan.weights != "imagenet":
        start = "ImageNet's" if plan.weights == "imagenet" else "other than ImageNet's"
        note = f"Deep features of {plan.architecture} from {start} weights here. {note}"
    return tables.claims_table(
        found.paper, cohort.name, cohort.evidence, note, found.fused.tables,
        found.made["predictions"], found.made["metrics"],
    )  # fmt: skip


def save(page: Page, found: FusionView) -> None:
    """Write every table of the page among its results, the predictions as Parquet."""
    if found.fused is None:
        return
    kept = {name: table for name, table in found.made.items() if "predictions" not in name}
    kept |= {"habitats": found.habitats.tests, "habitat_shares": found.habitats.patients,
             "habitat_stability": found.habitats.stability}  # fmt: skip
    for name, table in kept.items():
        page.save_table(table, name)
    with replacing(page.results / "predictions.parquet") as temporary:
        found.made["predictions"].to_parquet(temporary, index=False)
