"""Sentences of page 04 whose logic depends on the run."""

import pandas as pd

from ptclnm.report import whose
from ptclnm.report.sentences import count, spread
from ptclnm.schema import Cohort
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.quality import GAN, PIXEL

LEAK = (
    ":::{danger} A leak is switched on\nThe network was trained on the pictures of **all** "
    "patients, those it is judged on among them (`train_on` is `all`). Nothing on this page is a "
    "fair judgement of super-resolution.\n:::\n\n"
)
P_LIMIT = 0.05
GAIN = ["difference", "difference_low", "difference_high"]


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
    lines = [better(quality), added(detail), changed(pairs)]
    return f"{LEAK if plan.leaks else ''}{whose.answer(cohort, lines)}"


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
        f"PSNR by {psnr_gan['mean'] - psnr['mean']:+.2f} dB; with it, as the paper trains, the "
        f"PSNR differs from bicubic interpolation's by {spread(*psnr_gan[GAIN], 2, True)} dB."
    )


def _verdict(*gains: pd.Series) -> str:
    if all(row["difference_low"] > 0 for row in gains):
        return "better by both"
    if all(row["difference"] > 0 for row in gains):
        return "better by both on average, though an interval reaches 0"
    return "not better by both"


def added(table: pd.DataFrame) -> str:
    """Say whether what super-resolution adds was there; nothing where there is no truth."""
    if table.empty:
        return ""
    rows = table.set_index("method")
    made, mask = (rows.loc[name, ["added", "low", "high"]] for name in (GAN, "unsharp"))
    return (
        f"In {count(int(rows.loc[GAN, 'pictures']), 'picture')}, what super-resolution adds "
        f"correlates with what a finer machine would have added at {spread(*made, 2)}; what an "
        f"unsharp mask adds, at {spread(*mask, 2)}."
    )


def invented(agreement: pd.DataFrame) -> str:
    """Say how much of what is added is not in the truth."""
    whole = agreement.set_index("method")
    return (
        f"A correlation below 0 runs against what was missing. The share of the added detail that "
        f"the finer machine does not show is {100 * whole.loc[GAN, 'invented']:.0f} % for "
        f"super-resolution and {100 * whole.loc['unsharp', 'invented']:.0f} % for the mask. The "
        f"whole picture's correlation is {whole.loc['original', 'correlation']:.3f} before "
        f"super-resolution and {whole.loc[GAN, 'correlation']:.3f} after."
    )


def changed(pairs: pd.DataFrame) -> str:
    """Say how many AUCs differ between super-resolved and original pictures."""
    surely = int((pairs["p_holm"] < P_LIMIT).sum())
    return (
        f"Of {count(len(pairs), 'model')} compared on super-resolved and original pictures of the "
        f"same patients, {surely or 'none'} {'differs' if surely == 1 else 'differ'} in AUC at "
        f"p < {P_LIMIT} after Holm's correction."
    )


def cause(gains: pd.DataFrame) -> str:
    """Say whether sharpening gains as much."""
    wide = gains.pivot(index=["split", "model"], columns="pictures", values="difference")
    if "Unsharp − OR" not in wide:
        return "No classifier was asked for, so that nothing was compared with sharpening."
    wide = wide.dropna()
    as_good = int((wide["Unsharp − OR"] >= wide["SR − OR"]).sum())
    return (
        f"In {as_good} of {count(len(wide), 'comparison')}, an unsharp mask gains as much AUC as "
        "super-resolution, or more."
    )
