"""radMLBench: every table of the source."""

from ptclnm.cohorts import radmlbench


def test_every_table_of_the_source_has_both_outcomes(data):
    sizes = {name: (len(y), x.shape[1]) for name in radmlbench.names()
             for x, y in [radmlbench.read(name)]}  # fmt: skip
    assert len(sizes) == 43
    assert min(n for n, _ in sizes.values()) == 51
    assert sizes["Ahn2021"] == (114, 108)
