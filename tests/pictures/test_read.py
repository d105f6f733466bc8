"""One picture, every format: the same numbers, or a named error."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ptclnm.pictures.read import ImageError, read_image, read_labels, read_mask

LOSSLESS = (".png", ".bmp", ".tif", ".dcm", ".nii", ".nii.gz", ".nrrd")
SIXTEEN_BIT = (".png", ".tif", ".dcm", ".nii.gz", ".nrrd")
ROWS, COLS = 40, 56


@pytest.fixture
def grey() -> np.ndarray:
    """A picture whose rows, columns and corners all differ."""
    return np.random.default_rng(0).integers(0, 256, (ROWS, COLS)).astype(np.uint8)


def write(array: np.ndarray, path: Path, spacing: tuple[float, float] | None = None) -> Path:
    image = sitk.GetImageFromArray(array, isVector=array.ndim == 3)
    if spacing:
        image.SetSpacing(spacing[::-1])
    sitk.WriteImage(image, str(path))
    return path


def code_of(path: Path, **settings) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(path, **settings)
    assert str(path) in str(caught.value) and caught.value.remedy in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("colour", [False, True])
def test_same_values_from_every_lossless_format(tmp_path, grey, suffix, colour):
    stored = np.stack([grey] * 3, -1) if colour else grey
    read = read_image(write(stored, tmp_path / f"a{suffix}"))
    assert read.array.dtype == np.float64
    np.testing.assert_array_equal(read.array, grey)


def test_jpg_reads_within_its_loss(tmp_path):
    rows, cols = np.mgrid[:ROWS, :COLS]
    smooth = (2 * rows + cols).astype(np.uint8)
    read = read_image(write(smooth, tmp_path / "a.jpg"))
    assert np.abs(read.array - smooth).max() <= 4


@pytest.mark.parametrize("suffix", SIXTEEN_BIT)
def test_sixteen_bits_are_not_cut_to_eight(tmp_path, grey, suffix):
    deep = (grey.astype(np.uint16) * 257 - 3 * (grey > 9)).astype(np.uint16)
    np.testing.assert_array_equal(
        read_image(write(deep, tmp_path / f"a{suffix}")).array, deep.astype(float)
    )


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_real_numbers_stay(tmp_path, suffix):
    values = np.random.default_rng(1).normal(size=(ROWS, COLS))
    np.testing.assert_array_equal(read_image(write(values, tmp_path / f"a{suffix}")).array, values)


@pytest.mark.parametrize("suffix", [".dcm", ".nii", ".nii.gz", ".nrrd"])
def test_spacing_survives_as_row_and_column(tmp_path, grey, suffix):
    read = read_image(write(grey, tmp_path / f"a{suffix}", (0.2, 0.07)))
    assert read.spacing == (0.2, 0.07)


@pytest.mark.parametrize("suffix", [*LOSSLESS, ".jpg"])
def test_no_spacing_is_none_not_one(tmp_path, grey, suffix):
    assert read_image(write(grey, tmp_path / f"a{suffix}")).spacing is None


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".jpg"])
def test_print_resolution_is_no_pixel_spacing(tmp_path, grey, suffix):
    Image.fromarray(grey).save(tmp_path / f"a{suffix}", dpi=(96, 96))
    assert read_image(tmp_path / f"a{suffix}").spacing is None


def test_colour_becomes_bt601_luma_and_alpha_is_ignored(tmp_path):
    rng = np.random.default_rng(2)
    rgba = rng.integers(0, 256, (ROWS, COLS, 4)).astype(np.uint8)
    expected = rgba[..., :3] @ np.array([0.299, 0.587, 0.114])
    for name, stored in (("a.png", rgba), ("b.png", rgba[..., :3])):
        read = read_image(write(stored, tmp_path / name), max_colour=1)
        np.testing.assert_allclose(read.array, expected, rtol=0, atol=1e-9)


def test_grey_with_alpha_is_grey(tmp_path, grey):
    Image.merge("LA", [Image.fromarray(grey), Image.fromarray(grey[::-1])]).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").array, grey)


def tiff(values: np.ndarray, photometric: int, colormap: list[int] | None = None) -> bytes:
    """Write a plain one-strip TIFF, which no library here does with white as 0."""
    rows, cols = values.shape
    depth, data = values.dtype.itemsize * 8, values.tobytes()
    tags = {256: cols, 257: rows, 258: depth, 259: 1, 262: photometric, 273: 8, 277: 1, 278: rows}
    entries = [(tag, 3, 1, value) for tag, value in tags.items()] + [(279, 4, 1, len(data))]
    start = 8 + len(data)
    if colormap:
        entries.append((320, 3, len(colormap), start + 2 + 12 * (len(entries) + 1) + 4))
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    tail = struct.pack(f"<{len(colormap or [])}H", *(colormap or []))
    head = b"II*\0" + struct.pack("<I", start) + data + struct.pack("<H", len(entries))
    return head + body + struct.pack("<I", 0) + tail


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_tiff_with_white_as_zero_is_inverted(tmp_path, grey, kind):
    top = np.iinfo(kind).max
    (tmp_path / "a.tif").write_bytes(tiff((top - grey.astype(kind)).astype(kind), 0))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").array, grey)


def test_grey_palettes_read_as_grey(tmp_path, grey):
    (tmp_path / "a.tif").write_bytes(tiff(grey, 3, [257 * v for v in range(256)] * 3))
    indexed = Image.fromarray(grey).convert("P")
    indexed.putpalette([v for v in range(256) for _ in range(3)])
    indexed.putdata(grey.ravel().tolist())
    indexed.save(tmp_path / "a.png")
    for name in ("a.tif", "a.png"):
        np.testing.assert_array_equal(read_image(tmp_path / name).array, grey)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_one_bit_masks(tmp_path, grey, suffix):
    Image.fromarray(grey > 99).save(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read_mask(tmp_path / f"a{suffix}", 255), grey > 99)


def test_format_is_told_by_contents_not_by_name(tmp_path, grey):
    write(grey, tmp_path / "a.png").rename(tmp_path / "a.jpg")
    write(grey, tmp_path / "a.dcm").rename(tmp_path / "IM0001")
    assert read_image(tmp_path / "a.jpg").format == "PNG"
    np.testing.assert_array_equal(read_image(tmp_path / "IM0001").array, grey)


@pytest.mark.parametrize("shape", [(1, ROWS, COLS), (ROWS, COLS, 1)])
def test_axes_of_one_pixel_are_dropped(tmp_path, grey, shape):
    write_3d = sitk.GetImageFromArray(grey.reshape(shape))
    sitk.WriteImage(write_3d, str(tmp_path / "a.nii.gz"))
    np.testing.assert_array_equal(read_image(tmp_path / "a.nii.gz").array, grey)


def test_nifti_in_another_orientation_stays_in_order_of_storage(tmp_path, grey):
    image = sitk.GetImageFromArray(grey[None])
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    sitk.WriteImage(image, str(tmp_path / "a.nii.gz"))
    read = read_image(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read.array, grey)
    assert read.direction == (-1, 0, 0, -1)


def test_mask_selects_one_label_or_any(tmp_path):
    labels = np.zeros((ROWS, COLS), np.uint8)
    labels[5:9, 5:30], labels[20:25, 10:12] = 1, 3
    path = write(labels, tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_mask(path, 3), labels == 3)
    np.testing.assert_array_equal(read_mask(path, "any"), labels > 0)
    np.testing.assert_array_equal(
        read_mask(write(np.stack([labels] * 3, -1), tmp_path / "a.png"), 3), labels == 3
    )


@pytest.mark.parametrize("suffix", [".tif", ".dcm", ".nii.gz", ".nrrd"])
def test_several_frames_are_named(tmp_path, grey, suffix):
    sitk.WriteImage(sitk.GetImageFromArray(np.stack([grey] * 3)), str(tmp_path / f"a{suffix}"))
    assert code_of(tmp_path / f"a{suffix}") == "multi_frame"


def test_thumbnails_and_impossible_headers_are_named_before_decoding(tmp_path, grey):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    assert code_of(tmp_path / "huge.png") == "absurd_size"
    assert code_of(write(grey[:31], tmp_path / "small.png")) == "absurd_size"


def test_colour_doppler_is_named_and_small_marks_are_not(tmp_path, grey):
    picture = np.stack([grey] * 3, -1)
    picture[0, :10] = (255, 255, 0)
    write(picture, tmp_path / "marks.png")
    picture[:8, :8] = (200, 20, 20)
    write(picture, tmp_path / "flow.png")
    assert read_image(tmp_path / "marks.png").coloured == 10 / grey.size
    assert code_of(tmp_path / "flow.png") == "colour_doppler"
    assert read_image(tmp_path / "flow.png", max_colour=0.2).array.shape == grey.shape


def test_bmode_pictures_of_ddti_are_no_doppler(data):
    pictures = sorted((data / "ddti" / "images").glob("*.jpg"))[::40]
    assert pictures and all(read_image(path).coloured < 0.001 for path in pictures)


def test_missing_strange_and_infinite_are_named(tmp_path, grey):
    assert code_of(tmp_path / "none.png") == "missing_file"
    assert code_of(tmp_path / ("x" * 300 + ".png")) == "missing_file"
    (tmp_path / "empty.png").touch()
    assert code_of(tmp_path / "empty.png") == "unknown_format"
    (tmp_path / "page.png").write_text("<html>not found</html>")
    assert code_of(tmp_path / "page.png") == "unknown_format"
    values = grey.astype(float)
    values[3, 4] = np.inf
    assert code_of(write(values, tmp_path / "inf.nrrd")) == "not_finite"


@pytest.mark.parametrize("field", ["data file", "datafile", "Data File"])
def test_nrrd_may_not_point_to_another_file(tmp_path, grey, field):
    (tmp_path / "secret.raw").write_bytes(grey.tobytes())
    header = f"NRRD0004\ntype: uint8\ndimension: 2\nsizes: {COLS} {ROWS}\nencoding: raw\n"
    (tmp_path / "a.nrrd").write_text(f"{header}{field}: secret.raw\n\n")
    assert code_of(tmp_path / "a.nrrd") == "unknown_format"


@pytest.mark.parametrize("suffix", [*LOSSLESS, ".jpg"])
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_named_or_was_whole(tmp_path, grey, suffix, share):
    path = write(grey, tmp_path / f"a{suffix}")
    whole = read_labels(path).array
    data = path.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(data[: int(share * len(data))])
    try:
        np.testing.assert_array_equal(read_labels(cut).array, whole)
    except ImageError as error:
        assert error.code in ("unreadable", "unknown_format") and str(cut) in str(error)


@pytest.mark.parametrize("suffix", [*LOSSLESS, ".jpg"])
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=6)
)
def test_damage_raises_nothing_but_the_named_error_and_prints_nothing(
    tmp_path, capfd, grey, suffix, changes
):
    path = write(grey, tmp_path / f"a{suffix}")
    data = bytearray(path.read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    path.write_bytes(data)
    capfd.readouterr()
    try:
        assert np.isfinite(read_image(path).array).all()
    except ImageError as error:
        assert str(path) in str(error)
    assert capfd.readouterr() == ("", "")


def test_damaged_middle_of_a_jpg_is_named(tmp_path):
    noise = np.random.default_rng(3).integers(0, 256, (200, 200)).astype(np.uint8)
    path = write(noise, tmp_path / "a.jpg")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = b"\x55" * 400
    path.write_bytes(data)
    assert code_of(path) == "unreadable"
