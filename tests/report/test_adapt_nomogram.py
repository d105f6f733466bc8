"""The book's example of a nomogram of one's own: it runs, and does what it says."""

import re

import numpy as np
import pytest

from ptclnm.paths import BOOK

PAGE = (BOOK / "how_to_adapt.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def space() -> dict:
    """What the example leaves behind."""
    section = PAGE.split("## Make a nomogram of your own")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    made: dict = {}
    exec(code, made)
    return made


def test_the_example_gives_points_that_are_its_risks(space) -> None:
    total = space["drawn"].points(space["new"])["total"].to_numpy()
    odds = space["drawn"].origin + total / space["drawn"].scale
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(space["risk"], abs=1e-9)


def test_the_example_finds_what_was_put_in(space) -> None:
    table = space["model"].table().set_index("term")["coefficient"]
    assert table["age"] == pytest.approx(-0.05, abs=0.03)
    assert table["size_mm"] == pytest.approx(0.1, abs=0.06)
    measures = space["calibration"](space["outcome"][200:], space["risk"])
    assert measures["slope_low"] < 1 < measures["slope_high"]
