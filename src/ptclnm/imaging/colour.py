"""From colour to grey, always with the same weights."""

import numpy as np
from numpy.typing import NDArray

RED, BLUE = 0.299, 0.114
CLEARLY_COLOURED = 0.2


def luma(channels: NDArray) -> NDArray[np.float64]:
    """Weigh red, green and blue to one grey value.

    Parameters
    ----------
    channels : array, shape (rows, cols, 1 to 4)
        Grey; grey and alpha; red, green, blue; or these and alpha. Alpha is ignored.

    Returns
    -------
    array of float64, shape (rows, cols)
        0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). Written about green, so that a grey picture
        stored as colour gives exactly its grey values.
    """
    if channels.shape[-1] < 3:
        return channels[..., 0].astype(np.float64)
    red, green, blue = (channels[..., k].astype(np.float64) for k in range(3))
    return green + RED * (red - green) + BLUE * (blue - green)


def coloured_fraction(channels: NDArray) -> float:
    """Share of the pixels that are clearly coloured.

    Parameters
    ----------
    channels : array, shape (rows, cols, 1 to 4)
        As for `luma`.

    Returns
    -------
    float
        Share of pixels whose largest and smallest channel differ by more than a fifth of the
        scale. Colour Doppler and elastography have many, lossy compression and small coloured
        marks in a B-mode picture few: below 0.001 in all 480 pictures of DDTI.
    """
    if channels.shape[-1] < 3:
        return 0.0
    colours = channels[..., :3]
    whole = np.issubdtype(colours.dtype, np.integer)
    scale = np.iinfo(colours.dtype).max if whole else max(float(colours.max()), 1e-12)
    spread = colours.max(axis=-1).astype(np.float64) - colours.min(axis=-1)
    return float((spread > CLEARLY_COLOURED * scale).mean())
