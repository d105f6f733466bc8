"""Figures of page 01 hold the pixels and values that they are drawn from."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from echophantom.drivers import Drivers, Scanner
from echophantom.steps import explain
from ptclnm.pages.cohort import figures
from ptclnm.schema import Cohort


@pytest.fixture
def cohort(tmp_path) -> Cohort:
    """Four patients, two of each class; each mask is a box of its own width."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(4):
        image, mask = tmp_path / f"{number}.png", tmp_path / f"{number}_mask.png"
        Image.fromarray(rng.integers(0, 255, (40, 60), dtype=np.uint8)).save(image)
        box = np.zeros((40, 60), np.uint8)
        box[10:30, 15 : 40 + number] = 255
        Image.fromarray(box).save(mask)
        rows.append((f"p{number}", str(image), str(mask), "ab"[number % 2], number // 2))
    table = pd.DataFrame(rows, columns=["patient_id", "image", "mask", "center", "label"])
    return Cohort("mine", "t", "own", "e", table, (), pd.DataFrame(), "f")


def test_the_gallery_draws_each_picture_its_contour_and_its_bounding_box(cohort):
    figure = figures.gallery(cohort, cohort.table)
    pictures = [axes for axes in figure.axes if axes.collections]
    boxes = [axes for axes in figure.axes if axes.images and not axes.collections]
    assert len(pictures) == len(boxes) == 4
    for number, (upper, lower) in enumerate(zip(pictures, boxes, strict=True)):
        with Image.open(cohort.table["image"][number]) as file:
            image = np.asarray(file)
        assert (upper.images[0].get_array() == image).all()
        assert (lower.images[0].get_array() == image[10:30, 15 : 40 + number]).all()
        line = upper.collections[0].get_paths()[0].vertices
        assert (line.min(axis=0) == (14.5, 9.5)).all()
        assert (line.max(axis=0) == (39.5 + number, 29.5)).all()
        assert upper.get_title(loc="left") == f"centre {'ab'[number % 2]}"


def test_differences_of_each_pair_of_groups_have_marks_of_their_own():
    rows = [("age", "a", "b", 0.2), ("sex", "a", "b", None), ("age", "c", "d", 0.4)]
    frame = pd.DataFrame(rows, columns=["variable", "group_a", "group_b", "smd"])
    axes = figures.balance(frame).axes[0]
    drawn = {line.get_label(): list(line.get_xdata()) for line in axes.lines[:2]}
    assert drawn == {"a / b": [0.2], "c / d": [0.4]}
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["age"]


def test_the_steps_are_drawn_in_order_from_their_own_values():
    scanner = Scanner(depth_mm=24.0, width_mm=24.0, pixel_mm=0.12)
    steps = explain(Drivers(8.0), scanner, 0)
    axes = [a for a in figures.steps(steps).axes if a.get_title(loc="left")]
    assert [a.get_title(loc="left")[0] for a in axes] == list("123456")
    assert (axes[0].images[0].get_array() == steps.echogenicity_db).all()
    assert (axes[5].images[0].get_array() == steps.picture.frame).all()
    wave, hull = (line.get_ydata() for line in axes[3].lines)
    assert (np.abs(wave) <= hull * 1.01 + 1e-3).all()
    depth = axes[3].lines[0].get_xdata()
    assert np.isin(depth, steps.depth_mm).all() and np.ptp(depth) < 3.01
    column, row = axes[5].lines[0].get_data()
    assert np.abs(column).max() < 12 and 0 < row.min() and row.max() < 24
