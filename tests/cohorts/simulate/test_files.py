"""The files of a simulated cohort: what a hospital's would be."""

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from scipy import ndimage

from ptclnm.cohorts.simulate.files import write_dicom, write_jpg, write_mask
from ptclnm.pictures.read import read_image, read_labels

PATIENT = {"id": "L000001", "sex": "Female", "age": 43, "picture": "L000001_1"}


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return ndimage.uniform_filter(rng.integers(0, 255, (101, 95)), 3).astype(np.uint8)


def test_a_dicom_frame_is_read_back_exactly_with_its_spacing(tmp_path, frame):
    write_dicom(frame, 0.0885, tmp_path / "a.dcm", PATIENT, np.random.default_rng(0))
    picture = read_image(tmp_path / "a.dcm")
    assert (picture.array == frame).all()
    assert picture.spacing == (0.0885, 0.0885)
    assert not picture.burned_in


def test_the_ultrasound_region_says_the_same_spacing(tmp_path, frame):
    write_dicom(frame, 0.0885, tmp_path / "a.dcm", PATIENT, np.random.default_rng(0))
    (region,) = dcmread(tmp_path / "a.dcm").SequenceOfUltrasoundRegions
    centimetres = region.PhysicalDeltaX, region.PhysicalDeltaY
    assert centimetres == pytest.approx((0.00885, 0.00885))


def test_dicom_tags_are_plausible_and_name_no_one(tmp_path, frame):
    write_dicom(frame, 0.09, tmp_path / "a.dcm", PATIENT, np.random.default_rng(0))
    data = dcmread(tmp_path / "a.dcm")
    assert str(data.PatientName) == "Doe^Jane"
    assert (data.PatientSex, data.PatientAge, data.Modality) == ("F", "043Y", "US")
    assert int(data.StudyDate[:4]) - int(data.PatientBirthDate[:4]) == 43
    assert not [element for element in data.iterall() if element.tag.is_private]


def test_two_pictures_of_a_patient_share_study_but_not_instance(tmp_path, frame):
    for name in ("a", "b"):
        write_dicom(
            frame, 0.09, tmp_path / name, PATIENT | {"picture": name}, np.random.default_rng(0)
        )
    one, other = (dcmread(tmp_path / name) for name in ("a", "b"))
    assert one.StudyInstanceUID == other.StudyInstanceUID
    assert one.StudyDate == other.StudyDate
    assert one.SOPInstanceUID != other.SOPInstanceUID


def test_a_jpg_is_grey_near_the_frame_and_has_no_metadata(tmp_path, frame):
    write_jpg(frame, tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == "L"
        assert not image.getexif() and "comment" not in image.info
    picture = read_image(tmp_path / "a.jpg")
    assert np.abs(picture.array - frame).mean() < 3
    assert picture.spacing is None


@pytest.mark.parametrize(("value", "spacing"), [(255, None), (1, 0.088)])
def test_a_mask_has_the_value_and_spacing_given(tmp_path, value, spacing):
    rows, cols = np.mgrid[:120, :120] - 60
    mask = (rows / 35) ** 2 + (cols / 44) ** 2 <= 1
    write_mask(mask, value, spacing, tmp_path / "a.nii.gz")
    labels = read_labels(tmp_path / "a.nii.gz")
    assert (labels.array == np.where(mask, value, 0)).all()
    assert labels.spacing == (None if spacing is None else (spacing, spacing))
