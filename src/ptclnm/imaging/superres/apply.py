"""Super-resolving a picture of any size in tiles, without a seam."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from ptclnm.imaging.superres.errors import SuperResError
from ptclnm.imaging.superres.networks import Generator
from ptclnm.imaging.superres.pictures import picture_problems, white_of

TILE = 384


def super_resolve(
    network: Generator, image: NDArray, white: float | None = None, tile: int = TILE
) -> NDArray[np.float32]:
    """Super-resolve one picture; its size is kept.

    Each tile is computed with as much of its surroundings as its pixels depend on, so that tiles
    meet as if there were none. Memory beyond the picture's own is that of one tile.

    Parameters
    ----------
    network : Generator
        Trained.
    image : ndarray, shape (rows, cols)
        Grey values from 0.
    white : float, optional
        Grey value of white; 255, or 65,535 if a pixel is above 255.
    tile : int
        Side of a tile in pixels.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
        Grey values from 0 to `white`, not rounded.

    Raises
    ------
    SuperResError
        If the picture is not two-dimensional, not finite, constant or out of range.
    """
    image = np.asarray(image)
    if problems := picture_problems(image):
        raise SuperResError("super-resolution", problems)
    white = np.float32(white or white_of(float(image.max())))
    reach = network.reach
    padded = np.pad(image.astype(np.float32) / white, reach, mode="edge")
    made = np.empty(image.shape, dtype=np.float32)
    with torch.inference_mode():
        for rows, cols in _tiles(image.shape, tile):
            part = padded[rows.start : rows.stop + 2 * reach, cols.start : cols.stop + 2 * reach]
            batch = torch.from_numpy(np.ascontiguousarray(part))[None, None]
            made[rows, cols] = network(batch.to(memory_format=torch.channels_last))[0, 0].numpy()
    return np.clip(made, 0, 1, out=made) * white


def _tiles(shape: tuple[int, int], side: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, shape[0], side):
        for left in range(0, shape[1], side):
            yield slice(top, min(top + side, shape[0])), slice(left, min(left + side, shape[1]))
