"""DICOM: grey values, spacing, and no word of the patient."""

import logging
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, UltrasoundImageStorage, generate_uid

from ptclnm.pictures.read import ImageError, read_image

ROWS, COLS = 40, 56
NAME = "Planted^Name"
STORED = np.random.default_rng(0).integers(0, 4096, (ROWS, COLS)).astype(np.uint16)


def dicom(path: Path, pixels: np.ndarray, photometric="MONOCHROME2", stored=0, **tags) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = UltrasoundImageStorage, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.Modality = NAME, "Planted-42", "US"
    data.Rows, data.Columns = ROWS, COLS
    data.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    data.PhotometricInterpretation = photometric
    data.BitsAllocated = pixels.dtype.itemsize * 8
    data.BitsStored = stored or data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    for tag, value in tags.items():
        setattr(data, tag, value)
    data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)
    return path


def test_monochrome1_is_inverted_within_the_stored_bits(tmp_path):
    dark = read_image(dicom(tmp_path / "1.dcm", 4095 - STORED, "MONOCHROME1", stored=12))
    light = read_image(dicom(tmp_path / "2.dcm", STORED, "MONOCHROME2", stored=12))
    np.testing.assert_array_equal(dark.array, light.array)
    np.testing.assert_array_equal(light.array, STORED)


def test_rescaling_is_applied_and_signs_are_kept(tmp_path):
    signed = STORED.astype(np.int16) - 2000
    path = dicom(tmp_path / "a.dcm", signed, RescaleSlope="2", RescaleIntercept="-10")
    np.testing.assert_array_equal(read_image(path).array, 2.0 * signed - 10)


def test_compressed_and_colour_read_like_plain(tmp_path):
    grey = (STORED >> 4).astype(np.uint8)
    rgb = read_image(dicom(tmp_path / "rgb.dcm", np.stack([grey] * 3, -1), "RGB"))
    ybr = np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], -1)
    full = read_image(dicom(tmp_path / "ybr.dcm", ybr, "YBR_FULL"))
    packed = dcmread(dicom(tmp_path / "rle.dcm", grey))
    packed.compress(RLELossless)
    packed.save_as(tmp_path / "rle.dcm")
    for read in (rgb, full, read_image(tmp_path / "rle.dcm")):
        np.testing.assert_array_equal(read.array, grey)


def test_spacing_is_pixel_spacing(tmp_path):
    read = read_image(dicom(tmp_path / "a.dcm", STORED, PixelSpacing=["0.3", "0.4"]))
    assert read.spacing == pytest.approx((0.3, 0.4))
    assert read_image(dicom(tmp_path / "b.dcm", STORED)).spacing is None


def test_burnt_in_text_is_noted(tmp_path):
    assert read_image(dicom(tmp_path / "a.dcm", STORED, BurnedInAnnotation="YES")).burned_in
    assert not read_image(dicom(tmp_path / "b.dcm", STORED, BurnedInAnnotation="NO")).burned_in


def test_no_identity_in_results_errors_logs_or_print(tmp_path, capfd, caplog, recwarn):
    caplog.set_level(logging.DEBUG)
    good = dicom(
        tmp_path / "a.dcm", STORED, PatientBirthDate="not a date", BurnedInAnnotation="YES"
    )
    texts = [repr(read_image(good))]
    frames = dicom(tmp_path / "b.dcm", np.concatenate([STORED] * 2), NumberOfFrames=2)
    whole = good.read_bytes()
    (tmp_path / "c.dcm").write_bytes(whole[: len(whole) // 2])
    little, big = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"
    (tmp_path / "d.dcm").write_bytes(whole.replace(little, big))
    for path in (frames, tmp_path / "c.dcm", tmp_path / "d.dcm"):
        with pytest.raises(ImageError) as caught:
            read_image(path)
        error = caught.value
        assert error.__cause__ is None and (error.__suppress_context__ or not error.__context__)
        texts.append(f"{error!r} {error} {vars(error)}")
    printed = capfd.readouterr()
    texts += [caplog.text, printed.out, printed.err, *(str(w.message) for w in recwarn)]
    assert not any("Planted" in text for text in texts)
