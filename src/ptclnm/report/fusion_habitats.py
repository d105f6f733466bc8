"""What page 05 shows of habitats: how many, where, in whom, how stable, and beside the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate.patients import STUDIES
from ptclnm.evaluation.shares import by_patient, share_tests
from ptclnm.imaging import habitat_cohort, habitat_truth
from ptclnm.imaging.habitats import name_of
from ptclnm.report.fusion_tables import p_text
from ptclnm.report.sentences import bullets, count, listing

# Pictures that stability and truth are measured on: enough for a mean, few enough for a page.
TRIED = 40
ALPHA = 0.05
HEADINGS = {
    "habitats": {
        "split": "Set", "habitat": "Habitat", "n_without": "Without", "n_with": "With",
        "median_without": "Median share without", "median_with": "with", "auc": "AUC", "p": "p",
        "p_holm": "p, Holm",
    },
    "centres": {"habitat": "Habitat", **{name: name for name in (
        "mean, fine", "mean, coarse", "SD, fine", "SD, coarse", "gradient", "spot")}},
    "stability": {
        "change": "Change", "habitat": "Habitat", "dice": "Mean Dice", "lowest": "10 % quantile",
        "share": "Mean share",
    },
    "enrichment": {
        "habitat": "Habitat", "pictures": "Pictures", "share": "Share of the nodule",
        "share_near": "Share near microcalcifications", "enrichment": "Ratio", "auc": "AUC",
    },
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class HabitatView:
    """Habitats of a cohort.

    Parameters
    ----------
    study : HabitatStudy
        The fitted habitats and every picture's shares.
    patients : DataFrame
        Shares by patient.
    tests : DataFrame
        Shares compared between the classes.
    stability : DataFrame
        ``image_id, change, habitat, dice, share``.
    truth : DataFrame
        Beside the truth of simulated pictures; empty for any other.
    """

    study: habitat_cohort.HabitatStudy
    patients: pd.DataFrame
    tests: pd.DataFrame
    stability: pd.DataFrame
    truth: pd.DataFrame


def habitat_view(
    cohort: Cohort, k_values: Sequence[int], seed: int = 0, n_jobs: int | None = None
) -> HabitatView:
    """Fit habitats on the training pictures and look at them in every way the page shows.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    k_values : sequence of int
        Numbers of habitats to try.
    seed : int
        Of samples and clusterings.
    n_jobs : int, optional
        Processes.
    """
    study = habitat_cohort.study(cohort, k_values, seed, n_jobs)
    names = [name_of(i) for i in range(study.model.k)]
    patients = by_patient(study.shares, cohort.table)
    ids = tried(cohort, seed)
    stability = [
        habitat_cohort.stability(cohort, study.model, ids, n_jobs),
        habitat_cohort.refitted(cohort, study.model, ids, seed),
    ]
    truth = pd.DataFrame(columns=list(habitat_truth.COLUMNS))
    if cohort.evidence == "simulated" and cohort.name in STUDIES:
        truth = habitat_truth.beside_truth(cohort, study.model, ids, n_jobs)
    return HabitatView(
        study,
        patients,
        share_tests(patients, names),
        pd.concat(stability, ignore_index=True),
        truth,
    )


def tried(cohort: Cohort, seed: int) -> list[str]:
    """Draw pictures of patients that nothing was fitted on, one a patient."""
    table = cohort.patients
    others = table[table["split"] != habitat_cohort.TRAIN]
    ids = sorted((others if len(others) else table)["image_id"].astype(str))
    order = np.random.default_rng([seed, 5]).permutation(len(ids))[:TRIED]
    return [ids[i] for i in np.sort(order)]


def stability_table(found: pd.DataFrame) -> pd.DataFrame:
    """Average Dice over pictures: ``change, habitat, dice, lowest, share``."""
    by = found.groupby(["change", "habitat"], sort=False)
    return by.agg(
        dice=("dice", "mean"), lowest=("dice", lambda d: d.quantile(0.1)), share=("share", "mean")
    ).reset_index()


def habitats_text(found: HabitatView) -> str:
    """Say how many habitats there are, and in whom their shares differ."""
    judged = found.study.judged.set_index("k")
    best = {name: int(judged[name].idxmax()) for name in ("silhouette", "calinski_harabasz")}
    k = found.study.model.k
    lines = [
        f"{count(k, 'habitat')}, of {judged.index.min()} to {judged.index.max()} tried: the "
        f"silhouette is highest for {best['silhouette']} and Calinski–Harabasz for "
        f"{best['calinski_harabasz']}; the least mean rank decides."
    ]
    for split, part in found.tests.groupby("split", sort=False):
        sure = part[part["p_holm"] < ALPHA]
        said = listing(
            f"{row['habitat']} ({row['median_without']:.0%} of the nodule at the median without "
            f"the outcome, {row['median_with']:.0%} with it; p {p_text(row['p_holm'])} by Holm)"
            for row in sure.to_dict("records")
        )
        what = f"the share differs for {said}" if said else "no share is shown to differ"
        lines.append(f"In {split}, {what}.")
    if k == 2:
        lines.append("With two habitats, one's share is what the other leaves: the tests are one.")
    return bullets(lines)


def stability_text(found: HabitatView) -> str:
    """Say which change the habitats bear worst, and whether a second fit finds the same ones."""
    table = stability_table(found.stability)
    mean = table.groupby("change")["dice"].mean()
    worst = mean.idxmin()
    least = table.loc[table["dice"].idxmin()]
    return (
        f"Mean Dice over habitats is {mean.min():.2f} to {mean.max():.2f}; the worst change is "
        f'"{worst}". The least stable of all is {least["habitat"]} under "{least["change"]}", '
        f"{least['dice']:.2f}. A map whose habitats move with a pixel of the contour is no map of "
        "the nodule."
    )


def truth_text(found: HabitatView) -> str:
    """Say whether habitats find what simulated pictures were made of."""
    if found.truth.empty:
        return "The truth behind these pictures is not known; simulated ones have it."
    agree = habitat_truth.echo_agreement(found.truth)
    table = habitat_truth.enrichment(found.truth)
    text = (
        f"Over {int(agree['n'])} habitats of pictures, the mean grey level follows the true echo "
        f"with ρ = {agree['between']:.2f}; within pictures, where no gain can bend it, with ρ = "
        f"{agree['within']:.2f}."
    )
    if table.empty:
        return f"{text} No picture tried has a microcalcification."
    top = table.loc[table["enrichment"].idxmax()]
    return (
        f"{text} Microcalcifications lie most of all in {top['habitat']}: it is "
        f"{top['share']:.0%} of the nodule and {top['share_near']:.0%} of the pixels near one, "
        f"{top['enrichment']:.1f} times as many as by chance (AUC {top['auc']:.2f}, "
        f"{count(int(top['pictures']), 'picture')})."
    )


@dataclass(frozen=True, eq=False)
class Shown:
    """A nodule's rectangle with its mask and its map of habitats, all of one shape."""

    image_id: str
    label: int
    picture: NDArray
    mask: NDArray
    habitats: NDArray


def shown(cohort: Cohort, found: HabitatView, image_ids: list[str]) -> list[Shown]:
    """Cut rectangles of pictures with their maps."""
    table = cohort.table.astype({"image_id": str}).set_index("image_id")
    made = []
    for name in image_ids:
        row = table.loc[name]
        array, mask = habitat_cohort.opened((row["image"], row["mask"]), cohort.mask_label)
        box = ndimage.find_objects(mask.astype(np.uint8))[0]
        found_map = found.study.model.map(array, mask)
        made.append(Shown(name, int(row["label"]), array[box], mask[box], found_map[box]))
    return made
