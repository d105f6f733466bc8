"""Two pictures under one slider, with zoom and difference: static HTML and a script of the book.

The script is ``book/_static/compare.js``; it needs neither kernel nor network. Without it all three
pictures are there, one beside the other.
"""

import base64
import io

import numpy as np
from IPython.display import HTML
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ptclnm.superres.filters import white_of

MOST, LEAST = 420, 160  # side of what is shown, in pixels of the picture
AROUND = 0.6  # of the nodule's larger side, on each side of it
GAIN = 4  # times that the difference is shown stronger
MOST_ZOOM = 6
ALT = (
    "A nodule and its surroundings on ultrasound, original to the left of a movable border and "
    "super-resolved to the right of it."
)


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
    difference = np.clip(127.5 + GAIN * (b - a), 0, 255)
    rows, cols = ndimage.center_of_mass(mask[box])
    height, width = a.shape
    x, y = 100 * cols / width, 100 * rows / height
    left_out = f"Difference, {GAIN} times as strong: Super-resolved less Original; grey is none."
    return HTML(
        f'<figure class="compare" style="--x: {x:.1f}%; --y: {y:.1f}%; --ratio: {width}/{height}">'
        f'<div class="compare-stage" role="img" aria-label="{ALT}">'
        f"{_picture(a, 'before', 'Original')}{_picture(b, 'after', 'Super-resolved')}"
        f"{_picture(difference, 'difference', left_out)}</div>"
        '<div class="compare-controls" hidden>'
        "<label>Original"
        '<input type="range" class="compare-border" min="0" max="100" value="50" step="1" '
        'aria-label="Border between Original on the left and Super-resolved on the right, in '
        'percent">Super-resolved</label>'
        f'<label>Zoom <input type="range" class="compare-zoom" min="1" max="{MOST_ZOOM}" value="1" '
        'step="0.25" aria-label="Zoom to the middle of the nodule"><output></output></label>'
        f'<label><input type="checkbox" class="compare-differ"> {left_out}</label>'
        "</div></figure>"
    )


def surroundings(mask: NDArray[np.bool_], most: int = MOST) -> tuple[slice, slice]:
    """Give the part of a picture around its nodule: a square where the picture has room."""
    if not mask.any():
        return slice(None), slice(None)
    ends = [np.flatnonzero(mask.any(axis=1 - axis))[[0, -1]] for axis in (0, 1)]
    larger = max(last - first + 1 for first, last in ends)
    side = int(np.clip(larger * (1 + 2 * AROUND), LEAST, most))
    parts = []
    for (first, last), size in zip(ends, mask.shape, strict=True):
        start = int(np.clip((first + last) // 2 - side // 2, 0, max(size - side, 0)))
        parts.append(slice(start, min(start + side, size)))
    return parts[0], parts[1]


def _picture(array: NDArray, kind: str, name: str) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.round(np.clip(array, 0, 255)).astype(np.uint8)).save(
        buffer, "PNG", optimize=True
    )
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<div class="compare-{kind}"><img src="data:image/png;base64,{data}" alt="{name}" '
        f'draggable="false"><span>{name}</span></div>'
    )
