"""Every setting and picture that cannot be used is named, all at once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ptclnm.errors import ParameterError
from ptclnm.imaging.superres.apply import super_resolve
from ptclnm.imaging.superres.arms import ARMS, check_arms
from ptclnm.imaging.superres.errors import SuperResError
from ptclnm.imaging.superres.networks import new_generator
from ptclnm.imaging.superres.pictures import Pictures, check, read_pictures
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.imaging.superres.stored import load_generator, save_generator


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scale": 3}, "scale is 3; allowed: 2, 4"),
        ({"scale": True}, "scale is True"),
        ({"noise": 0.9}, "noise is 0.9"),
        ({"patch_size": 30}, "multiples of 4 from 28"),
        ({"patch_size": 24}, "10 pixels on each side are context"),
        ({"train_on": "test"}, "train_on is 'test'"),
        ({"batch_size": 2, "devices": 2}, "over 2 processes"),
        ({"adversarial": -1}, "adversarial is -1"),
    ],
)
def test_a_setting_that_is_not_allowed_is_named(changed: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        replace(SRPlan(), **changed).check()


def test_all_settings_are_reported_at_once() -> None:
    with pytest.raises(ParameterError) as error:
        SRPlan(scale=8, blocks=0, lr=7.0).check()
    assert len(error.value.problems) == 3


def test_every_picture_that_cannot_be_trained_on_is_listed() -> None:
    arrays = (np.eye(20), np.full((80, 80), 7.0), np.eye(80), np.full((80, 80), np.nan))
    made = Pictures(arrays, ("small", "flat", "good", "holes"), ("a", "b", "c", "d"))
    with pytest.raises(SuperResError) as error:
        check(made, "mine", least=64)
    found = "\n".join(error.value.problems)
    assert len(error.value.problems) == 3 and "good" not in found
    assert "small is 20 x 20 pixels, smaller than a patch of 64" in found
    assert "flat is constant, every pixel 7" in found
    assert "holes has pixels that are no finite numbers" in found


def test_rows_without_a_picture_are_counted() -> None:
    rows = {"patient_id": ["a"], "image_id": ["a1"], "image": [""]}
    with pytest.raises(SuperResError, match="1 rows have no picture"):
        read_pictures(pd.DataFrame(rows), "mine")


@pytest.mark.parametrize("image", [np.full((40, 40), 3.0), np.zeros((4, 4, 3)), np.eye(9) * -1])
def test_a_picture_that_cannot_be_super_resolved_is_refused(image: np.ndarray, fast) -> None:
    with pytest.raises(SuperResError):
        super_resolve(new_generator(fast), image)


def test_weights_of_another_scale_are_refused(fast, tmp_path) -> None:
    save_generator(new_generator(fast), fast, tmp_path / "g.pt")
    assert load_generator(tmp_path / "g.pt", fast).reach == fast.reach
    with pytest.raises(SuperResError, match="weights are of scale 2, the plan has 4"):
        load_generator(tmp_path / "g.pt", replace(fast, scale=4))
    with pytest.raises(SuperResError, match="weights are of blocks 1, the plan has 2"):
        load_generator(tmp_path / "g.pt", replace(fast, blocks=2))


def test_a_file_with_code_or_no_weights_is_not_opened(fast, tmp_path) -> None:
    import pickle

    bad = tmp_path / "bad.pt"
    bad.write_bytes(pickle.dumps({"about": print}))
    with pytest.raises(SuperResError):
        load_generator(bad, fast)
    bad.write_text("nothing")
    with pytest.raises(SuperResError):
        load_generator(bad, fast)
    with pytest.raises(SuperResError):
        load_generator(tmp_path / "none.pt", fast)


def test_arms_asked_for_always_hold_the_two_that_are_compared() -> None:
    assert check_arms([]) == tuple(ARMS)
    assert check_arms(["unsharp"]) == ("or", "sr", "unsharp")
    with pytest.raises(ParameterError, match="did you mean 'unsharp'"):
        check_arms(["unsharpen"])
