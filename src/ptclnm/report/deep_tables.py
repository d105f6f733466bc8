"""Tables of page 03: models beside the paper's, train against test, transfer, features, claims."""

import platform
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ptclnm.compute import cores
from ptclnm.evaluation.pairs import compare
from ptclnm.models.deep.architectures import GROWTH
from ptclnm.models.deep.plan import IMAGENET, NONE, DeepPlan
from ptclnm.report import verdict
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.metrics import Beside, auc_claims, reported_metrics
from recount import Study, printed_features

TRAIN = "train"
# How a paper calls a network, and in which sets it prints numbers of it: those of the images as
# they were taken, not of super-resolved ones.
PAPER_NAMES: dict[str, dict[str, str]] = {
    "ni2024": {
        "AlexNet": "AlexNet", "DenseNet121": "DenseNet121", "Inception_v3": "Inception_v3",
        "ResNet50": "ResNet50", "ViT-B/16": "ViT",
    },
    "li2024": {"ResNet101": "OR_ResNet101", "DenseNet121": "OR_DenseNet121"},
}  # fmt: skip
PAPER_SETS = {"ni2024": ("internal",), "li2024": ("train", "test")}
# The network that a paper goes on with: its best, or the one that its nomogram takes.
CHOSEN = {"ni2024": "DenseNet121", "li2024": "ResNet101"}
BEST = {"ni2024": ("DenseNet121", "internal", "Results, DL")}
AGAINST = {"li2024": ("ResNet101", "DenseNet121", "test", "Table 2")}
DRAWS = 1000
RARE = 0.025

HEADINGS = {
    "training": {
        "model": "Model", "start": "Starts from", "arithmetic": "Arithmetic", "images": "Images",
        "epochs": "Epochs", "kept": "Best epoch", "seconds": "Seconds",
        "images_per_second": "Images/s",
    },
    "gap": {
        "model": "Model", "split": "Set", "auc_train": "AUC in train", "auc": "AUC here",
        "gap": "Train less here (95 % CI)",
    },
    "transfer": {
        "split": "Set", "model_a": "Pretrained", "auc_a": "AUC", "model_b": "From scratch",
        "auc_b": "AUC", "difference": "Difference", "low": "95 % from", "high": "to", "p": "p",
    },
    "features": {
        "layer": "Layer", "reported": "Paper", "obtained": "Here", "components": "Components",
        "variance": "Variance kept", "selected": "Kept by LASSO",
    },
    "checks": {
        "kind": "Call", "images": "Images", "inside": "Map inside nodule", "area": "Nodule's area",
        "random": "ρ, random weights", "shuffled": "ρ, shuffled labels",
    },
}  # fmt: skip


def beside(paper: Study, plans: Sequence[DeepPlan]) -> Beside:
    """Which of the paper's models ours stand beside: by set and our model's name.

    Of two models of one architecture the first stands for it.
    """
    names, found = PAPER_NAMES.get(paper.name, {}), {}
    first = {plan.architecture: plan for plan in reversed(plans)}
    for plan in first.values():
        if plan.architecture in names:
            for split in PAPER_SETS[paper.name]:
                found[split, plan.name] = names[plan.architecture]
    return found


def training_table(about: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Lay out where each model started from, how long it took, and which epoch was kept.

    Returns
    -------
    DataFrame
        ``model, start, origin, sha256, arithmetic, images, epochs, kept, seconds,
        images_per_second, scoring_seconds``.
    """
    kept = history[history["kept"]].set_index("model")["epoch"] + 1
    start = np.where(about["sha256"] == "", "random weights", about["origin"])
    table = about.assign(start=start, kept=kept.loc[about["model"]].to_numpy())
    columns = ["model", "start", "origin", "sha256", "arithmetic", "images", "epochs", "kept",
               "seconds", "images_per_second", "scoring_seconds"]  # fmt: skip
    return table[columns]


def machine() -> str:
    """Say in words what the times were measured on."""
    number = cores()
    return f"{platform.machine()}, {number} core{'s' if number != 1 else ''}"


def gap_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare each model's AUC on the patients it was trained on with that on others.

    Returns
    -------
    DataFrame
        ``model, split, auc_train, auc, difference, low, high, gap``; the interval is DeLong's for
        different patients, `gap` the same in words.
    """
    rows = []
    for name, part in predictions.groupby("model", sort=False):
        by = dict(list(part.groupby("split", sort=False)))
        for split in [key for key in by if key != TRAIN and TRAIN in by]:
            found = compare(by[TRAIN], by[split])
            rows.append(
                {"model": name, "split": split, "auc_train": found["auc_a"], "auc": found["auc_b"]}
                | {key: found[key] for key in ("difference", "low", "high")}
            )
    table = pd.DataFrame(rows, columns=["model", "split", "auc_train", "auc", "difference", "low",
                                        "high"])  # fmt: skip
    return table.assign(gap=[signed(row) for row in table.to_dict("records")])


def signed(row: Mapping[str, float]) -> str:
    """Write a difference with its interval."""
    value, low, high = (round(row[name], 3) + 0.0 for name in ("difference", "low", "high"))
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"


def transfer_table(predictions: pd.DataFrame, plans: Sequence[DeepPlan]) -> pd.DataFrame:
    """Compare each pretrained model with the same from scratch, on the same patients.

    Returns
    -------
    DataFrame
        ``split``, then the columns of ``ptclnm.evaluation.compare``; a row for each set but the
        training set. Empty where no architecture is there both ways.
    """
    rows = []
    scratch = {plan.architecture: plan.name for plan in plans if plan.weights == NONE}
    pairs = [(p.name, scratch[p.architecture]) for p in plans
             if p.weights == IMAGENET and p.architecture in scratch]  # fmt: skip
    for first, second in pairs:
        for split in [s for s in dict.fromkeys(predictions["split"]) if s != TRAIN]:
            part = predictions[predictions["split"] == split]
            a, b = (part[part["model"] == name] for name in (first, second))
            rows.append(pd.concat([pd.Series({"split": split}), compare(a, b)]))
    columns = ["split", "model_a", "model_b", "paired", "n", "auc_a", "auc_b", "difference", "low",
               "high", "z", "p"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).reset_index(drop=True)


def best_in_draws(predictions: pd.DataFrame, seed: int, draws: int = DRAWS) -> pd.Series:
    """Share of bootstrap draws of patients in which each model has the highest AUC.

    Parameters
    ----------
    predictions : DataFrame
        One set: columns ``model, patient_id, label, score``.
    seed, draws : int
        Of the draws; classes keep their numbers.

    Returns
    -------
    Series
        Share by model, the highest first; of equal AUCs the first model's counts.
    """
    wide = predictions.pivot(index="patient_id", columns="model", values="score")
    wide = wide[list(dict.fromkeys(predictions["model"]))]
    label = predictions.drop_duplicates("patient_id").set_index("patient_id")["label"]
    label = label.loc[wide.index].to_numpy() == 1
    a, b = wide[label].to_numpy(), wide[~label].to_numpy()
    wins = (a[:, None] > b[None]) + 0.5 * (a[:, None] == b[None])
    rng = np.random.default_rng(seed)
    best = np.zeros(wide.shape[1])
    for _ in range(draws):
        of_a, of_b = (np.bincount(rng.integers(n, size=n), minlength=n) for n in (len(a), len(b)))
        best[np.argmax(np.einsum("i,j,ijm->m", of_a, of_b, wins))] += 1
    return pd.Series(best / draws, index=wide.columns).sort_values(ascending=False, kind="stable")


def feature_row(
    layer: str, paper: Study, values: int, components: int, variance: float, selected: int
) -> dict:
    """One row of the table of deep features; `reported` is what the paper prints of that layer."""
    printed = printed_features(paper).get("deep_total") if layer == GROWTH else None
    return {
        "layer": layer, "reported": printed, "obtained": values, "components": components,
        "variance": variance, "selected": selected,
    }  # fmt: skip


def claims_table(
    paper: Study,
    plans: Sequence[DeepPlan],
    cohort: str,
    evidence: str,
    note: str,
    predictions: pd.DataFrame,
    metrics: pd.DataFrame,
) -> pd.DataFrame:
    """Judge what the paper says of its deep models.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    plans : sequence of DeepPlan
        Our models.
    cohort, evidence, note : str
        Whose patients these are, what kind of evidence that is, and what a reader has to know.
    predictions, metrics : DataFrame
        The predictions table, and every model in every set beside the paper's numbers.

    Returns
    -------
    DataFrame
        The page's rows of the claims table.
    """
    names = beside(paper, plans)
    rows = [*auc_claims(paper, metrics, names), *_best_claim(paper, plans, predictions),
            *_difference_claim(paper, plans, predictions),
            *_gap_claims(paper, names, predictions)]  # fmt: skip
    scratch = [plan.name for plan in plans if plan.weights == NONE and plan.name in
               {model for _, model in names}]  # fmt: skip
    if scratch:
        note = f"Networks from random weights here, from pretrained ones in the paper. {note}"
    return claim_rows(rows, "deep", paper, cohort, evidence, note)


def _best_claim(paper: Study, plans: Sequence[DeepPlan], predictions: pd.DataFrame) -> list[tuple]:
    name, split, where = BEST.get(paper.name, ("", "", ""))
    own = {plan.name: plan.architecture for plan in reversed(plans)
           if plan.architecture in PAPER_NAMES.get(paper.name, {})}  # fmt: skip
    part = predictions[(predictions["split"] == split) & predictions["model"].isin(own)]
    if name not in own.values() or part["model"].nunique() < 2:
        return []
    share = best_in_draws(part, seed=0)
    often = share[share >= RARE]
    found = ", ".join(f"{own[model]} in {value:.0%}" for model, value in often.items())
    return [
        ("best", where, f"best of {len(own)} deep models in the {split} set", name,
         f"best over draws of the patients: {found}",
         verdict.among(name, [own[model] for model in often.index], len(own)), "")
    ]  # fmt: skip


def _difference_claim(
    paper: Study, plans: Sequence[DeepPlan], predictions: pd.DataFrame
) -> list[tuple]:
    if paper.name not in AGAINST:
        return []
    *asked, split, where = AGAINST[paper.name]
    own = {plan.architecture: plan.name for plan in reversed(plans)}
    part = predictions[predictions["split"] == split]
    if not set(asked) <= set(own) or part.empty:
        return []
    names = {(split, own[name]): PAPER_NAMES[paper.name][name] for name in asked}
    printed = reported_metrics(paper, names).set_index("model")["reported_auc"]
    first, second = (own[name] for name in asked)
    reported = round(printed[first] - printed[second], 6)
    found = compare(part[part["model"] == first], part[part["model"] == second])
    text = " less that of ".join(PAPER_NAMES[paper.name][name] for name in asked)
    return [
        ("difference", where, f"AUC of {text} in the {split} set", f"{reported:+.3f}",
         signed(found), *verdict.difference(reported, found["low"], found["high"]))
    ]  # fmt: skip


def _gap_claims(paper: Study, names: Beside, predictions: pd.DataFrame) -> list[tuple]:
    """Judge how much lower the paper's AUC is on new patients than on those trained on."""
    printed = reported_metrics(paper, names).set_index(["model", "split"])["reported_auc"]
    sets = [split for split in PAPER_SETS.get(paper.name, ()) if split != TRAIN]
    claims = []
    for row in gap_table(predictions).to_dict("records"):
        keys = [(row["model"], TRAIN), (row["model"], row["split"])]
        if row["split"] not in sets or not set(keys) <= set(printed.index):
            continue
        reported = round(printed[keys[0]] - printed[keys[1]], 6)
        model = names[row["split"], row["model"]]
        claims.append(
            (f"gap-{slug(model)}", "Table 2",
             f"AUC of {model} in the training set less that in the {row['split']} set",
             f"{reported:+.3f}", signed(row),
             *verdict.difference(reported, row["low"], row["high"]))
        )  # fmt: skip
    return claims
