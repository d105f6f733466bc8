"""What the papers say of their radiomics models, judged on the patients at hand."""

from collections.abc import Iterator, Sequence

import pandas as pd

from ptclnm.features import load_settings
from ptclnm.report import verdict
from ptclnm.report.beside import Row, kept_claim
from recount import Study

# Why a number of features judges nothing.
MADE_TO_FIT = (
    "The settings were chosen to give this number, so that it could not fail; page 00 accounts for "
    "its parts."
)
OTHER_SETTINGS = "Extracted with other settings than the paper's."


def features(paper: Study, names: Sequence[str], types: pd.DataFrame) -> Iterator[Row]:
    """Number of features; `types` says which of them say nothing of what is inside the outline."""
    for printed in paper.features.query("quantity == 'total'").head(1).to_dict("records"):
        note, counts = OTHER_SETTINGS, types.groupby("finding")["empty"].sum()
        if tuple(names) == load_settings(paper.name).names:
            empty = [f"{number:,} are {finding}" for finding, number in counts.items() if finding]
            said = f" Of the features, {' and '.join(empty)}." if empty else ""
            note = f"{MADE_TO_FIT}{said}"
        yield (
            "features", printed["where"], "number of radiomics features", printed["value"],
            str(len(names)), verdict.OPEN, note,
        )  # fmt: skip


def selected(paper: Study, kept: Sequence[str], resamples: pd.DataFrame) -> Iterator[Row]:
    """Number of features that the selection keeps, by those that resamples keep."""
    rows = paper.features.query("quantity == 'selected_radiomics'")
    for printed in rows.head(1).to_dict("records"):
        low, high = resamples["kept"].quantile([0.025, 0.975])
        counts = {"reported": printed["value"], "obtained": len(kept), "low": low, "high": high}
        what = "features that the selection keeps"
        yield kept_claim("selected", printed["where"], what, counts, len(resamples))
