"""Texture or size? Features freed of the nodule's area, and pictures whose texture is destroyed."""

from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ptclnm.cohorts.schema import Cohort
from ptclnm.features import extract
from ptclnm.models import classifiers
from ptclnm.models.data import ImageData
from ptclnm.models.fusion.join import area_of, fuse
from ptclnm.models.fusion.parts import METHOD
from ptclnm.models.selection import selection
from ptclnm.models.zoo import predict
from quickradiomics.settings import Settings, from_content

# What only the outline decides.
OUTLINE = "shape"
DEGREE = 3
AS_IT_IS, FREED, AREA_ALONE = "radiomics", "radiomics, area regressed out", "area alone"
UNTOUCHED, SHUFFLED = "unfiltered features", "unfiltered features, pixels shuffled"
OUTLINE_ALONE = "outline alone"


class WithoutArea(TransformerMixin, BaseEstimator):
    """Take out of every column what a cubic of the area's logarithm foretells of it.

    Parameters
    ----------
    area : int
        Column of the area; it becomes zero itself.

    Attributes
    ----------
    coef_ : ndarray, shape (4, features)
        Least squares on the training rows.
    """

    def __init__(self, area: int = 0) -> None:
        self.area = area

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit on `X`, shape (rows, features)."""
        X = np.asarray(X, dtype=float)
        logs = np.log(X[:, self.area])
        self.mean_, self.sd_ = float(logs.mean()), float(logs.std()) or 1.0
        # Columns of very different size: each on its own scale.
        self.coef_ = np.linalg.lstsq(self._powers(X), X, rcond=None)[0]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give the residuals of `X`."""
        X = np.asarray(X, dtype=float)
        rest = X - self._powers(X) @ self.coef_
        rest[:, self.area] = 0.0
        return rest

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Names as they were."""
        return np.asarray(input_features, dtype=object)

    def _powers(self, X: NDArray) -> NDArray[np.float64]:
        at = (np.log(X[:, self.area]) - self.mean_) / self.sd_
        # Beyond the training nodules a cubic runs away; the nearest of them stands for those.
        return np.vander(np.clip(at, -3.0, 3.0), DEGREE + 1)


def unfiltered(settings: Settings) -> Settings:
    """The same feature classes on the picture without filters."""
    classes = {name: list(features) for name, features in settings.classes.items()}
    names = {"binWidth", "binCount", "force2D", "force2Ddimension"} & set(settings.values)
    values = {name: settings.values[name] for name in sorted(names)}
    content = {"setting": values, "imageType": {"Original": {}}, "featureClass": classes}
    return from_content(content, f"{settings.name}-unfiltered")


def shuffled_pixels(array: NDArray, mask: NDArray, rng: np.random.Generator) -> NDArray:
    """Deal the grey values inside a mask anew; their histogram and the outline stay."""
    made = np.array(array, dtype=float)
    made[mask] = rng.permutation(made[mask])
    return made


def shuffled_features(
    cohort: Cohort, settings: Settings, seed: int, n_jobs: int | None, cache: Path | None = None
) -> dict[str, pd.DataFrame]:
    """Extract unfiltered features of every picture as it is, and with its nodule's pixels shuffled.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    settings : Settings
        Whose classes are extracted.
    seed : int
        Of the shuffles; each picture's depends on its id alone.
    n_jobs : int, optional
        Processes.
    cache : Path, optional
        Folder of the extracted features, as of ``ptclnm.features.extract``.

    Returns
    -------
    dict of str to DataFrame
        ``as_is`` and ``shuffled``: ``image_id``, then the features.

    Raises
    ------
    ExtractionError
        As ``ptclnm.features.extract``.
    """
    plain = unfiltered(settings)
    shuffle = partial(_shuffle, seed)
    return {
        "as_is": extract(cohort, plain, n_jobs, cache),
        "shuffled": extract(cohort, plain, n_jobs, cache, change=shuffle),
    }


def _shuffle(seed: int, image_id: str, array: NDArray, mask: NDArray) -> NDArray[np.float64]:
    return shuffled_pixels(array, mask, np.random.default_rng([seed, *str(image_id).encode()]))


def texture_predictions(
    table: pd.DataFrame,
    radiomics: pd.DataFrame,
    plain: dict[str, pd.DataFrame],
    folds: int,
    seed: int,
) -> pd.DataFrame:
    """Score everyone by features with and without the size, with and without the texture.

    Parameters
    ----------
    table : DataFrame
        The cohort table.
    radiomics : DataFrame
        All radiomics features.
    plain : dict of str to DataFrame
        From :func:`shuffled_features`.
    folds, seed : int
        Of the selection.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``; selection and logistic regression as in
        ``ptclnm.models.fusion.parts``.
    """
    outline = [c for c in plain["as_is"] if c == "image_id" or OUTLINE in c.split("_")[1]]
    arms = {
        AS_IT_IS: (radiomics, False), FREED: (radiomics, True),
        AREA_ALONE: (radiomics[["image_id", area_of(radiomics)]], False),
        UNTOUCHED: (plain["as_is"], False), SHUFFLED: (plain["shuffled"], False),
        OUTLINE_ALONE: (plain["as_is"][outline], False),
    }  # fmt: skip
    found = []
    for name, (features, freed) in arms.items():
        data = fuse(table, {"radiomics": features})
        found.append(predict({name: _chain(data.train, freed, folds, seed)}, data))
    return pd.concat(found, ignore_index=True)


def _chain(train: ImageData, freed: bool, folds: int, seed: int) -> Pipeline:
    # One column has nothing to be selected from.
    steps = selection(METHOD, folds, seed, train.names)[: 2 if train.X.shape[1] == 1 else None]
    if freed:
        steps.insert(0, ("area", WithoutArea(train.names.index(area_of(train.names)))))
    steps.append(("classifier", classifiers.make("LR", seed)))
    groups = {"lasso__groups": train.patients} if "lasso" in dict(steps) else {}
    with threadpool_limits(1):
        return Pipeline(steps).fit(train.X, train.labels, **groups)
