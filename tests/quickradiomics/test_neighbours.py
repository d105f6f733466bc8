"""Matrices of neighbours are those of pyradiomics' C code, to the last bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from radiomics import cMatrices

from quickradiomics.textures import dependence, tone_difference

SHAPES = st.tuples(st.integers(2, 12), st.integers(2, 12))


@st.composite
def bins(draw):
    """Bins from 1 in a mask, 0 outside, and how far apart counts as alike."""
    shape = draw(SHAPES)
    binned = draw(arrays.arrays(np.int64, shape, elements=st.integers(1, 6), fill=st.just(2)))
    mask = draw(arrays.arrays(bool, shape, fill=st.booleans()))
    mask[draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1))] = True
    return np.where(mask, binned, 0), mask, draw(st.integers(0, 3))


@given(bins())
def test_any_bins_in_any_mask(case):
    binned, mask, alpha = case
    given_to_c = (binned, mask, np.array([1]), int(binned.max()))
    theirs = cMatrices.calculate_gldm(*given_to_c, alpha, False, 0)[0]
    ours = dependence(binned, mask, alpha)
    np.testing.assert_array_equal(ours, theirs[:, :9])
    assert not theirs[:, 9:].any()
    np.testing.assert_array_equal(
        tone_difference(binned, mask), cMatrices.calculate_ngtdm(*given_to_c, False, 0)[0]
    )
