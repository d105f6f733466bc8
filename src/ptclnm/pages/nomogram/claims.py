"""What Li et al. say of their nomograms (3.3, Figures 5 and 6), judged on the patients at hand."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product

import pandas as pd

from ptclnm.evaluation.nomogram.study import Built
from ptclnm.evaluation.operating import TRAIN
from ptclnm.report import verdict
from ptclnm.report.beside import Row, auc_claims, judged_by
from ptclnm.report.claims import slug
from ptclnm.report.sentences import count, listing, p_text
from recount import Study

NOMOGRAM = "Nomogram_"
OTHER = "The nomogram here has no {}, so that its numbers are not those of the paper's."
FITTED_ON = "Judged on the patients fitted on."


def beside_sets(beside: pd.DataFrame, splits: Iterable[str], fit_on: str) -> pd.DataFrame:
    """Let a paper's training set stand beside the set fitted on, others beside the rest.

    A set of ours stands beside the paper's of its name, else beside its first that is not the
    training set.

    Parameters
    ----------
    beside : DataFrame
        From ``ptclnm.report.beside.read_beside``.
    splits : iterable of str
        Our sets.
    fit_on : str
        The set fitted on.
    """
    new = [name for name in beside["set"].unique() if name not in ("", TRAIN)]
    sides = [
        (split, TRAIN if split == fit_on else split if split in new else new[0])
        for split in splits
        if new or split == fit_on
    ]
    side = pd.DataFrame(sides, columns=["split", "set"])
    return beside.drop(columns="split").merge(side, on="set", how="left")


def numbers(
    paper: Study, metrics: pd.DataFrame, beside: pd.DataFrame, predictors: Collection[str]
) -> Iterator[Row]:
    """AUCs that the paper prints; of a nomogram with other variables they cannot be checked.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    metrics : DataFrame
        From ``ptclnm.report.metrics.beside_paper``.
    beside : DataFrame
        From :func:`beside_sets`.
    predictors : collection of str
        The clinical variables of the nomograms here.
    """
    yield from same_variables(auc_claims(paper, metrics, beside), beside, predictors)


def same_variables(
    rows: Iterable[Row], beside: pd.DataFrame, predictors: Collection[str]
) -> Iterator[Row]:
    """Leave claims on nomograms open where those here lack a clinical variable of the paper's."""
    lost = lacking(beside, predictors)
    note = OTHER.format(listing(lost).replace(" and ", " or "))
    for row in rows:
        yield (*row[:5], verdict.OPEN, note) if lost and NOMOGRAM in row[2] else row


def lacking(beside: pd.DataFrame, predictors: Collection[str]) -> list[str]:
    """Name the paper's clinical variables that the nomograms here do not have."""
    factors = beside[beside["rule"] == "factor"].groupby("printed", sort=False)["ours"]
    return [name for name, columns in factors if not set(columns) & set(predictors)]


def risk_factors(
    beside: pd.DataFrame, coefficients: pd.DataFrame, built: Sequence[Built]
) -> Iterator[Row]:
    """Variables that the paper calls independent risk factors, by the clinical regression here."""
    clinical = [one.name for one in built if not one.signature][:1]
    table = coefficients[coefficients["model"].isin(clinical)]
    by = table.drop_duplicates("variable").set_index("variable")["p_variable"]
    for row in judged_by(beside, "factor"):
        if row.ours in by.index:
            p = by[row.ours]
            others = listing(n for n in by.index if n not in (row.ours, "Intercept"))
            yield (
                f"factor-{slug(row.printed)}", row.where,
                f"{row.printed} is an independent risk factor", "yes",
                f"p {p_text(p)} beside {others or 'nothing else'}",
                verdict.shown(p), "",
            )  # fmt: skip


def weights(beside: pd.DataFrame, built: Sequence[Built]) -> Iterator[Row]:
    """Whether the signature has the most points of its nomogram."""
    signed = [one for one in built if one.signature]
    for asked, one in product(judged_by(beside, "weight"), signed):
        longest = {axis.name: float(axis.points.max()) for axis in one.nomogram.axes}
        own = longest.pop(one.signature)
        if not longest:
            continue
        most = max(longest.values())
        yield (
            f"weight-{slug(one.name)}", asked.where,
            f"in {one.name} every clinical variable has fewer points than the signature", "yes",
            f"signature {own:.0f} points, clinical variables up to {most:.0f}",
            verdict.for_every_choice([most < own]), "",
        )  # fmt: skip


def hosmer_lemeshow(beside: pd.DataFrame, tests: pd.DataFrame, fit_on: str) -> Iterator[Row]:
    """Whether the test's p lies above 0.05, with every number of groups."""
    groups = tests.groupby(["model", "split"], sort=False)
    for asked, ((model, split), part) in product(judged_by(beside, "hosmer_lemeshow"), groups):
        holds = part["p"] > 0.05
        yield (
            f"hosmer-{slug(model)}-{split}", asked.where,
            f"Hosmer-Lemeshow test of {model} in the {split} set", "p > 0.05",
            f"p {p_text(part['p'].min())} to {p_text(part['p'].max())} with {part['g'].min()} to "
            f"{part['g'].max()} groups; above 0.05 with {int(holds.sum())} of {len(part)}",
            verdict.for_every_choice(holds),
            FITTED_ON if split == fit_on else "",
        )  # fmt: skip


def decision(beside: pd.DataFrame, curves: pd.DataFrame, fit_on: str) -> Iterator[Row]:
    """Whether the best nomogram of the paper has the highest net benefit at every threshold."""
    nomograms = curves["model"][curves["model"].str.startswith(NOMOGRAM)].unique()
    sets = curves.groupby("split", sort=False)
    for asked, (split, part) in product(judged_by(beside, "net_benefit"), sets):
        if asked.ours not in nomograms or len(nomograms) < 2:
            continue
        wide = part.pivot(index="threshold", columns="model", values="net_benefit")
        first = wide[asked.ours] >= wide.max(axis=1) - 1e-12
        yield (
            f"decision-{split}", asked.where,
            f"{asked.ours} has the highest net benefit in the {split} set",
            "yes", f"at {int(first.sum())} of {count(len(first), 'threshold')}",
            verdict.for_every_choice(first),
            FITTED_ON if split == fit_on else "The paper does not say at which thresholds.",
        )  # fmt: skip
