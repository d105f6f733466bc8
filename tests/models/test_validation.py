"""Folds and resamples by patient."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptclnm.models.data import FeaturesError, join
from ptclnm.models.predictions import PredictionsError, check_predictions
from ptclnm.models.validation import FoldsError, patient_folds, patient_scores, resample

PATIENTS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3)), min_size=10, max_size=40)


def rows_of(patients) -> tuple[np.ndarray, np.ndarray]:
    names = np.repeat([f"p{i}" for i in range(len(patients))], [n for _, n in patients])
    return names, np.repeat([label for label, _ in patients], [n for _, n in patients])


@given(PATIENTS, st.integers(2, 4), st.integers(0, 100))
def test_a_patient_never_crosses_a_fold_and_classes_are_balanced(patients, folds, seed) -> None:
    names, labels = rows_of(patients)
    counts = [sum(label == c for label, _ in patients) for c in (0, 1)]
    if min(counts) < folds:
        with pytest.raises(FoldsError, match=f"{counts[1]} patients with the outcome"):
            patient_folds(names, labels, folds, seed)
        return
    table = pd.DataFrame({"name": names, "label": labels})
    table["fold"] = patient_folds(names, labels, folds, seed)
    assert (table.groupby("name")["fold"].nunique() == 1).all()
    sizes = table.drop_duplicates("name").groupby(["fold", "label"]).size().unstack()
    assert sizes.notna().all(axis=None) and (sizes.max() - sizes.min()).max() <= 1


@given(PATIENTS, st.integers(0, 100))
def test_folds_do_not_depend_on_the_order_of_rows(patients, seed) -> None:
    names, labels = rows_of([(i % 2, n) for i, (_, n) in enumerate(patients)])
    order = np.random.default_rng(seed).permutation(len(names))
    plain = dict(zip(names, patient_folds(names, labels, 3, 7), strict=True))
    mixed = dict(zip(names[order], patient_folds(names[order], labels[order], 3, 7), strict=True))
    assert plain == mixed
    assert plain != dict(zip(names, patient_folds(names, labels, 3, 8), strict=True))


def test_a_resample_takes_whole_patients_of_each_class() -> None:
    names, labels = rows_of([(int(i < 4), 1 + i % 3) for i in range(15)])
    rows = resample(names, labels, seed=1, draw=0)
    drawn = pd.Series(names[rows]).value_counts()
    size = pd.Series(names).value_counts()
    times = drawn / size[drawn.index]
    assert (times == times.astype(int)).all() and times.max() > 1
    assert times[labels[[list(names).index(n) for n in times.index]] == 1].sum() == 4
    assert times.sum() == 15
    assert not np.array_equal(rows, resample(names, labels, seed=1, draw=1))


def test_scores_of_a_patients_images_are_averaged() -> None:
    found = patient_scores(["b", "a", "b"], [1, 0, 1], [0.2, 0.4, 0.6])
    assert found.to_dict("list") == {
        "patient_id": ["a", "b"], "label": [0, 1], "score": [0.4, pytest.approx(0.4)],
    }  # fmt: skip


def test_join_reports_all_that_does_not_fit() -> None:
    table = pd.DataFrame(
        {"patient_id": ["a", "a", "b"], "image_id": ["1", "2", "3"], "label": [0, 0, 1],
         "split": ["internal", "internal", "test"]}
    )  # fmt: skip
    features = pd.DataFrame({"image_id": ["1", "2", "2"], "x": [1.0, np.inf, 2.0]})
    with pytest.raises(FeaturesError) as caught:
        join(table, features)
    assert caught.value.problems == [
        "1 images have no features: 3",
        "1 images are there twice: 2",
        "no image is in the set 'train'; found internal, test",
        "1 values are missing or infinite, the first x of image 2",
    ]


def test_join_takes_features_by_image_not_by_position() -> None:
    table = pd.DataFrame(
        {"patient_id": ["b", "a"], "image_id": ["1", "2"], "label": [1, 0], "split": "train"}
    )
    features = pd.DataFrame({"image_id": ["2", "9", "1"], "x": [20.0, 90.0, 10.0]})
    found = join(table, features)
    assert found.patients.tolist() == ["a", "b"] and found.X[:, 0].tolist() == [20.0, 10.0]


def test_predictions_are_checked_at_once() -> None:
    table = pd.DataFrame(
        {"study": "s", "model": "m", "split": "test", "patient_id": ["a", "a", "b"],
         "label": [0, 1, 2], "score": [0.1, np.nan, 0.3]}
    )  # fmt: skip
    with pytest.raises(PredictionsError) as caught:
        check_predictions(table, "p.csv")
    assert [line.rpartition("/")[0] for line in caught.value.problems] == [
        "1 rows have a label other than 0 and 1; the first is s/m/test",
        "1 rows have a score that is not finite; the first is s/m/test",
        "1 rows repeat a model and patient: reduce a patient's images to one score; "
        "the first is s/m/test",
        "2 rows are of a patient with two labels; the first is s/m/test",
    ]
    with pytest.raises(PredictionsError, match="column 'score' is missing"):
        check_predictions(table.drop(columns="score"))
