"""Sentences of page 06 that a run writes."""

from collections.abc import Iterator

import pandas as pd

from ptclnm.evaluation.nomogram.study import Fitted
from ptclnm.report.claims import escape_markdown
from ptclnm.report.nomogram_claims import p_text
from ptclnm.report.nomogram_drawing import label_of
from ptclnm.report.nomogram_tables import REFIT, WHOLE, Tables
from ptclnm.report.sentences import auc_text, bullets, count, listing


def found_out(fitted: Fitted, tables: Tables) -> str:
    """Say how each nomogram does on the patients that it was not fitted on."""
    return bullets(_judged(fitted, tables), "There is no other set to validate on.")


def _judged(fitted: Fitted, tables: Tables) -> Iterator[str]:
    measures = tables["calibration"].set_index(["model", "split"])
    for row in tables["metrics"].to_dict("records"):
        key = row["model"], row["split"]
        if row["split"] == fitted.fit_on:
            continue
        text = f"**{row['model']}**, {row['split']}: AUC {auc_text(row)}"
        if pd.notna(row["reported_auc"]):
            text += f"; the paper prints {row['reported_auc']:.3f}"
        if key in measures.index:
            own = measures.loc[key]
            text += (
                f". Calibration slope {own['slope']:.2f} ({own['slope_low']:.2f}–"
                f"{own['slope_high']:.2f}); {own['expected']:.0f} patients with the outcome were "
                f"expected and {own['events']:.0f} had it"
            )
        yield text + "."


def screen(fitted: Fitted) -> str:
    """Say which variables passed, which could not be fitted, and what stands in the nomograms."""
    table = fitted.screen.drop_duplicates("variable")
    passed = [label_of(name) for name in table.loc[table["kept"].astype(bool), "variable"]]
    lost = [f"{label_of(row.variable)} ({row.note})" for row in table.itertuples() if row.note]
    events = int(fitted.train["label"].sum())
    lines = [
        f"Of {count(len(table), 'variable')}, {len(passed)} have p < {fitted.p_enter:g} alone: "
        f"{listing(passed) or 'none'}.",
        f"The nomograms hold {listing(map(label_of, fitted.predictors))}, "
        + ("as the screen chose." if fitted.screened else "as named beforehand."),
        f"{count(events, 'patient')} of {len(fitted.train)} in the set fitted on have the outcome.",
    ]
    if len(fitted.joined):
        names = [f"{label_of(row.variable)}: {row.level} ({row.n})" for row in
                 fitted.joined.itertuples()]  # fmt: skip
        lines.append(f"Joined with the commonest level for want of patients: {listing(names)}.")
    if lost:
        lines.append(f"Without an estimate, and left out: {listing(lost)}.")
    return escape_markdown(" ".join(lines))


def validation(fitted: Fitted, tables: Tables) -> str:
    """Say what the bootstrap takes off each nomogram."""
    return bullets(_corrected(tables["validation"], fitted))


def _corrected(table: pd.DataFrame, fitted: Fitted) -> Iterator[str]:
    names = {REFIT: "fitted again", WHOLE: "screened and fitted again"}
    for (model, procedure), part in table.groupby(["model", "procedure"], sort=False):
        rows = part.set_index("index")
        auc, slope = rows.loc["auc"], rows.loc["slope"]
        yield (
            f"{model}, {names[procedure]} in {count(int(auc['draws']), 'resample')}: AUC "
            f"{auc['apparent']:.3f} becomes {auc['corrected']:.3f}, the slope "
            f"{slope['corrected']:.2f}."
        )


def hosmer(tables: Tables) -> str:
    """Say how far the p of one and the same nomogram moves with the number of groups."""
    table = tables["hosmer_lemeshow"]
    lines = []
    for (model, split), part in table.groupby(["model", "split"], sort=False):
        low, high = part.loc[part["p"].idxmin()], part.loc[part["p"].idxmax()]
        lines.append(
            f"{model}, {split}: p {p_text(low['p'])} with {low['g']} groups, {p_text(high['p'])} "
            f"with {high['g']}."
        )
    return bullets(lines, "Too few patients with the outcome for five groups.")


def differences(tables: Tables) -> str:
    """Say which nomograms differ on new patients, by DeLong's test with Holm's correction."""
    table = tables["differences"]
    if table.empty:
        return "There are no two models to compare."
    sure = table[table["p_holm"] < 0.05]
    pairs = [
        f"{row.model_a} and {row.model_b} in {row.split} ({row.difference:+.3f}, "
        f"p {p_text(row.p_holm)})"
        for row in sure.itertuples()
    ]
    found = f"{listing(pairs)} differ" if pairs else "no two models differ"
    return f"Of {count(len(table), 'pair')}, {found} at 0.05 after Holm's correction."


def equations(fitted: Fitted) -> str:
    """Write every nomogram as a formula that anyone can compute by hand."""
    return "\n\n".join(
        f"**{one.name}**\n\n```text\n{one.model.equation()}\nrisk = 1 / (1 + exp(−log odds))\n```"
        for one in fitted.built
    )
