"""The files of a simulated cohort: what a hospital's would be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from scipy import ndimage

from ptclnm.cohorts.simulate.dicom import write_dicom
from ptclnm.cohorts.simulate.files import drawn_outline, write_jpg, write_mask
from ptclnm.cohorts.simulate.patients import STUDIES
from ptclnm.cohorts.simulate.scanners import MACHINES, examination
from ptclnm.pictures.read import read_image, read_labels

PIXEL = 0.09
PATIENT = {"id": "L000001", "sex": "Female", "age": 43, "picture": "L000001_1"}


def ellipse(diameter_mm, ratio=0.8, side=480):
    rows, cols = (np.mgrid[:side, :side] - side / 2 + 0.5) * PIXEL
    half = diameter_mm / 2
    return (rows / (ratio * half)) ** 2 + (cols / half) ** 2 <= 1


def distances(drawn, true):
    """Distance in mm of the drawn outline's pixels to the true outline, inside negative."""
    depth = ndimage.distance_transform_edt(true) - ndimage.distance_transform_edt(~true)
    edge = drawn & ~ndimage.binary_erosion(drawn)
    return -depth[edge] * PIXEL


@limits(max_examples=20, deadline=None)
@given(st.floats(2.5, 40), st.integers(0, 1000))
def test_a_drawn_outline_is_one_piece_without_holes_near_the_true_one(diameter, seed):
    true = ellipse(diameter)
    drawn = drawn_outline(true, PIXEL, np.random.default_rng(seed))
    assert ndimage.label(drawn)[1] == 1
    assert (ndimage.binary_fill_holes(drawn) == drawn).all()
    assert np.abs(distances(drawn, true)).max() < 1.5
    assert 2 * (drawn & true).sum() / (drawn.sum() + true.sum()) > 0.8


def test_a_readers_hand_wanders_but_does_not_lean():
    true = ellipse(12)
    off = [distances(drawn_outline(true, PIXEL, np.random.default_rng(s)), true) for s in range(30)]
    assert 0.12 < np.concatenate(off).std() < 0.4
    assert abs(np.mean([o.mean() for o in off])) < 0.1
    assert not np.array_equal(
        drawn_outline(true, PIXEL, np.random.default_rng(0)),
        drawn_outline(true, PIXEL, np.random.default_rng(1)),
    )


def test_an_outline_at_the_frames_edge_stays_in_the_frame():
    true = np.zeros((200, 200), bool)
    true[120:, 150:] = True
    drawn = drawn_outline(true, PIXEL, np.random.default_rng(0))
    assert drawn.shape == true.shape
    # The frame is no outline: nothing draws back from it.
    assert drawn[-1, 165:].all() and drawn[130:, -1].all()


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return ndimage.uniform_filter(rng.integers(0, 255, (101, 95)), 3).astype(np.uint8)


def test_a_dicom_frame_is_read_back_exactly_with_its_spacing(tmp_path, frame):
    write_dicom(frame, 0.0885, tmp_path / "a.dcm", PATIENT, np.random.default_rng(0))
    picture = read_image(tmp_path / "a.dcm")
    assert (picture.array == frame).all()
    assert picture.spacing == (0.0885, 0.0885)
    assert picture.notes == ()


def test_the_ultrasound_region_alone_gives_the_same_spacing(tmp_path, frame):
    write_dicom(frame, 0.0885, tmp_path / "a.dcm", PATIENT, np.random.default_rng(0))
    data = dcmread(tmp_path / "a.dcm")
    del data.PixelSpacing
    data.save_as(tmp_path / "b.dcm")
    assert read_image(tmp_path / "b.dcm").spacing == pytest.approx((0.0885, 0.0885))


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
    mask = ellipse(8, side=120)
    write_mask(mask, value, spacing, tmp_path / "a.nii.gz")
    labels = read_labels(tmp_path / "a.nii.gz")
    assert (labels.array == np.where(mask, value, 0)).all()
    assert labels.spacing == (None if spacing is None else (spacing, spacing))


def test_the_hospitals_of_ni_differ_in_what_the_issue_asks_for():
    machines = MACHINES["ni2024-sim"].values()
    for setting in ("frequency_mhz", "gain_db", "dynamic_range_db", "focus_mm"):
        assert len({getattr(machine, setting) for machine in machines}) == 3


@pytest.mark.parametrize("name", list(STUDIES))
@given(st.floats(2.5, 40), st.integers(0, 100))
def test_an_examination_sees_the_whole_nodule_and_keeps_the_machines_own(name, diameter, seed):
    for center, machine in MACHINES[name].items():
        scanner = examination(name, center, diameter, np.random.default_rng(seed))
        assert scanner.width_mm > diameter + 8 and scanner.depth_mm > diameter + 8
        assert scanner.frequency_mhz == machine.frequency_mhz
        assert scanner.pixel_mm == machine.pixel_mm
        assert scanner.dynamic_range_db == machine.dynamic_range_db


def test_operators_differ_more_between_examinations_of_ni_than_of_li():
    gains = {
        name: np.std([examination(name, "A", 9.0, np.random.default_rng(s)).gain_db
                      for s in range(40)])
        for name in STUDIES
    }  # fmt: skip
    assert gains["ni2024-sim"] > 1.3 * gains["li2024-sim"] > 0
