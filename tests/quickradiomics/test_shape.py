"""The shortcut through corners gives the same shape as the search over all pairs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from radiomics import cShape

from quickradiomics.shape import diameters, mesh

MASKS = arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))
LENGTH = st.floats(0.05, 5)


@given(MASKS, st.tuples(LENGTH, LENGTH, LENGTH))
@settings(max_examples=150)
def test_mesh_and_diameters_of_any_mask(mask, spacing):
    mask[0, 0] = True
    padded = np.pad(mask[None], 1)
    area, volume, far = cShape.calculate_coefficients(padded, np.array(spacing))
    np.testing.assert_allclose(mesh(padded[1], spacing), (area, volume), rtol=1e-10)
    np.testing.assert_allclose(diameters(padded[1], spacing), far, rtol=1e-12)
