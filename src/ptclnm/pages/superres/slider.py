"""Two pictures under one slider, with zoom and difference: static HTML and a script of the book.

The script is ``book/_static/compare.js``; it needs neither kernel nor network. Without it all three
pictures are there, one beside the other.
"""

import base64
import io
from pathlib import Path
from string import Template

import numpy as np
from IPython.display import HTML
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ptclnm.superres.filters import white_of

MOST, LEAST = 420, 160  # side of what is shown, in pixels of the picture
AROUND = 0.6  # of the nodule's larger side, on each side of it
GAIN = 4  # times that the difference is shown stronger
DIFFERENCE = f"Difference, {GAIN} times as strong: Super-resolved less Original; grey is none."
ALT = (
    "A nodule and its surroundings on ultrasound, original to the left of a movable border and "
    "super-resolved to the right of it."
)
TEMPLATE = Template(Path(__file__).with_name("slider.html").read_text(encoding="utf-8"))


def comparison(before: NDArray, after: NDArray, mask: NDArray[np.bool_]) -> HTML:
    """Lay out a picture before and after super-resolution.

    Parameters
    ----------
    before, after : ndarray, shape (rows, cols)
        Grey values from 0 to the white of the first.
    mask : ndarray of bool, same shape
        The nodule; what is shown is its surroundings, and zoom goes to its middle.

    Returns
    -------
    IPython.display.HTML
        A figure with two ranges, for the border between the two and for the zoom, and a box that
        lays the difference over both.
    """
    box, white = surroundings(mask), white_of(before)
    a, b = (np.asarray(x, dtype=float)[box] / white * 255 for x in (before, after))
    middle = np.array(ndimage.center_of_mass(mask[box])) / a.shape
    stage = [
        _picture(a, "before", "Original"),
        _picture(b, "after", "Super-resolved"),
        _picture(127.5 + GAIN * (b - a), "difference", DIFFERENCE),
    ]
    return HTML(TEMPLATE.substitute(
        x=f"{100 * middle[1]:.1f}", y=f"{100 * middle[0]:.1f}", ratio=f"{a.shape[1]}/{a.shape[0]}",
        alt=ALT, difference=DIFFERENCE, stage="".join(stage),
    ))  # fmt: skip


def surroundings(mask: NDArray[np.bool_], most: int = MOST) -> tuple[slice, slice]:
    """Give the part of a picture around its nodule: a square where the picture has room."""
    (box,) = ndimage.find_objects(mask.astype(int))
    larger = max(part.stop - part.start for part in box)
    side = int(np.clip(larger * (1 + 2 * AROUND), LEAST, most))
    parts = []
    for part, size in zip(box, mask.shape, strict=True):
        middle = (part.start + part.stop - 1) // 2
        start = int(np.clip(middle - side // 2, 0, max(size - side, 0)))
        parts.append(slice(start, min(start + side, size)))
    return parts[0], parts[1]


def _picture(array: NDArray, kind: str, name: str) -> str:
    buffer = io.BytesIO()
    grey = np.round(np.clip(array, 0, 255)).astype(np.uint8)
    Image.fromarray(grey).save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<div class="compare-{kind}"><img src="data:image/png;base64,{data}" alt="{name}" '
        f'draggable="false"><span>{name}</span></div>'
    )
