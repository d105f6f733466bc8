"""The IBSI's table on page 02: counted where the phantom is, said where it is not."""

import pandas as pd

from ptclnm.cohorts import datasets
from ptclnm.report import radiomics_ibsi


def test_matches_and_the_rest_are_counted_and_what_differs_is_shown() -> None:
    table = pd.DataFrame(
        {"feature": list("abcd"), "ibsi_name": ["x", "y", "z", ""],
         "reference": [1.0, 2.0, 3.0, None], "matches": [True, True, False, False]}
    )  # fmt: skip
    said = radiomics_ibsi.text(table, "")
    assert "Of 3 features that the IBSI gives a reference value for, **2 match**" in said
    assert "1 value differs by definition" in said and "1 feature of pyradiomics has no" in said
    assert radiomics_ibsi.differing(table)["feature"].tolist() == ["c"]


def test_without_the_phantom_the_page_says_how_to_get_it(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    monkeypatch.setattr(datasets, "fetched_root", lambda: tmp_path)
    table, missing = radiomics_ibsi.phantom()
    assert table.empty and radiomics_ibsi.differing(table).empty
    assert "ptclnm data fetch ibsi" in radiomics_ibsi.text(table, missing)
