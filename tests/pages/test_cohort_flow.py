"""The recruitment flow as a picture."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch

from ptclnm.pages.cohort.flow import describe_counts, flow_figure
from ptclnm.schema import FLOW_COLUMNS


def frame(*lines: tuple) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=list(FLOW_COLUMNS))


FLOW = frame(
    ("DDTI, all pictures and cases", 480, 480, 390, ""),
    ("grade", 122, 122, 87, "no TI-RADS grade"),
    ("contour", 18, 18, 12, "no contour that could be read from what the source gives of it"),
    ("kept", 340, 340, 291, ""),
    ("split: train, 168 with the endpoint", 236, 236, 204, ""),
    ("split: internal, 30 with the endpoint", 50, 50, 40, ""),
    ("split: external, 42 with the endpoint", 54, 54, 47, ""),
)


def boxes_and_texts(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    axes = figure.axes[0]
    boxes = [p.get_window_extent(renderer) for p in axes.patches if isinstance(p, FancyBboxPatch)]
    texts = [(t.get_text(), t.get_window_extent(renderer)) for t in axes.texts if t.get_text()]
    return boxes, texts


def holds(box, inner) -> bool:
    return box.x0 <= inner.x0 and inner.x1 <= box.x1 and box.y0 <= inner.y0 and inner.y1 <= box.y1


def assert_readable(figure):
    boxes, texts = boxes_and_texts(figure)
    _, *inside = texts  # the first is the title
    assert [text for text, place in inside if not any(holds(b, place) for b in boxes)] == []
    assert all(holds(figure.bbox, box) for box in boxes)
    for position, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[position + 1 :])


def test_text_stays_in_its_box_and_boxes_apart():
    assert_readable(flow_figure(FLOW, "DDTI"))


words = st.text(alphabet="abcdefghijklmnopqrstuvwxyzWM", min_size=1, max_size=14)
phrases = st.lists(words, min_size=1, max_size=25).map(" ".join)


@settings(max_examples=12)
@given(steps=st.lists(st.tuples(phrases, st.integers(0, 99_999), phrases), min_size=1, max_size=6))
def test_any_wording_stays_in_its_box(steps):
    lines = [("start", 100_000, 100_000, 90_000, "")]
    for step, count, reason in steps:
        lines += [("drop", count, count, count // 2, reason), (step, count, count, count, "")]
    assert_readable(flow_figure(frame(*lines), "A title"))


def test_a_long_title_stays_in_the_figure_and_off_the_boxes():
    figure = flow_figure(FLOW, "A title of many words " * 8)
    boxes, texts = boxes_and_texts(figure)
    place = next(place for text, place in texts if text.startswith("A title"))
    assert holds(figure.bbox, place)
    assert not any(place.overlaps(box) for box in boxes)


def test_every_count_of_the_flow_is_in_the_picture():
    _, texts = boxes_and_texts(flow_figure(FLOW, "DDTI"))
    shown = " ".join(text for text, _ in texts)
    for line in FLOW.itertuples():
        assert f"{line.images} images" in shown
    assert "168 with the endpoint" in shown
    assert "DDTI" in shown


@pytest.mark.parametrize(
    ("rows", "images", "patients", "said"),
    [
        (5, 0, 5, "5 patients"),
        (1, 1, 0, "1 image"),
        (439, 340, 291, "439 rows, 340 images, 291 patients"),
        (1200, 1200, 1, "1,200 images, 1 patient"),
        (0, 0, 0, "none"),
    ],
)
def test_counts_are_said_without_repetition(rows, images, patients, said):
    assert (
        describe_counts(pd.Series({"rows": rows, "images": images, "patients": patients})) == said
    )
