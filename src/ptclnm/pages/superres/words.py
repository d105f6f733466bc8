"""Sentences of page 04 whose logic depends on the run."""

from collections.abc import Sequence

import pandas as pd

from ptclnm.pages.superres.tables import plain
from ptclnm.report import whose
from ptclnm.report.sentences import bullets, count, listing, spread
from ptclnm.schema import Cohort
from ptclnm.superres.arms import ARMS
from ptclnm.superres.drift import GOOD
from ptclnm.superres.pictures import Pictures
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.quality import GAN, PIXEL

LEAK = (
    ":::{danger} A leak is switched on\nThe network was trained on the pictures of **all** "
    "patients, those it is judged on among them (`train_on` is `all`). Nothing on this page is a "
    "fair judgement of super-resolution.\n:::\n\n"
)
NO_TRUTH = (
    "Whether the detail that is added was there cannot be told from these pictures: nobody knows "
    "what a finer machine would have shown. The page of the simulated cohort asks there."
)
P_LIMIT = 0.05
GAIN = ["difference", "difference_low", "difference_high"]
PAPER_MODELS = ("SVM", "KNN", "ResNet101", "DenseNet121")


def answer(
    cohort: Cohort, plan: SRPlan, quality: pd.DataFrame, detail: pd.DataFrame, pairs: pd.DataFrame
) -> str:
    """Give the page's answer: on whom, whether pictures are better, and whether models are.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    plan : SRPlan
        Of the network; a leak is said above all.
    quality, detail, pairs : DataFrame
        From ``quality.summary``, ``detail.restored`` and ``tables.contrast``.
    """
    lines = [better(quality), added(detail) if len(detail) else "", changed(pairs)]
    return f"{LEAK if plan.leaks else ''}{whose.answer(cohort, lines)}"


def trained(pictures: Pictures) -> str:
    """Say on whom the network was trained."""
    return (
        f"The generator learnt from {count(len(pictures.arrays), 'picture')} of "
        f"{count(len(set(pictures.patients)), 'patient')}."
    )


def left_out(arms: Sequence[str], models: Sequence[str]) -> str:
    """Say which arms and models of the full comparison this run leaves out."""
    pictures = [what for arm, (_, what) in ARMS.items() if arm not in arms]
    names = [name for name in PAPER_MODELS if name not in map(plain, models)]
    return f"Left out of this run: {'; '.join([*pictures, *names]) or 'nothing'}."


def better(table: pd.DataFrame) -> str:
    """Say whether the network beats interpolation, and what the adversary costs."""
    rows = table.set_index(["task", "metric", "method"]).loc["restore"]
    (psnr, psnr_gan), (ssim, _), (edge, edge_gan) = (
        (rows.loc[metric, PIXEL], rows.loc[metric, GAN]) for metric in ("psnr", "ssim", "sharpness")
    )
    return (
        f"On {count(int(psnr['patients']), 'patient')} whom it has not seen, the generator without "
        f"an adversary differs from bicubic interpolation by {spread(*psnr[GAIN], 2, True)} dB in "
        f"PSNR and {spread(*ssim[GAIN], 3, True)} in SSIM: {_verdict(psnr, ssim)}. The adversary "
        f"changes the slope of edges by {100 * (edge_gan['mean'] / edge['mean'] - 1):+.0f} % and "
        f"PSNR by {psnr_gan['mean'] - psnr['mean']:+.2f} dB."
    )


def _verdict(*gains: pd.Series) -> str:
    if all(row["difference_low"] > 0 for row in gains):
        return "better by both"
    if all(row["difference"] > 0 for row in gains):
        return "better by both on average, though an interval reaches 0"
    return "not better by both"


def added(table: pd.DataFrame) -> str:
    """Say whether what super-resolution adds was there."""
    if table.empty:
        return NO_TRUTH
    rows = table.set_index("method")
    made, mask = (rows.loc[name, ["added", "low", "high"]] for name in (GAN, "unsharp"))
    return (
        f"In {count(int(rows.loc[GAN, 'pictures']), 'picture')}, what super-resolution adds "
        f"correlates with what a finer machine would have added at {spread(*made, 2)}; what an "
        f"unsharp mask adds, at {spread(*mask, 2)}."
    )


def invented(agreement: pd.DataFrame) -> str:
    """Say how much of what is added is not in the truth; nothing where there is no truth."""
    if agreement.empty:
        return ""
    whole = agreement[agreement["band"] == "all"].set_index("method")
    return (
        f"Of the power that super-resolution adds, {100 * whole.loc[GAN, 'invented']:.0f} % is not "
        f"in the truth, and of what the mask adds, {100 * whole.loc['unsharp', 'invented']:.0f} %. "
        f"The whole picture agrees with the truth at {whole.loc['original', 'correlation']:.3f} "
        f"before and {whole.loc[GAN, 'correlation']:.3f} after."
    )


def drift(table: pd.DataFrame, selected: pd.DataFrame, pictures: int) -> str:
    """Say how many features stay what they were."""
    known = table.dropna(subset="icc")
    above = int((known["icc"] > GOOD).sum())
    lines = [
        f"Of {count(len(known), 'feature')}, {above} ({100 * above / max(len(known), 1):.0f} %) "
        f"have an ICC(A,1) above {GOOD} between original and super-resolved "
        f"{count(pictures, 'picture')} of patients outside the training set."
    ]
    if lost := len(table) - len(known):
        lines.append(f"{count(lost, 'feature varies', 'features vary')} in neither: no ICC.")
    if selected.empty:
        return " ".join([*lines, "The selection keeps no feature on the originals."])
    moved = (~selected["stays"]).sum()
    lines.append(
        f"Of the {count(len(selected), 'feature')} that the selection keeps on originals, "
        f"{count(moved, 'moves', 'move')} below it."
    )
    return " ".join(lines)


def with_intervals(table: pd.DataFrame, name: str, low: str, high: str) -> pd.DataFrame:
    """Phrase a column of differences with its interval, for reading."""
    rows = table[[name, low, high]].itertuples(index=False)
    return table.assign(**{name: [spread(*row, sign=True) for row in rows]})


def changed(pairs: pd.DataFrame) -> str:
    """Say how many AUCs differ between super-resolved and original pictures."""
    surely = int((pairs["p_holm"] < P_LIMIT).sum())
    return (
        f"AUC on super-resolved pictures less that on originals, same patients. {surely} of "
        f"{len(pairs)} differ at p < {P_LIMIT} after Holm's correction."
    )


def cause(table: pd.DataFrame) -> str:
    """Say whether anything simpler gains as much."""
    rest = table[table["arm"] != "SR"]
    if rest.empty:
        return "Only originals and super-resolved pictures were compared in this run."
    lines = []
    for row in table[table["arm"] == "SR"].itertuples():
        same = rest[(rest["split"] == row.split) & (rest["model"] == row.model)]
        as_good = list(same.loc[same["gain"] >= row.gain, "arm"])
        tied = same[(same["sr_over_low"] <= 0) & (same["sr_over_high"] >= 0)]["arm"]
        lines.append(
            f"{row.model}, {row.split}: super-resolution changes the AUC by {row.gain:+.3f}. "
            f"{listing(as_good) or 'Nothing else'} gain{'' if len(as_good) > 1 else 's'} as much "
            f"or more; not told apart from it by DeLong's test: {listing(tied) or 'none'}."
        )
    return bullets(lines)
