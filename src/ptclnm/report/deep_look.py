"""What page 03 looks into: a network's features, and its heatmaps with their checks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ptclnm.models.deep.cam import KINDS, examples, kinds, looked_at, remembered
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.features import components, deep_features, layers, selected
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.validation import class_counts
from ptclnm.report import deep_figures as figures
from ptclnm.report import deep_tables as tables
from ptclnm.report.sentences import listing
from recount import Study

EACH = 2
FOLDS = 5
# AUC on what was to be learnt below which a network has hardly learnt it.
LEARNT = 0.7


@dataclass(frozen=True, eq=False)
class Look:
    """Heatmaps of the patients that a network was not trained on.

    Parameters
    ----------
    name, split : str
        Whose maps, of which set.
    crops : Crops
        The images of that set.
    maps : dict of str to ndarray, shape (images, side, side)
        From ``ptclnm.models.deep.cam.looked_at``.
    table : DataFrame
        ``image_id, kind, inside, area, random, shuffled``, one row an image.
    shown : ndarray of int
        Row numbers of the images that are drawn.
    remembered : float
        AUC on the training patients of the network of shuffled labels, by those labels.
    low : float
        Lower limit of the interval of the AUC of the network in that set.
    """

    name: str
    split: str
    crops: Crops
    maps: dict[str, NDArray]
    table: pd.DataFrame
    shown: NDArray
    remembered: float
    low: float

    @property
    def checks(self) -> pd.DataFrame:
        """Means by kind of call and over all: ``kind, images, inside, area, random, shuffled``."""
        numbers = ["inside", "area", "random", "shuffled"]
        parts = [(kind, self.table[self.table["kind"] == kind]) for kind in KINDS]
        parts.append(("all", self.table))
        rows = [{"kind": kind, "images": len(part)} | part[numbers].mean().to_dict()
                for kind, part in parts if len(part)]  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def text(self) -> str:
        """Say where the maps lie, and whether they depend on what was learnt."""
        mean = self.checks.iloc[-1]
        more = (self.table["inside"] - self.table["area"]).groupby(self.crops.patients).mean()
        more = more.dropna()
        low, high = np.nan, np.nan
        if len(more) > 1:
            reach = 1.96 * more.std() / np.sqrt(len(more))
            low, high = more.mean() - reach, more.mean() + reach
        word = "more" if low > 0 else "less" if high < 0 else "neither more nor less"
        alike = [f"{mean[key]:.2f} with {what}" for key, what in (
            ("random", "the map of random weights"),
            ("shuffled", "that of a network trained on shuffled labels"),
        ) if pd.notna(mean[key])]  # fmt: skip
        empty = int(self.table["inside"].isna().sum())
        text = (
            f"Maps of **{self.name}**, all {len(self.table)} images of the set {self.split}. On "
            f"average {mean['inside']:.0%} of a map lies inside the nodule, which fills "
            f"{mean['area']:.0%} of the square: {word} than its area alone would give "
            f"({more.mean():+.3f} by patient, 95 % from {low:+.3f} to {high:+.3f})."
        )
        if alike:
            text += (
                f" The maps' mean rank correlation is {listing(alike)}, all drawn for the class "
                f"that {self.name} calls. The network of shuffled labels knows those labels of its "
                f"training patients with an AUC of {self.remembered:.2f}"
                + (": it has hardly learnt anything, and checks little." if self.remembered < LEARNT
                   else ".")
            )  # fmt: skip
        if self.low <= 0.5:
            text += (
                f" The interval of this network's own AUC in {self.split} also holds 0.5: its maps "
                "may show nothing that tells the patients apart."
            )
        return text + (f" {empty} maps are empty." if empty else "")

    def draw(self) -> Figure:
        """Draw the maps of a few images of each kind."""
        at = self.shown
        maps = {name: self.maps[key][at] for name, key in (
            ("trained", "trained"), ("random weights", "random"), ("shuffled labels", "shuffled")
        )}  # fmt: skip
        return figures.cam_figure(
            self.crops.pixels[at], self.crops.masks[at], maps, self.table["kind"].iloc[at].tolist()
        )


def look(made: Crops, plan: DeepPlan, images: pd.DataFrame, metrics: pd.DataFrame) -> Look:
    """Draw the maps of the first evaluation set by a network; of train where there is none other.

    Parameters
    ----------
    made : Crops
        All sets.
    plan : DeepPlan
        The network.
    images : DataFrame
        ``model, split, patient_id, image_id, label, score``.
    metrics : DataFrame
        With ``model, split, cutoff``.
    """
    own = metrics[metrics["model"] == plan.name]
    others = own.loc[own["split"] != tables.TRAIN, "split"]
    split = others.iloc[0] if len(others) else tables.TRAIN
    cutoff = float(own.loc[own["split"] == split, "cutoff"].iloc[0])
    at = np.flatnonzero(made.splits == split)
    rows = made.rows(at)
    scores = images[images["model"] == plan.name].set_index("image_id")
    scores = scores.loc[rows.image_ids].reset_index()
    # A patient is called by the mean over its images.
    scores["score"] = scores.groupby("patient_id")["score"].transform("mean")
    maps, table = looked_at(made, plan, at, scores["score"].to_numpy() >= cutoff)
    table.insert(1, "kind", kinds(scores, cutoff))
    shown = examples(table["kind"].to_numpy(), rows.patients, EACH, plan.seed)
    low = float(own.loc[own["split"] == split, "auc_low"].iloc[0])
    return Look(plan.name, split, rows, maps, table, shown, remembered(made, plan), low)


def feature_table(made: Crops, plan: DeepPlan, paper: Study) -> pd.DataFrame:
    """Say what the deep features of a network come to, layer by layer.

    Returns
    -------
    DataFrame
        ``layer, reported, obtained`` (numbers of values), ``components`` (fitted on train),
        ``variance`` (share of it that they keep), ``selected`` (features that z-score and LASSO
        keep).
    """
    train = made.train
    folds = min(FOLDS, *class_counts(train.patients, train.labels))
    rows = []
    for layer in layers(plan.architecture):
        values = deep_features(made, plan, layer)
        _, chain = components(values, made)
        pca = chain.named_steps["components"].pca_
        kept = selected(values, made, folds, plan.seed)
        rows.append(
            tables.feature_row(
                layer, paper, values.shape[1] - 1, pca.n_components_,
                float(pca.explained_variance_ratio_.sum()), len(kept),
            )
        )  # fmt: skip
    return pd.DataFrame(rows).astype({"reported": "Int64"})
