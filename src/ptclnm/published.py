"""The papers' printed numbers, where this project keeps them."""

from pathlib import Path

import pandas as pd

import recount
from ptclnm.paths import PUBLISHED


def load(study: str | Path) -> recount.Study:
    """Read a paper's tables: by its name below ``data_manifest/published``, or by a full path.

    Raises
    ------
    RecordError
        As `recount.load`.
    """
    return recount.load(PUBLISHED / study)


def published_flow(study: recount.Study) -> pd.DataFrame:
    """Recruitment flow from the printed sizes, in the form of a cohort's flow.

    Returns
    -------
    DataFrame
        Columns ``step, rows, images, patients, reason``: the cohort, then each of its sets with
        the stated number with the outcome. A paper that prints no number of excluded patients has
        no row for them.
    """
    tops = study.groups[study.groups["parent"] == ""]
    records = [{"step": f"{study.about['title']}: {row.group}", "patients": int(row.n or 0)}
               for row in tops.itertuples()]  # fmt: skip
    for top in tops["group"]:
        for row in study.groups[study.groups["parent"] == top].itertuples():
            positive, _ = study.stated_split(row.group)
            size = study.size(row.group)
            step = f"split: {row.group}, {positive} {study.about['positive']}"
            records.append({"step": step, "patients": size})
    frame = pd.DataFrame(records).assign(rows=0, images=0, reason="")
    return frame[["step", "rows", "images", "patients", "reason"]]
