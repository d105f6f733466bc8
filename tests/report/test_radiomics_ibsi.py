"""The IBSI's table on page 02: counted where the phantom is, said where it is not."""

import pandas as pd

from ptclnm.cohorts import datasets
from ptclnm.imaging import ibsi
from ptclnm.report import radiomics_ibsi


def test_matches_and_the_rest_are_counted_and_what_differs_is_shown() -> None:
    table = pd.DataFrame(
        {"feature": list("abcd"), "ibsi_name": ["x", "y", "z", ""], "value": 1.0,
         "reference": [1.0, 2.0, 3.0, None], "matches": [True, True, False, False],
         "why": ["", "", "divides by another number", ibsi.NO_REFERENCE]}
    )  # fmt: skip
    said = radiomics_ibsi.text(table, "")
    assert "Of 3 features that the IBSI gives a reference value for, **2 match**" in said
    assert "1 value differs by definition" in said and "1 feature of pyradiomics has no" in said
    assert "nothing explains" not in said
    assert radiomics_ibsi.differing(table)["feature"].tolist() == ["c"]
    shown = radiomics_ibsi.lay_out(table, "").data
    assert "divides by another number" in shown and ibsi.NO_REFERENCE not in shown
    assert "Features that differ from their reference." in shown


def test_what_nothing_explains_is_counted_apart() -> None:
    table = pd.DataFrame(
        {"feature": list("abcd"), "ibsi_name": list("wxyz"), "matches": [True, False, False, False],
         "why": ["", "divides by another number", ibsi.UNEXPLAINED, ibsi.UNEXPLAINED]}
    )  # fmt: skip
    said = radiomics_ibsi.text(table, "")
    assert "1 value differs by definition" in said
    assert "**2 values differ and nothing explains it.**" in said
    only = radiomics_ibsi.text(table[table["why"] != "divides by another number"], "")
    assert "by definition" not in only


def test_without_the_phantom_the_page_says_how_to_get_it(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    monkeypatch.setattr(datasets, "fetched_root", lambda: tmp_path)
    table, missing = radiomics_ibsi.phantom()
    assert table.empty and radiomics_ibsi.differing(table).empty
    assert "ptclnm data fetch ibsi" in radiomics_ibsi.text(table, missing)
    shown = radiomics_ibsi.lay_out(table, missing).data
    assert "left out of this run" in shown and "None" not in shown, "nothing was compared"
