"""The gallery: whose pictures, which pixels, and when none."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ParameterError
from ptclnm.report.gallery import Example, choose, examples, gallery, gallery_figure, withheld


def cohort(table: pd.DataFrame, name="mine", evidence="own") -> Cohort:
    return Cohort(
        name=name,
        title="t",
        evidence=evidence,
        endpoint="e",
        table=table,
        clinical=(),
        flow=pd.DataFrame(),
        fingerprint="f",
    )


@pytest.fixture
def table(tmp_path) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for number in range(8):
        image, mask = tmp_path / f"{number}.png", tmp_path / f"{number}_mask.png"
        Image.fromarray(rng.integers(0, 255, (40, 60), dtype=np.uint8)).save(image)
        box = np.zeros((40, 60), np.uint8)
        box[10:30, 15 : 40 + number] = 255
        Image.fromarray(box).save(mask)
        rows.append(
            {
                "patient_id": f"p{number // 2}",
                "center": "a",
                "image_id": str(number),
                "label": number // 4,
                "image": str(image),
                "mask": str(mask),
            }
        )
    return pd.DataFrame(rows)


def test_one_picture_a_patient_and_both_classes(table):
    chosen = choose(table, 5, seed=0)
    assert sorted(chosen["patient_id"]) == ["p0", "p1", "p2", "p3"]
    assert chosen["label"].tolist() == [0, 0, 1, 1]
    assert len(choose(table, 1, seed=0)) == 2


def test_the_seed_decides_the_choice(table):
    drawn = [tuple(choose(table, 2, seed=s)["image_id"]) for s in (0, 0, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1


def test_picture_and_bounding_box_are_those_of_the_files(table):
    shown = examples(cohort(table), 2, seed=0)
    figure = gallery_figure(shown)
    drawn = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert len(drawn) == 8
    for example in shown:
        rows, columns = np.where(example.mask)
        box = example.image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert any(np.array_equal(a, example.image) for a in drawn)
        assert any(np.array_equal(a, box) for a in drawn)


def test_the_contour_runs_along_the_mask():
    mask = np.zeros((40, 60), bool)
    mask[10:30, 15:40] = True
    figure = gallery_figure([Example(0, np.zeros((40, 60)), mask), Example(1, mask * 1.0, mask)])
    lines = figure.axes[0].collections[0].get_paths()[0].vertices
    assert lines[:, 0].min() == 14.5 and lines[:, 0].max() == 39.5
    assert lines[:, 1].min() == 9.5 and lines[:, 1].max() == 29.5


def test_nothing_to_show_is_said(table):
    bare = cohort(table.assign(image="", mask=""))
    assert "no images" in withheld(bare)
    with pytest.raises(ParameterError, match="has no images"):
        gallery(bare)
    with pytest.raises(ParameterError, match="allowed: 1 to 12"):
        gallery(cohort(table), n_per_class=0)


@pytest.mark.parametrize(
    ("name", "evidence", "show", "hidden"),
    [
        ("ddti", "public", False, True),
        ("ddti", "public", True, False),
        ("ni2024", "simulated", False, False),
        ("mine", "own", False, True),
        ("mine", "own", True, False),
    ],
)
def test_pictures_that_may_not_be_published_need_a_word(table, name, evidence, show, hidden):
    note = withheld(cohort(table, name, evidence), show)
    assert bool(note) == hidden
    if hidden:
        assert "show_images" in note


def test_centres_take_turns_within_a_class(table):
    many = pd.concat([table.assign(center=c, patient_id=table.patient_id + c) for c in "xyz"])
    chosen = choose(many, 3, 0)
    per_class = chosen.groupby("label")["center"].agg(sorted)
    assert all(centers == ["x", "y", "z"] for centers in per_class)
