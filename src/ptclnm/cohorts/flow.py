"""The flow of a cohort: what was there, what was dropped for which reason, what is kept."""

import pandas as pd

from ptclnm.cohorts.schema import SPLITS

FLOW_COLUMNS = ("step", "rows", "images", "patients", "reason")
SPLIT = "split: "


def counts(table: pd.DataFrame) -> dict[str, int]:
    """Count rows, distinct images and patients of a cohort table.

    Parameters
    ----------
    table : DataFrame
        Columns ``patient_id`` and, where there are images, ``image``.

    Returns
    -------
    dict
        Keys ``rows``, ``images``, ``patients``.
    """
    images = table["image"].replace("", pd.NA).nunique() if "image" in table else 0
    return {
        "rows": len(table),
        "images": int(images),
        "patients": int(table["patient_id"].nunique()),
    }


class Flow:
    """Lines of a flow in the order in which they happened.

    A line without a reason says what is there at that point; a line with one says what was
    lost there. What is there, less what was lost, is what is there next, in all three counts.

    Parameters
    ----------
    lines : DataFrame, optional
        An earlier flow, as from `frame`, that goes on here.
    """

    def __init__(self, lines: pd.DataFrame | None = None) -> None:
        self._lines: list[dict] = [] if lines is None else lines.to_dict("records")

    def there(self, step: str, table: pd.DataFrame) -> None:
        """Note what is there."""
        self._lines.append({"step": step, **counts(table), "reason": ""})

    def lost(
        self, step: str, before: pd.DataFrame, after: pd.DataFrame, reason: str
    ) -> pd.DataFrame:
        """Note what `after` lacks of `before`, if anything, and return `after`."""
        was, still = counts(before), counts(after)
        lost = {key: was[key] - still[key] for key in was}
        if any(lost.values()):
            self._lines.append({"step": step, **lost, "reason": reason})
        return after

    def kept(self, whole: pd.DataFrame, table: pd.DataFrame, n_patients: int | None) -> None:
        """Note the patients that were not drawn, what is kept, and its splits."""
        self.lost("subset", whole, table, f"not drawn: {n_patients} patients were asked for")
        self.there("kept", table)
        self.splits(table)

    def splits(self, table: pd.DataFrame) -> None:
        """Note each split with its number of patients that have the endpoint."""
        for split in sorted(table["split"].unique(), key=SPLITS.index):
            part = table[table["split"] == split]
            positive = part.loc[part["label"] == 1, "patient_id"].nunique()
            self.there(f"{SPLIT}{split}, {positive} with the endpoint", part)

    def frame(self) -> pd.DataFrame:
        """Return the lines as a frame with the columns of ``FLOW_COLUMNS``."""
        return pd.DataFrame(self._lines, columns=list(FLOW_COLUMNS))
