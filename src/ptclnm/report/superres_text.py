"""Sentences of page 04, written from what a run found."""

import pandas as pd

from ptclnm.imaging.superres.drift import GOOD
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.imaging.superres.study import GAN, PIXEL
from ptclnm.report.sentences import count, listing
from ptclnm.report.superres_tables import spread

LEAK = (
    ":::{danger} A leak is switched on\nThe network was trained on the pictures of **all** "
    "patients, those it is judged on among them (`train_on` is `all`). Nothing on this page is a "
    "fair judgement of super-resolution.\n:::"
)
P_LIMIT = 0.05


def trained(plan: SRPlan, pictures: int, patients: int) -> str:
    """Say what was trained, on whom."""
    noise = f"noise of {100 * plan.noise:g} % of white"
    adversary = "with no adversary after them"
    if plan.adversarial_epochs:
        after = count(plan.adversarial_epochs, "epoch")
        adversary = f"then {after} against a discriminator"
    return (
        f"The generator has {count(plan.blocks, 'residual block')} of "
        f"{count(plan.channels, 'channel')} and learnt from {count(pictures, 'picture')} of "
        f"{count(patients, 'patient')}, degraded to 1/{plan.scale} of their rows and columns with "
        f"{noise}: {count(plan.epochs, 'epoch')} by the pixel loss, {adversary}."
    )


def quality(table: pd.DataFrame) -> str:
    """Say whether the network beats interpolation, and what the adversary costs."""
    rows = table.set_index(["task", "method", "metric"])

    def of(method: str, metric: str) -> pd.Series:
        return rows.loc[("restore", method, metric)]

    def gain(row: pd.Series, digits: int) -> str:
        return spread(
            row["difference"], row["difference_low"], row["difference_high"], digits, True
        )

    psnr, ssim = of(PIXEL, "psnr"), of(PIXEL, "ssim")
    better = _better(psnr, ssim)
    cost = of(GAN, "psnr")["mean"] - psnr["mean"]
    edge = of(GAN, "sharpness")["mean"] / of(PIXEL, "sharpness")["mean"] - 1
    truth = of("original", "sharpness")["mean"]
    return (
        f"On {count(int(psnr['patients']), 'patient')} whom it has not seen, the generator without "
        f"an adversary differs from bicubic interpolation by {gain(psnr, 2)} dB in PSNR and "
        f"{gain(ssim, 3)} in SSIM: {better}. The adversary changes the slope of edges by "
        f"{100 * edge:+.0f} % (to {of(GAN, 'sharpness')['mean']:.2f} grey levels a pixel; the "
        f"originals have {truth:.2f}) and PSNR by {cost:+.2f} dB."
    )


def _better(psnr: pd.Series, ssim: pd.Series) -> str:
    lows = [row["difference_low"] for row in (psnr, ssim)]
    means = [row["difference"] for row in (psnr, ssim)]
    if all(low > 0 for low in lows):
        return "better by both"
    if all(mean > 0 for mean in means):
        return "better by both on average, though an interval reaches 0"
    return "not better by both"


def detail(table: pd.DataFrame, agreement: pd.DataFrame) -> str:
    """Say whether what super-resolution adds was there."""
    if table.empty:
        return (
            "Whether the detail that is added was there cannot be told from these pictures: "
            "nobody knows what a finer machine would have shown. The page of the simulated cohort "
            "asks there."
        )
    rows = table.set_index("method")
    whole = agreement[agreement["band"] == "all"].set_index("method")
    made, mask = rows.loc[GAN], rows.loc["unsharp"]
    return (
        f"In {count(int(made['pictures']), 'picture')}, what super-resolution adds correlates with "
        f"what a finer machine would have added at "
        f"{spread(made['added'], made['low'], made['high'], 2)}; what an unsharp mask adds, at "
        f"{spread(mask['added'], mask['low'], mask['high'], 2)}. Of the power that "
        f"super-resolution adds, {100 * whole.loc[GAN, 'invented']:.0f} % is not in the truth, and "
        f"of what the mask adds, {100 * whole.loc['unsharp', 'invented']:.0f} %. The whole picture "
        f"agrees with the truth at {whole.loc['original', 'correlation']:.3f} before and "
        f"{whole.loc[GAN, 'correlation']:.3f} after."
    )


def drift(table: pd.DataFrame, selected: pd.DataFrame, pictures: int) -> str:
    """Say how many features stay what they were."""
    known = table.dropna(subset="icc")
    above = int((known["icc"] > GOOD).sum())
    text = (
        f"Of {count(len(known), 'feature')}, {above} ({100 * above / max(len(known), 1):.0f} %) "
        f"have an ICC(A,1) above {GOOD} between original and super-resolved "
        f"{count(pictures, 'picture')} of patients outside the training set."
    )
    lost = len(table) - len(known)
    if lost:
        text += f" {count(lost, 'feature')} vary in neither and have none."
    if selected.empty:
        return text + " The selection keeps no feature on the originals."
    moved = selected[~selected["stays"]]
    names = listing(f"`{name}`" for name in moved["feature"].head(5))
    which = f"; the first are {names}" if len(moved) else ""
    return text + (
        f" Of the {count(len(selected), 'feature')} that the selection keeps on originals, "
        f"{len(moved)} move{'s' if len(moved) == 1 else ''} below it{which}."
    )


def models(pairs: pd.DataFrame) -> str:
    """Say what super-resolution does to each model's AUC."""
    if pairs.empty:
        return "No set outside the training set can be judged."
    lines = []
    for row in pairs.to_dict("records"):
        gain = spread(row["difference"], row["low"], row["high"], sign=True)
        p = f", p = {row['p']:.3f}" if pd.notna(row["p"]) else ""
        lines.append(f"- {row['model']}, {row['split']}: {gain}{p}")
    surely = int((pairs["p_holm"] < P_LIMIT).sum())
    head = (
        f"AUC on super-resolved pictures less that on originals, same patients. "
        f"{surely} of {len(pairs)} differ at p < {P_LIMIT} after Holm's correction."
    )
    return "\n".join([head, "", *lines])


def cause(table: pd.DataFrame) -> str:
    """Say whether anything simpler gains as much."""
    made, rest = table[table["arm"] == "SR"], table[table["arm"] != "SR"]
    if made.empty or rest.empty:
        return "Only originals and super-resolved pictures were compared in this run."
    lines = []
    for row in made.to_dict("records"):
        same = rest[(rest["split"] == row["split"]) & (rest["model"] == row["model"])]
        as_good = same[same["gain"] >= row["gain"]]["arm"].tolist()
        tied = same[(same["sr_over_low"] <= 0) & (same["sr_over_high"] >= 0)]["arm"].tolist()
        lines.append(
            f"- {row['model']}, {row['split']}: super-resolution changes the AUC by "
            f"{row['gain']:+.3f}. {listing(as_good) or 'Nothing else'} gain"
            f"{'' if len(as_good) > 1 else 's'} as much or more; not told apart from it by "
            f"DeLong's test: {listing(tied) or 'none'}."
        )
    return "\n".join(lines)
