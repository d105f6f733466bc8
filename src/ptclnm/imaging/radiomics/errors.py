"""Named errors of the extraction of radiomics features."""

from collections.abc import Iterable

import pandas as pd

from ptclnm.errors import ProblemsError, PtclnmError

REMEDIES = {
    "mask_size": "Draw the mask on this picture; both must have the same rows and columns.",
    "empty_roi": "Check the mask and the label that marks the nodule.",
    "one_pixel": "Draw the nodule again: features need an area.",
    "thin_roi": "Draw the nodule again, or lower minimumROIDimensions in the settings.",
    "small_roi": "Draw the nodule again, or lower minimumROISize in the settings.",
    "not_finite": "Export the picture again without missing or infinite pixels.",
    "no_spacing": "Use unit='pixel', or pictures whose files say it.",
    "many_levels": "Set binCount, or a larger binWidth, in the settings.",
}
NAMES_SHOWN = 8


class RegionError(PtclnmError):
    """A picture and mask that no features can be computed of.

    Parameters
    ----------
    code : str
        A key of ``REMEDIES``.
    found : str
        What was found.
    """

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found
        super().__init__(f"{found}. {REMEDIES[code]}")

    def __reduce__(self) -> tuple:
        """Let the error pass from a worker process."""
        return type(self), (self.code, self.found)


class ExtractionError(ProblemsError):
    """Features that are missing, not a number or infinite, or pictures without any.

    Parameters
    ----------
    subject : str
        The cohort.
    table : DataFrame
        Columns ``image_id, feature, problem``; `feature` is empty where the whole picture has
        none.
    """

    def __init__(self, subject: str, table: pd.DataFrame) -> None:
        self.table = table
        super().__init__(subject, _lines(table))


def _lines(table: pd.DataFrame) -> Iterable[str]:
    """One line a picture and kind of problem, with the first few features' names."""
    for (image, problem), rows in table.groupby(["image_id", "problem"], sort=False):
        names = [name for name in rows["feature"] if name]
        if not names:
            yield f"{image}: {problem}"
            continue
        more = len(names) - NAMES_SHOWN
        shown = ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
        yield f"{image}: {len(names)} features, {problem}: {shown}"
