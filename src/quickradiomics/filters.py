"""Image types: pyradiomics' filters, computed where the mask needs them.

Every value equals that of the filter on the whole picture to the last bit, as a difference of one
bit can move a pixel to another bin. So the filters that work pixel by pixel are given the mask's
pixels and the picture's extreme, by which they scale; those that look at neighbours are given the
mask's box with a margin.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pywt
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics import imageoperations

from quickradiomics.settings import Settings, image_type_names
from quickradiomics.sphere import binary_patterns, sphere
from quickradiomics.textures import Spacing, to_image

# Settings of the sphere, and pyradiomics' values of them.
SPHERE = (
    ("lbp3DLevels", 2), ("lbp3DIcosphereRadius", 1), ("lbp3DIcosphereSubdivision", 1),
)  # fmt: skip
POINTWISE = frozenset({"Square", "SquareRoot", "Logarithm", "Exponential"})
# Pixels on each side beyond which a filter's result does not depend on what it is given.
GRADIENT_MARGIN = 2
WAVELET_MARGIN = 2
Filtered = tuple[str, NDArray[np.float64], Mapping[str, Any]]


class Volume:
    """A picture and its mask, as filters need them.

    Parameters
    ----------
    array : array of float64, shape (slices, rows, cols)
        Grey values of the whole picture.
    mask : array of bool, same shape
        The region of interest; not empty.
    spacing : tuple of float
        Distances of slices, rows and columns.
    """

    def __init__(self, array: NDArray, mask: NDArray[np.bool_], spacing: Spacing) -> None:
        self.array, self.mask, self.spacing = array, mask, spacing
        lines = [mask.any(axis=tuple({0, 1, 2} - {axis})) for axis in range(3)]
        ends = [np.flatnonzero(line)[[0, -1]] for line in lines]
        self.box = tuple(slice(int(first), int(last) + 1) for first, last in ends)

    @property
    def inner(self) -> NDArray[np.bool_]:
        """The mask, cut to its box."""
        return self.mask[self.box]

    @property
    def levels(self) -> NDArray[np.float64]:
        """Grey values in the mask, row by row."""
        return self.array[self.mask]

    def cut(self, margin: int, even: bool = False) -> tuple[NDArray, NDArray]:
        """Picture and mask around the box.

        Parameters
        ----------
        margin : int
            Rows and columns added on each side, as far as there are any.
        even : bool
            Whether a cut's length must be even, and a cut that meets the picture's edge is none.
        """
        at = [slice(None)]
        for axis in (1, 2):
            length, box = self.array.shape[axis], self.box[axis]
            first, last = box.start - margin, box.stop + margin
            last += (last - first) % 2 if even else 0
            inside = first >= 0 and last <= length
            clipped = slice(None) if even else slice(max(first, 0), min(last, length))
            at.append(slice(first, last) if inside else clipped)
        return self.array[tuple(at)], self.mask[tuple(at)]


def image_types(volume: Volume, settings: Settings) -> Iterator[Filtered]:
    """Yield each image type's name, its values in the mask, and its settings.

    Parameters
    ----------
    volume : Volume
        Picture and mask.
    settings : Settings
        What is extracted.

    Yields
    ------
    tuple
        Name, array of float64 of the mask's pixels row by row, pyradiomics' settings.
    """
    for filter_name, own in settings.image_types.items():
        values = settings.values | own
        for name, levels in _filtered(volume, filter_name, values):
            yield name, levels, values


def _filtered(
    volume: Volume, name: str, values: Mapping[str, Any]
) -> Iterable[tuple[str, NDArray[np.float64]]]:
    """Filter what the mask needs of one slice; of several the whole picture."""
    part = (volume.array, volume.mask)
    if volume.array.shape[0] == 1:
        if name == "Original":
            return [("original", volume.levels)]
        if name == "LBP3D":
            maps = binary_patterns(*part, sphere(*(values.get(*own) for own in SPHERE)))
            return zip(image_type_names(name, values), maps, strict=True)
        if name == "Gradient":
            part = volume.cut(GRADIENT_MARGIN)
        elif name in POINTWISE:
            # The mask's pixels and, as the filter scales by it, the picture's extreme.
            extreme = volume.array.flat[np.abs(volume.array).argmax()]
            line = np.append(volume.levels, extreme).reshape(1, 1, -1)
            part = (line, np.arange(line.size).reshape(line.shape) < line.size - 1)
        elif name == "Wavelet" and (values.get("start_level", 0), values.get("level", 1)) == (0, 1):
            # The box with a margin; near the picture's edge, where it wraps, whole lines.
            wavelet = pywt.Wavelet(values.get("wavelet", "coif1"))
            part = volume.cut(wavelet.dec_len + WAVELET_MARGIN, even=True)
            if not values.get("force2D"):
                bands = _bands(*part, wavelet)
                return [(band, bands[band]) for band in image_type_names(name, values)]
    return _run(name, *part, volume.spacing, values)


def _run(
    name: str, array: NDArray, mask: NDArray, spacing: Spacing, values: Mapping[str, Any]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Run pyradiomics' filter and give its results in the mask."""
    image, label = to_image(array, spacing), to_image(mask.astype(np.uint8), spacing)
    # The mask's label is 1 here whatever it was in the file.
    filtered = getattr(imageoperations, f"get{name}Image")(image, label, **{**values, "label": 1})
    for made, image_type, _ in filtered:
        yield image_type, sitk.GetArrayViewFromImage(made)[mask].astype(np.float64)


def _bands(
    array: NDArray, mask: NDArray[np.bool_], wavelet: pywt.Wavelet
) -> dict[str, NDArray[np.float64]]:
    """Bands of three dimensions in the mask of one slice.

    pyradiomics repeats the slice, as a transform needs an even length, and filters along it last.
    Both of the pair are alike until then, and each pixel stands for itself.
    """
    odd = [(0, 0), *((0, length % 2) for length in array.shape[1:])]
    flat = pywt.swtn(np.pad(array, odd, "wrap"), wavelet, level=1, axes=(2, 1))[0]
    roi = np.pad(mask, odd)
    found = {}
    for name, band in flat.items():
        pair = np.repeat(band[roi][None], 2, axis=0)
        for letter, made in zip("ad", pywt.swt(pair, wavelet, level=1, axis=0)[0], strict=True):
            key = (name + letter).replace("a", "L").replace("d", "H")
            found[f"wavelet-{key}"] = made[0]
    return found
