"""What page 01 shows, whether it is about a printed table or about patients."""

from dataclasses import dataclass, field, replace

import pandas as pd
from matplotlib.figure import Figure

from ptclnm import cohorts, published
from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate.patients import STUDIES, draw, study_of
from ptclnm.errors import MissingDataError
from ptclnm.published import published_flow
from ptclnm.report import whose
from ptclnm.report.flow import flow_figure
from ptclnm.report.simulated import reported_against_obtained, side_by_side
from ptclnm.report.style import GREY, use_style
from ptclnm.report.table1 import table1
from recount import p_values, pair_name, published_table1

PUBLISHED = "published"
SIMULATED = "-sim"
FLOW_COLUMNS = ["step", "rows", "images", "patients", "reason"]


@dataclass(frozen=True)
class CohortView:
    """A cohort as page 01 shows it.

    Parameters
    ----------
    title, evidence, endpoint : str
        What it is, what it rests on, what the outcome is.
    table1 : DataFrame
        Who is in it, group against group.
    balance : DataFrame
        Columns ``key, variable, group_a, group_b, smd``.
    flow : DataFrame
        What was there, dropped for what, kept.
    warnings : tuple of str
        Problems that did not stop.
    missing : str
        Why the data are not here and how to get them; empty where they are.
    cohort : Cohort or None
        The patients, where there are any.
    compared : DataFrame or None
        Every printed number against the simulated patients, for a simulated cohort.
    """

    title: str
    evidence: str
    endpoint: str
    table1: pd.DataFrame
    balance: pd.DataFrame
    flow: pd.DataFrame
    warnings: tuple[str, ...] = field(default=())
    missing: str = ""
    cohort: Cohort | None = None
    compared: pd.DataFrame | None = None

    def summary(self) -> str:
        """Say in Markdown what the cohort is, and what is wrong with it."""
        if self.missing:
            return whose.left_out(self.missing)
        head = f"**{self.title}** (evidence: {self.evidence}). Endpoint: {self.endpoint}"
        lines = [head.rstrip(".") + "."]
        if self.cohort is not None:
            lines.append(f"Fingerprint of contents and settings: `{self.cohort.fingerprint[:16]}`.")
        return "\n\n".join([*lines, *(f"- {line}" for line in self.warnings)])


def _published_view(study: str) -> CohortView:
    record = published.load(study)
    tests = p_values(record)
    return CohortView(
        title=record.about["title"], evidence=PUBLISHED, endpoint=record.about["endpoint"],
        table1=published_table1(record, tests), balance=tests, flow=published_flow(record),
    )  # fmt: skip


def _balance(frame: pd.DataFrame) -> pd.DataFrame:
    """Standardised differences of a table 1, one row a variable."""
    rows = frame[frame["smd"].map(lambda value: isinstance(value, float)) & frame["smd"].notna()]
    columns = {"key": rows["variable"], "variable": rows["variable"], "smd": rows["smd"]}
    return pd.DataFrame(columns).assign(group_a="with the outcome", group_b="without")


def _cohort_view(name: str, n_patients: int | None, seed: int) -> CohortView:
    cohort = cohorts.open(name, n_patients=n_patients, seed=seed)
    frame = table1(cohort, names={0: "without the outcome", 1: "with the outcome"})
    return CohortView(
        title=cohort.title, evidence=cohort.evidence, endpoint=cohort.endpoint, table1=frame,
        balance=_balance(frame), flow=cohort.flow, warnings=cohort.warnings, cohort=cohort,
    )  # fmt: skip


def _simulated_view(name: str, n_patients: int | None, seed: int) -> CohortView:
    """Show the full table against print, and the pictures of as many patients as asked for."""
    found = _cohort_view(name, n_patients, seed)
    record = published.load(name.removesuffix(SIMULATED))
    compared = reported_against_obtained(
        record, draw(name, seed=seed).table, study_of(name).PRINTED
    )
    return replace(found, table1=side_by_side(compared), compared=compared)


def view(study: str, cohort: str, n_patients: int, seed: int) -> CohortView:
    """Prepare what page 01 shows.

    Parameters
    ----------
    study : str
        Paper whose printed table is shown where `cohort` is ``published``.
    cohort : str
        ``published``, a cohort's name, or the path of a manifest.
    n_patients : int
        Keep as many patients only; 0 keeps all.
    seed : int
        Seed of the draw and of the split.

    Returns
    -------
    CohortView
        Where the data are not on this machine, an empty view that says how to get them.
    """
    if cohort == PUBLISHED:
        return _published_view(study)
    opened = _simulated_view if cohort in STUDIES else _cohort_view
    try:
        return opened(cohort, n_patients or None, seed)
    except MissingDataError as error:
        empty = pd.DataFrame(columns=["variable", "level", "test", "p", "smd"])
        flow = pd.DataFrame(columns=FLOW_COLUMNS)
        balance = pd.DataFrame(columns=["key", "variable", "group_a", "group_b", "smd"])
        return CohortView(cohort, "public", "", empty, balance, flow, missing=str(error))


def draw_flow(found: CohortView) -> Figure | str:
    """Draw the recruitment flow, or say why not."""
    return whose.LEFT_OUT if found.flow.empty else flow_figure(found.flow, found.title)


def draw_balance(found: CohortView) -> Figure | str:
    """Draw the standardised differences, or say why not."""
    return whose.LEFT_OUT if found.balance["smd"].isna().all() else balance_figure(found.balance)


def balance_figure(p_values: pd.DataFrame) -> Figure:
    """Draw standardised mean differences of each variable, one mark a pair of groups.

    Parameters
    ----------
    p_values : DataFrame
        From ``p_values``.
    """
    rows = p_values.dropna(subset=["smd"]).drop_duplicates("key")
    names = list(dict.fromkeys(rows["variable"]))[::-1]
    marks = "os^Dv"
    with use_style():
        figure = Figure(figsize=(7, 0.34 * len(names) + 1.4), layout="constrained")
        axes = figure.subplots()
        pairs = rows.groupby(["group_a", "group_b"], sort=False)
        for index, ((first, second), part) in enumerate(pairs):
            at = [names.index(name) for name in part["variable"]]
            label = pair_name(first, second)
            axes.plot(
                part["smd"], at, marks[index % len(marks)], color=f"C{index}", ms=7, label=label
            )
        axes.axvline(0.1, color=GREY, lw=0.9, ls=":")
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="standardised mean difference", ylim=(-0.6, len(names) - 0.4))
        axes.set_xlim(left=0)
        figure.legend(loc="outside upper center")
    return figure
