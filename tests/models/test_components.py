"""Components are those of the deep columns, and of nothing else."""

import numpy as np
from sklearn.decomposition import PCA

from ptclnm.models.components import DeepComponents


def test_components_are_those_of_the_deep_columns_alone() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 12)) @ rng.normal(size=(12, 12))
    names = [f"dl_{i:04d}" if i % 3 else f"original_glcm_F{i}" for i in range(12)]
    deep = np.array([name.startswith("dl_") for name in names])
    step = DeepComponents(tuple(names), 5).fit(X)
    found = step.transform(X)
    np.testing.assert_array_equal(found[:, :4], X[:, ~deep])
    own = PCA(5, svd_solver="full").fit_transform(X[:, deep])
    np.testing.assert_allclose(found[:, 4:], own, atol=1e-10)
    assert list(step.get_feature_names_out())[3:6] == ["original_glcm_F9", "dl_pc000", "dl_pc001"]


def test_there_are_no_more_components_than_rows_allow_and_none_of_nothing() -> None:
    X = np.random.default_rng(0).normal(size=(8, 40))
    many = DeepComponents(tuple(f"dl_{i:04d}" for i in range(40))).fit(X)
    assert many.transform(X).shape == (8, 7)
    none = DeepComponents(tuple(f"original_glcm_F{i}" for i in range(40))).fit(X)
    np.testing.assert_array_equal(none.transform(X), X)
