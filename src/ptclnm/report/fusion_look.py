"""Tables and figures of page 05 by name."""

from collections.abc import Callable

import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from ptclnm.evaluation.calibration import calibration_curve
from ptclnm.evaluation.operating import TRAIN
from ptclnm.imaging import habitat_truth
from ptclnm.models.fusion.importance import FEATURE
from ptclnm.models.fusion.source import FUSED
from ptclnm.report import fusion_figures as figures
from ptclnm.report import fusion_habitats as habitats
from ptclnm.report import fusion_tables as tables
from ptclnm.report import habitat_figures
from ptclnm.report import metrics as radiomics_tables
from ptclnm.report.figures import roc_figure
from ptclnm.report.fusion_page import FusionView
from ptclnm.report.fusion_texts import NOTHING_KEPT
from ptclnm.report.gallery import choose, withheld
from ptclnm.report.tables import show

EACH = 3
DRAWS = 100
DIGITS = {"counts": 0, "centres": 1}


def shown_table(found: FusionView, name: str, caption: str) -> HTML:
    """Lay a table of the page out for reading."""
    headings = _headings(name)
    if found.fused is None:
        return show(pd.DataFrame(columns=list(headings)), headings, caption)
    return show(_table(found, name), headings, caption, DIGITS.get(name, 3))


def _headings(name: str) -> dict[str, str]:
    if name in ("side_by_side", "classifiers"):
        return radiomics_tables.HEADINGS
    return (tables.HEADINGS | habitats.HEADINGS | {"choice": radiomics_tables.CHOICE})[name]


def _table(found: FusionView, name: str) -> pd.DataFrame:
    made, own = found.made, found.habitats
    last = made["increments"]["base"].str.count(r"\+").max() if len(made["increments"]) else 0
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "side_by_side": lambda: radiomics_tables.side_by_side(made["metrics"]),
        "classifiers": lambda: radiomics_tables.side_by_side(
            made["classifiers"][made["classifiers"]["split"] != TRAIN]),
        "pairs": lambda: made["pairs"][made["pairs"]["model_a"] == FUSED],
        "increments": lambda: made["increments"][
            made["increments"]["base"].str.count(r"\+") == last],
        "importance": lambda: made["importance"][made["importance"]["kind"] != FEATURE],
        "settings": lambda: made["settings"][made["settings"]["model"] == FUSED],
        "habitats": lambda: own.tests,
        "centres": own.study.model.table,
        "stability": lambda: habitats.stability_table(own.stability),
        "enrichment": lambda: habitat_truth.enrichment(own.truth),
    }  # fmt: skip
    return makers[name]() if name in makers else made[name]


def figure(found: FusionView, name: str) -> Figure | str:
    """Draw a figure of the page, or say why not."""
    made, own = found.made, found.habitats
    if note := _without(found, name):
        return note
    models = figures.three(made["metrics"]["model"])
    apart = made["metrics"][made["metrics"]["split"] != TRAIN]
    makers: dict[str, Callable[[], Figure]] = {
        "selected": lambda: figures.selected_figure(made["selected"]),
        "counts": lambda: figures.counts_figure(found.fused.tables["resamples"], made["counts"]),
        "zoo_roc": lambda: roc_figure(_new(made["zoo_predictions"]), made["classifiers"]),
        "roc": lambda: roc_figure(
            _new(made["predictions"]), apart, {m: figures.COLORS[m] for m in models}),
        "pairs": lambda: figures.forest(_pairs(made["pairs"]), "name", "difference",
                                        f"AUC of {FUSED} less that of the other", 0.0),
        "increments": lambda: figures.forest(_named(made["increments"]), "name", "difference",
                                             "AUC gained", 0.0),
        "texture": lambda: figures.forest(_texture(made["texture"]), "name", "difference",
                                          "difference of AUC", 0.0),
        "importance": lambda: figures.importance_figure(made["importance"]),
        "calibration": lambda: figures.calibration_figure(_curves(found)),
        "settings": lambda: figures.settings_figure(_table(found, "settings")),
        "number": lambda: habitat_figures.number_figure(own.study.judged),
        "maps": lambda: _maps(found),
        "shares": lambda: habitat_figures.shares_figure(own.patients, own.study.model.k),
        "stability": lambda: habitat_figures.stability_figure(
            habitats.stability_table(own.stability)),
        "truth": lambda: habitat_figures.truth_figure(
            own.truth, habitat_truth.enrichment(own.truth), own.study.model.k),
    }  # fmt: skip
    return makers[name]()


def _without(found: FusionView, name: str) -> str:
    """Say why a figure cannot be drawn; empty where it can."""
    made, judged = found.made, "No set but the training set has patients of both classes."
    empty = {name: (made[name].empty, judged) for name in
             ("pairs", "increments", "texture", "settings")}  # fmt: skip
    reasons = empty | {
        "selected": (made["selected"].empty, NOTHING_KEPT),
        "importance": (made["importance"].empty, NOTHING_KEPT),
        "counts": (found.fused.tables["resamples"].empty, "No resamples were drawn."),
        "calibration": (_judged(found).empty, "No set has two scores and both classes: no curve."),
        "truth": (found.habitats.truth.empty, "The truth behind these pictures is not known."),
    }
    if name == "maps":
        return withheld(found.cohort, found.show_images)
    missing, why = reasons.get(name, (False, ""))
    return why if missing else ""


def _new(predictions: pd.DataFrame) -> pd.DataFrame:
    """Patients of sets that nothing was fitted on."""
    return predictions[predictions["split"] != TRAIN]


def _pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    part = pairs[pairs["model_a"] == FUSED]
    return part.assign(name="less " + part["model_b"])


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Steps from one part to two, and from all but one to all; the CSV has those between."""
    others = table["base"].str.count(r"\+")
    part = table[(table["base"] != "") & ((others == 0) | (others == others.max()))]
    return part.assign(name="add " + part["adds"] + " to " + part["base"])


def _texture(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(name=table["model_a"] + "\nless " + table["model_b"])


def _judged(found: FusionView) -> pd.DataFrame:
    own = _new(found.made["predictions"])
    own = own[own["model"] == FUSED]
    by = own.groupby("split")
    return own[(by["label"].transform("nunique") == 2) & (by["score"].transform("nunique") > 1)]


def _curves(found: FusionView) -> pd.DataFrame:
    parts = [
        calibration_curve(part["label"], part["score"], DRAWS, found.fused.network.seed).assign(
            split=split)
        for split, part in _judged(found).groupby("split", sort=False)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _maps(found: FusionView) -> Figure:
    """Nodules of both classes from sets that nothing was fitted on, drawn by chance."""
    from ptclnm.models.deep.cam import heatmaps
    from ptclnm.models.deep.crops import crops
    from ptclnm.models.deep.stored import stored_network

    plan, table = found.fused.network, _new(found.cohort.table)
    table = table if len(table) else found.cohort.table
    ids = choose(table, EACH, plan.seed)["image_id"].astype(str).tolist()
    pictures = crops(found.cohort, plan.image_size, plan.margin)
    network, standard = stored_network(pictures, plan)
    at = [list(pictures.image_ids).index(name) for name in ids]
    heat = heatmaps(network, plan.architecture, pictures.rows(at), standard)
    # With a margin the network sees more than the rectangle that is drawn.
    edge = round(plan.image_size * plan.margin / (1 + 2 * plan.margin))
    inner = slice(edge, plan.image_size - edge)
    nodules = habitats.shown(found.cohort, found.habitats, ids)
    return habitat_figures.maps_figure(nodules, heat[:, inner, inner], found.habitats.study.model.k)
