"""Every setting and picture that cannot be used is named, all at once."""

from dataclasses import replace

import numpy as np
import pytest

from ptclnm.errors import ParameterError
from ptclnm.superres.networks import new_generator, super_resolve
from ptclnm.superres.pictures import Pictures, SuperResError, check, held_out, training_pictures
from ptclnm.superres.plan import SRPlan


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scale": 3}, "scale is 3: Allowed: 2, 4"),
        ({"scale": True}, "scale is True"),
        ({"noise": 0.9}, "noise is 0.9"),
        ({"patch_size": 30}, "multiples of 4 from 28"),
        ({"patch_size": 24}, "10 pixels on each side are context"),
        ({"train_on": "test"}, "train_on is 'test'"),
        ({"adversarial": -1}, "adversarial is -1"),
    ],
)
def test_a_setting_that_is_not_allowed_is_named(changed: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        replace(SRPlan(), **changed)


def test_all_settings_are_reported_at_once() -> None:
    with pytest.raises(ParameterError) as error:
        SRPlan(scale=8, blocks=0, lr=7.0)
    assert len(error.value.problems) == 3


def test_every_picture_that_cannot_be_trained_on_is_listed() -> None:
    arrays = (np.eye(20), np.full((80, 80), 7.0), np.eye(80), -np.eye(80))
    made = Pictures(arrays, ("small", "flat", "good", "dark"), ("a", "b", "c", "d"))
    with pytest.raises(SuperResError) as error:
        check(made, least=64)
    found = "\n".join(error.value.problems)
    assert len(error.value.problems) == 3 and "good" not in found
    assert "small is 20 x 20 pixels, smaller than a patch of 64" in found
    assert "flat is constant, every pixel 7" in found
    assert "dark has grey values from -1 to" in found


def test_rows_without_a_picture_are_counted(picture_cohort, tmp_path) -> None:
    cohort = picture_cohort(tmp_path)
    cohort.table.loc[0, "image"] = ""
    with pytest.raises(SuperResError, match="1 rows have no picture"):
        training_pictures(cohort, SRPlan(), 1)


def test_pictures_to_judge_on_are_of_patients_outside_the_training_set(
    picture_cohort, tmp_path
) -> None:
    cohort = picture_cohort(tmp_path)
    assert [one.image_id for one in held_out(cohort, 9, seed=0)] == ["p4_1", "p5_1"]
    assert len(held_out(cohort, 1, seed=0)) == 1
    cohort.table["split"] = "train"
    with pytest.raises(SuperResError, match="every patient is in the training set"):
        held_out(cohort, 9, seed=0)


@pytest.mark.parametrize("image", [np.full((40, 40), 3.0), np.eye(9) * -1])
def test_a_picture_that_cannot_be_super_resolved_is_refused(image: np.ndarray, fast) -> None:
    with pytest.raises(SuperResError):
        super_resolve(new_generator(fast), image)
