"""The look of figures: colours that can be told apart, settings that do not leak."""

import matplotlib as mpl

from ptclnm.cohorts.schema import EVIDENCE
from ptclnm.report.style import EVIDENCE_COLORS, VERDICT_COLORS, use_style


def test_every_kind_of_evidence_and_verdict_has_its_own_colour():
    assert set(EVIDENCE_COLORS) == set(EVIDENCE)
    assert len(set(EVIDENCE_COLORS.values())) == len(EVIDENCE)
    assert len(set(VERDICT_COLORS.values())) == 5


def test_style_ends_with_its_block():
    before = dict(mpl.rcParams)
    with use_style():
        assert mpl.rcParams["axes.titleweight"] == "bold"
    assert dict(mpl.rcParams) == before
