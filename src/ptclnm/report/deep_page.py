"""What page 03 shows: networks trained, judged beside the paper's, and looked into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from IPython.display import HTML
from matplotlib.figure import Figure

from ptclnm import cohorts, published
from ptclnm.book.page import Page
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import MissingDataError
from ptclnm.evaluation.operating import metrics_table, proportion_intervals, rule_of
from ptclnm.models.deep.architectures import ARCHITECTURES
from ptclnm.models.deep.augment import vary
from ptclnm.models.deep.batches import VARIATION, generator
from ptclnm.models.deep.crops import Crops, crops
from ptclnm.models.deep.plan import IMAGENET, NONE, DeepPlan
from ptclnm.models.deep.source import plans_of
from ptclnm.models.deep.stored import stored_all
from ptclnm.models.predictions import check_predictions
from ptclnm.report import deep_figures as figures
from ptclnm.report import deep_tables as tables
from ptclnm.report import metrics as radiomics_tables
from ptclnm.report import whose
from ptclnm.report.claims import no_claims
from ptclnm.report.deep_look import Look, feature_table, look
from ptclnm.report.figures import roc_figure
from ptclnm.report.files import replacing
from ptclnm.report.gallery import withheld
from ptclnm.report.sentences import auc_text, count, listing
from ptclnm.report.tables import show
from recount import Study

OPTIMIZERS = {"adamw": "AdamW", "sgd": "SGD"}
SHOWN, VARIANTS = 8, 2


@dataclass(frozen=True)
class DeepView:
    """What page 03 shows of one cohort.

    Parameters
    ----------
    paper : Study
        The paper whose protocol is followed.
    cohort : Cohort or None
        The patients; None where they are not on this machine.
    plans : tuple of DeepPlan
        The models.
    crops : Crops or None
        What they see.
    tables : dict of str to DataFrame
        From ``ptclnm.models.deep.stored.stored_all``.
    predictions, metrics : DataFrame
        The predictions table, and every model in every set beside the paper's numbers.
    features : DataFrame
        What the deep features come to.
    look : Look or None
        Heatmaps and their checks.
    cutoff : str
        Rule for the cut-off.
    withheld : str
        Why pictures are not shown; empty where they are.
    missing : str
        Why the data are not here and how to get them; empty where they are.
    """

    paper: Study
    cohort: Cohort | None
    plans: tuple[DeepPlan, ...]
    crops: Crops | None
    tables: dict[str, pd.DataFrame]
    predictions: pd.DataFrame
    metrics: pd.DataFrame
    features: pd.DataFrame
    look: Look | None
    cutoff: str
    withheld: str = field(default="")
    missing: str = field(default="")


def view(parameters: Mapping[str, Any]) -> DeepView:
    """Cut, train, score and look, as the page's parameters say.

    Parameters
    ----------
    parameters : mapping
        ``study, cohort, n_patients, models, weights, image_size, margin, epochs, batch_size, lr,
        freeze, cutoff, seed, devices, show_images``; no `models` are the study's own, `n_patients`
        of 0 are all.

    Returns
    -------
    DeepView
        Where the data are not on this machine, one that says how to get them.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, cohort, pictures or weights, by name; parameters before
        any work.
    """
    p = parameters
    paper, plans = published.load(p["study"]), plans_of(p)
    rule_of(p["cutoff"])
    none = pd.DataFrame()
    try:
        cohort = cohorts.open(p["cohort"], n_patients=p["n_patients"] or None, seed=p["seed"])
    except MissingDataError as error:
        return DeepView(paper, None, plans, None, {}, none, none, none, None, p["cutoff"],
                        missing=str(error))  # fmt: skip
    made = crops(cohort, plans[0].image_size, plans[0].margin)
    found = stored_all(made, plans)
    predictions = check_predictions(found["predictions"].assign(study=paper.name))
    metrics = radiomics_tables.beside_paper(
        metrics_table(predictions, p["cutoff"]), paper, tables.beside(paper, plans)
    )
    plan = chosen(paper, plans)
    return DeepView(
        paper, cohort, plans, made, found, predictions, metrics,
        features=feature_table(made, plan, paper),
        look=look(made, plan, found["images"], metrics),
        cutoff=p["cutoff"],
        withheld=withheld(cohort, p["show_images"]),
    )  # fmt: skip


def chosen(paper: Study, plans: tuple[DeepPlan, ...]) -> DeepPlan:
    """Give the model that the paper goes on with, else the first."""
    name = tables.CHOSEN.get(paper.name)
    return next((plan for plan in plans if plan.architecture == name), plans[0])


def summary(found: DeepView) -> str:
    """Say in Markdown what was trained on whom, and what came out."""
    if found.cohort is None:
        return whose.left_out(found.missing)
    cohort = found.cohort
    first = found.predictions[found.predictions["model"] == found.plans[0].name]
    sizes = listing(
        f"{len(part)} ({part['label'].sum()}) in {split}"
        for split, part in first.groupby("split", sort=False)
    )
    lines = [
        weights_text(found),
        whose.introduced(cohort),
        f"Patients, with the outcome in brackets: {sizes}. {_highest(found)}",
        whose.cautions(cohort),
    ]
    return "\n\n".join(line for line in lines if line)


def _highest(found: DeepView) -> str:
    parts = []
    for split, part in found.metrics.groupby("split", sort=False):
        if split != tables.TRAIN:
            row = part.loc[part["auc"].idxmax()]
            parts.append(f"**{row['model']}**, {auc_text(row)} in {split}")
    models = count(len(found.plans), "model")
    return f"Of {models}, the highest AUC has {listing(parts)}." if parts else ""


def weights_text(found: DeepView) -> str:
    """Say loudly which networks start from random weights, or learn their last layer only."""
    scratch = [plan.architecture for plan in found.plans if plan.weights == NONE]
    known = [plan.architecture for plan in found.plans if plan.weights == IMAGENET]
    files = [plan.architecture for plan in found.plans if plan.weights not in (NONE, IMAGENET)]
    frozen = found.plans[0].freeze
    if not scratch and not frozen:
        return ""
    text = ""
    if scratch:
        text += (
            f"**No pretrained weights.** {listing(scratch)} start{'s' if len(scratch) == 1 else ''}"
            " from random weights and see these patients only. The papers start from networks that "
            "know a million photographs: what is shown here of these models is the protocol at a "
            "small budget, not transfer learning. With a network connection, or with the files in "
            "torch's cache, `weights: imagenet` gives the papers' start."
        )
    if scratch and known:
        foreign = not any(ARCHITECTURES[name].papers for name in known)
        aside = ", which the papers do not use" if foreign else ""
        text += f" ImageNet's weights are behind {listing(known)}{aside}."
    if scratch and files:
        text += f" A file of your own is behind {listing(files)}."
    if frozen:
        text += (
            " **Frozen.** Only the last layer of each network is trained: a linear probe of what "
            "the network knew before."
        )
    return f":::{{admonition}} Not what the papers did\n:class: danger\n{text.strip()}\n:::"


def budget_text(found: DeepView) -> str:
    """Say how all models were trained."""
    plan = found.plans[0]
    last = " of the last layer alone" if plan.freeze else ""
    stop = (
        f", fewer where the loss of the inner patients has not fallen for {plan.patience}"
        if 0 < plan.patience < plan.epochs
        else ""
    )
    return (
        f"Squares of {plan.image_size} pixels, with a margin of {plan.margin:.0%} about the "
        f"rectangle. Up to {count(plan.epochs, 'epoch')}{last}{stop}, in batches of "
        f"{plan.batch_size}, with {OPTIMIZERS[plan.optimizer]} at a rate of {plan.lr:g} that rises "
        f"and falls. {plan.holdout:.0%} of the training patients are set aside within the training "
        "set for early stopping."
    )


def gap_text(found: DeepView) -> str:
    """Say how much better the models know the patients that they were trained on."""
    if found.cohort is None:
        return whose.LEFT_OUT
    table = table_of(found, "gap")
    sure = table[table["low"] > 0]
    if table.empty:
        return "There is no other set than the training set."
    widest = table.loc[table["difference"].idxmax()]
    return (
        f"In {len(sure)} of {len(table)} comparisons the AUC in the training set is higher "
        f"beyond chance. The widest gap is that of {widest['model']} in {widest['split']}: "
        f"{widest['gap']}."
    )


def transfer_text(found: DeepView) -> str:
    """Say whether pretraining helped, where a network is here both ways."""
    if found.cohort is None:
        return whose.LEFT_OUT
    table = table_of(found, "transfer")
    if table.empty:
        return (
            "No network is here both ways. Name one twice to compare, e.g. `models: "
            "[EfficientNet-Lite0@imagenet, EfficientNet-Lite0@none]`."
        )
    lines = []
    for row in table.to_dict("records"):
        word = "helped" if row["low"] > 0 else "hurt" if row["high"] < 0 else "is not shown to help"
        p = f"{row['p']:.3f}" if pd.notna(row["p"]) else "not to be computed"
        lines.append(
            f"In {row['split']}, with the same budget, pretraining **{word}**: "
            f"{row['auc_a']:.3f} against {row['auc_b']:.3f} from scratch, a difference of "
            f"{tables.signed(row)}, p = {p} (DeLong, {row['paired']}, {row['n']} patients)."
        )
    lines.append(
        "One training of each is compared: the interval knows the chance of drawing patients, and "
        "not how far another seed would move either network."
    )
    return "\n\n".join(lines)


def cam_text(found: DeepView) -> str:
    """Say where the maps lie, and whether they depend on what was learnt."""
    if found.look is None:
        return whose.LEFT_OUT
    return found.look.text


def table_of(found: DeepView, name: str) -> pd.DataFrame:
    """Give a table of the page by name; empty where the data are not here."""
    if found.cohort is None or found.look is None:
        return pd.DataFrame(columns=list(tables.HEADINGS.get(name, {"": ""})))
    made = found.tables
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "metrics": lambda: found.metrics,
        "side_by_side": lambda: radiomics_tables.side_by_side(found.metrics),
        "training": lambda: tables.training_table(made["about"], made["history"]),
        "gap": lambda: tables.gap_table(found.predictions),
        "transfer": lambda: tables.transfer_table(found.predictions, found.plans),
        "features": lambda: found.features,
        "checks": lambda: found.look.checks,
        "maps": lambda: found.look.table,
        "intervals": lambda: proportion_intervals(found.metrics),
    }
    return makers[name]() if name in makers else made[name]


def lay_out(found: DeepView, name: str, caption: str) -> HTML:
    """Show a table of the page by name under a caption."""
    headings = tables.HEADINGS.get(name, radiomics_tables.HEADINGS)
    if name == "training":
        caption = f"{caption} Times are of this machine ({tables.machine()})."
    return show(table_of(found, name), headings, caption)


def draw(found: DeepView, name: str) -> Figure | str:
    """Draw a figure of the page by name, or say why not."""
    if found.cohort is None or found.look is None:
        return whose.LEFT_OUT
    if name in ("seen", "cam") and found.withheld:
        return found.withheld
    models = [plan.name for plan in found.plans]
    makers: dict[str, Callable[[], Figure]] = {
        "seen": lambda: figures.seen_figure(*seen(found.crops, found.plans[0].seed)),
        "learning": lambda: figures.learning_figure(found.tables["history"]),
        "roc": lambda: roc_figure(
            found.predictions, found.metrics, figures.colors_of(models), below=True
        ),
        "gap": lambda: figures.gap_figure(found.metrics),
        "cam": found.look.draw,
    }
    return makers[name]()


def seen(made: Crops, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw training rectangles of both classes, and vary them as training does."""
    train = made.train
    order = np.random.default_rng([seed, VARIATION]).permutation(len(train.labels))
    at = np.concatenate([order[train.labels[order] == k][: SHOWN // 2] for k in (1, 0)])
    pixels = train.pixels[at]
    mean, sd = pixels.mean(), pixels.std()
    images = torch.from_numpy((pixels - mean) / sd)[:, None]
    other = [vary(images, generator(seed, VARIATION, k))[:, 0] for k in range(VARIANTS)]
    return pixels, torch.stack(other, 1).numpy() * sd + mean, train.labels[at]


def claims(found: DeepView) -> pd.DataFrame:
    """Judge what the paper says of its deep models, on this cohort."""
    if found.cohort is None:
        return no_claims()
    cohort = found.cohort
    note = whose.claim_note(cohort)
    return tables.claims_table(
        found.paper, found.plans, cohort.name, cohort.evidence, note, found.predictions,
        found.metrics,
    )  # fmt: skip


def save(page: Page, found: DeepView) -> None:
    """Write every table of the page among its results, the predictions as Parquet."""
    if found.cohort is None:
        return
    for name in ("metrics", "history", "training", "gap", "transfer", "features", "checks", "maps",
                 "intervals"):  # fmt: skip
        page.save_table(table_of(found, name), name)
    with replacing(page.results / "predictions.parquet") as temporary:
        found.predictions.to_parquet(temporary, index=False)
