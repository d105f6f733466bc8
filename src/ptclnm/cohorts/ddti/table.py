"""DDTI as a table of pictures: duplicates, grades and contours, and what they cost."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd
from scipy.cluster.hierarchy import DisjointSet

from ptclnm.cohorts.ddti.cases import Case, Polygon
from ptclnm.cohorts.flow import Flow

LABELS = {"2": 0, "3": 0, "4a": 1, "4b": 1, "4c": 1, "5": 1}
SONOGRAPHIC = ("composition", "echogenicity", "margins", "calcifications")


def picture_table(cases: Sequence[Case], contents: Mapping[str, str]) -> pd.DataFrame:
    """List every picture with its case.

    Parameters
    ----------
    cases : sequence of Case
        In the order of their numbers.
    contents : mapping
        Hash of each picture's bytes by its name, ``<case>_<number>.jpg``.

    Returns
    -------
    DataFrame
        Columns ``patient_id, case, image, content, grade, polygons, state``, then age, sex and
        the four sonographic findings in one spelling each; the patient is the case.
    """
    rows = [
        {
            "patient_id": f"ddti-{case.number}",
            "case": int(case.number),
            "image": f"{case.number}_{mark.number}.jpg",
            "grade": case.grade,
            "polygons": mark.polygons,
            "state": mark.state,
            **clinical_fields(case.fields),
        }
        for case in cases
        for mark in case.marks
    ]
    table = pd.DataFrame(rows)
    return table.assign(content=table["image"].map(contents))


def clinical_fields(fields: Mapping[str, str]) -> dict[str, object]:
    """Bring a case's fields to one spelling each; what is not given is missing.

    Parameters
    ----------
    fields : mapping
        As in the XML.

    Returns
    -------
    dict
        ``age`` in years (NaN unless 1 to 120), ``sex`` (``F``, ``M``), and the findings.
    """
    age = fields["age"] if re.fullmatch(r"[0-9]{1,3}", fields["age"]) else "nan"
    tidy = {name: re.sub(r"-\s+", "-", fields[name]) or None for name in SONOGRAPHIC}
    for name, value in tidy.items():
        if value:
            tidy[name] = re.sub(r"^ill defined$", "ill-defined", value)
    if tidy["calcifications"]:
        tidy["calcifications"] = re.sub(
            r"calcifications?$", "calcifications", tidy["calcifications"]
        )
    years = float(age)
    return {
        "age": years if 0 < years <= 120 else float("nan"),
        "sex": fields["sex"] if fields["sex"] in ("F", "M") else None,
        **tidy,
    }


def select(table: pd.DataFrame, duplicates: str) -> tuple[pd.DataFrame, Flow]:
    """Keep graded pictures with a whole contour, each once.

    Parameters
    ----------
    table : DataFrame
        As :func:`picture_table` returns it.
    duplicates : str
        A picture under several cases: ``group`` makes these cases one patient and keeps the
        picture once; ``remove`` drops it, since which case it belongs to is not known.

    Returns
    -------
    table : DataFrame
        Column ``label`` added.
    flow : Flow
        What was lost on the way.
    """
    flow = Flow()
    flow.there("DDTI, all pictures and cases", table)
    table = _without_copies(table, flow)
    resolve = _group_cases if duplicates == "group" else _remove_shared
    table = resolve(table, flow)
    table = _keep(table, table["grade"] != "", flow, "grade", "no TI-RADS grade")
    table = table.assign(label=table["grade"].map(LABELS))
    agreed = table.groupby("patient_id")["label"].transform("nunique") == 1
    table = _keep(table, agreed, flow, "grade", "cases of one patient, graded on both sides")
    table = _keep(table, table["state"] != "none", flow, "contour", "no contour")
    table = _keep(table, table["state"] != "cut", flow, "contour", "contour cut off in the source")
    inside = table["polygons"].map(len) > 0
    return _keep(table, inside, flow, "contour", "contour outside the picture"), flow


def drop_outside(table: pd.DataFrame, width: int, height: int) -> pd.DataFrame:
    """Drop contours that leave the picture: they were not drawn on what is seen there.

    Parameters
    ----------
    table : DataFrame
        Column ``polygons``.
    width, height : int
        Size of the pictures, in pixels.

    Returns
    -------
    DataFrame
        The same rows, with the contours that lie inside.
    """

    def inside(polygon: Polygon) -> bool:
        return all(0 <= x < width and 0 <= y < height for x, y in polygon)

    return table.assign(
        polygons=table["polygons"].map(lambda ps: tuple(p for p in ps if inside(p)))
    )


def _keep(
    table: pd.DataFrame, which: pd.Series, flow: Flow, step: str, reason: str
) -> pd.DataFrame:
    """Keep some rows, and note the others."""
    kept = table[which]
    flow.lost(step, table, kept, reason)
    return kept


def _best_first(table: pd.DataFrame) -> pd.DataFrame:
    """Order copies of a picture: graded and drawn on first, then by case and number."""
    order = table.assign(bare=table["grade"] == "", undrawn=table["state"] != "drawn")
    return table.loc[order.sort_values(["bare", "undrawn"], kind="stable").index]


def _without_copies(table: pd.DataFrame, flow: Flow) -> pd.DataFrame:
    """Keep one of equal pictures of a case."""
    copies = _best_first(table).duplicated(["content", "case"]).reindex(table.index)
    return _keep(table, ~copies, flow, "copies", "the same picture twice in one case")


def _remove_shared(table: pd.DataFrame, flow: Flow) -> pd.DataFrame:
    """Drop every picture that stands under several cases."""
    shared = table.groupby("content")["case"].transform("nunique") > 1
    return _keep(table, ~shared, flow, "copies", "the same picture under several cases")


def _group_cases(table: pd.DataFrame, flow: Flow) -> pd.DataFrame:
    """Make cases that share a picture one patient, and keep the picture once."""
    sets = DisjointSet(table["case"].tolist())
    for _, cases in table.groupby("content")["case"]:
        for case in cases:
            sets.merge(cases.iloc[0], case)
    first = {case: min(subset) for subset in sets.subsets() for case in subset}
    grouped = table.assign(patient_id="ddti-" + table["case"].map(first).astype(str))
    copies = _best_first(grouped).duplicated("content").reindex(grouped.index)
    kept = grouped[~copies]
    reason = "the same picture under several cases, which are taken as one patient"
    flow.lost("copies", table, kept, reason)
    return kept
