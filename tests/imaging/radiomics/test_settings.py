"""Settings declare exactly the features they should, or say what is wrong."""

import re

import pytest
import yaml

from ptclnm.errors import ParameterError
from ptclnm.imaging.radiomics import DECLARED, load_settings
from ptclnm.imaging.radiomics.settings import FOLDER, from_content


def content(name: str) -> dict:
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def test_declared_numbers_are_those_of_the_papers():
    assert {name: len(load_settings(name).names) for name in DECLARED} == dict(DECLARED)
    assert DECLARED["li2024"] == 17 * (73 + 18) + 14 == 1561
    assert DECLARED["ni2024"] == 17 * (18 + 24 + 16 + 16 + 5) + 14 == 1357


def test_li_counts_73_texture_and_18_first_order_features_of_17_image_types():
    names = load_settings("li2024").names
    assert len(set(names)) == len(names)
    of_original = [name for name in names if name.startswith("original_")]
    assert sum("_shape_" in name for name in of_original) == 14
    assert sum("_firstorder_" in name for name in of_original) == 18
    assert len(of_original) == 14 + 18 + 73
    assert len({name.split("_")[0] for name in names}) == 17


def test_another_number_of_features_is_an_error():
    short = content("li2024")
    del short["imageType"]["LBP3D"]
    with pytest.raises(ParameterError, match=re.escape("1,288 features are declared; li2024")):
        from_content(short, "li2024")


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
    with pytest.raises(ParameterError) as caught:
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
    with pytest.raises(ParameterError, match="binWidth"):
        from_content(content("li2024") | {"setting": {"binWidth": value}}, "own")


def test_neither_a_name_nor_a_file():
    with pytest.raises(ParameterError, match="did you mean 'li2024'"):
        load_settings("li2042")


def test_settings_of_ones_own_from_a_file(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text("imageType: {Original: {}}\nfeatureClass: {ngtdm: [Busyness]}\n")
    assert load_settings(path).names == ("original_ngtdm_Busyness",)
