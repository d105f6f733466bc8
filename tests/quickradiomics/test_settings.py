"""Settings declare exactly the features they should, or say all that is wrong."""

import pytest

from quickradiomics import SettingsError, from_content, load_settings


def test_all_unknown_names_at_once_with_the_nearest():
    wrong = {
        "setting": {
            "binWith": 25,
            "resampledPixelSpacing": [1, 1, 1],
            "force2Ddimension": 1,
            "label": 2,
        },
        "imageType": {"Wavelets": {}, "LBP3D": {"levels": 2}},
        "featureClass": {"glcmm": None, "firstorder": ["Mode"]},
        "featureClasses": {},
    }
    with pytest.raises(SettingsError) as caught:
        from_content(wrong, "own")
    for word in (
        "'binWidth'",
        "resampledPixelSpacing",
        "force2Ddimension must",
        "label must",
        "'Wavelet'",
    ):
        assert word in str(caught.value)
    for word in ("'level'", "'glcm'", "firstorder feature 'Mode'", "'featureClass'"):
        assert word in str(caught.value)
    assert len(caught.value.problems) == 9


@pytest.mark.parametrize("value", ["wide", -1])
def test_an_impossible_value_is_refused_by_name(value):
    with pytest.raises(SettingsError, match="binWidth"):
        from_content({"setting": {"binWidth": value}}, "own")


def test_settings_of_ones_own_from_a_file(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text("imageType: {Original: {}}\nfeatureClass: {ngtdm: [Busyness]}\n")
    assert load_settings(path).names == ("original_ngtdm_Busyness",)


def test_a_file_that_is_not_there_or_no_yaml_is_named(tmp_path):
    path = tmp_path / "own.yml"
    with pytest.raises(SettingsError, match="own.yml"):
        load_settings(path)
    path.write_text("setting: {binWidth: [")
    with pytest.raises(SettingsError, match="no YAML"):
        load_settings(path)
