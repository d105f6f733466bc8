"""radMLBench: every table of the source, and tables that are none."""

import pandas as pd
import pytest

from ptclnm.cohorts import radmlbench
from ptclnm.errors import ManifestError

GOOD = pd.DataFrame({"ID": ["a", "b"], "Target": [False, True], "glcm": [0.5, 1.0]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ID": ["a", "a"]}, "'a' stands on several rows"),
        ({"Target": [1, 1]}, "needed: 0 and 1"),
        ({"Target": ["yes", "no"]}, "not such a table"),
        ({"glcm": ["much", "little"]}, "column 'glcm' is not of numbers"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(tmp_path, monkeypatch, change, said):
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    folder = tmp_path / "radmlbench" / "datasets"
    folder.mkdir(parents=True)
    GOOD.assign(**change).to_csv(folder / "Ahn2021.gz", index=False)
    with pytest.raises(ManifestError, match=said):
        radmlbench.read("Ahn2021")


def test_every_table_of_the_source_has_both_outcomes(data):
    sizes = {name: (len(y), x.shape[1]) for name in radmlbench.names()
             for x, y in [radmlbench.read(name)]}  # fmt: skip
    assert len(sizes) == 43
    assert min(n for n, _ in sizes.values()) == 51
    assert sizes["Ahn2021"] == (114, 108)
