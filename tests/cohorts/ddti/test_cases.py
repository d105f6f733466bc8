"""Case files are untrusted: a case or a named error, nothing else."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptclnm.cohorts.ddti import parse_polygons, read_case, read_cases
from ptclnm.errors import ManifestError

SQUARE = [{"x": 10, "y": 10}, {"x": 90, "y": 10}, {"x": 90, "y": 60}, {"x": 10, "y": 60}]


def region(points=SQUARE, kind="freehand"):
    return {"points": points, "annotation": {}, "regionType": kind}


def case_text(number="7", grade="4a", svg=None, image="1", head=""):
    text = json.dumps([region()]) if svg is None else svg
    fields = "".join(
        f"<{f}></{f}>"
        for f in ("age", "sex", "composition", "echogenicity", "margins", "calcifications")
    )
    return (
        f"{head}<case><number>{number}</number>{fields}<tirads>{grade}</tirads>"
        f"<mark><image>{image}</image><svg>{text}</svg></mark></case>"
    )


@pytest.fixture
def read(tmp_path):
    def reading(contents):
        path = tmp_path / "7.xml"
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return read_case(path)

    return reading


def test_a_case_is_read_with_its_contour(read):
    (picture,) = read(case_text())
    assert (picture["case"], picture["grade"], picture["image"]) == (7, "4a", "7_1.jpg")
    assert picture["polygons"] == (((10, 10), (90, 10), (90, 60), (10, 60)),)
    assert picture["state"] == "drawn"


def test_arrows_are_no_contours():
    arrow = region([{"x": 1, "y": 1}, {"x": 5, "y": 5}], "arrow")
    assert parse_polygons(json.dumps([arrow])) == ((), "none")
    polygons, state = parse_polygons(json.dumps([arrow, region()]))
    assert (len(polygons), state) == (1, "drawn")


def test_a_contour_that_the_source_cuts_off_is_not_mended():
    text = json.dumps([region(), region(SQUARE * 50)])[:2500]
    assert parse_polygons(text) == ((), "cut")
    assert parse_polygons("  ") == ((), "none")


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (case_text(head='<!DOCTYPE c [<!ENTITY a "b">]>'), "document type or an entity"),
        (case_text(head="<!doctype c SYSTEM 'file:///etc/passwd'>"), "document type"),
        ("<case>", "not XML"),
        (b"\xff\xfe<\x00c\x00a\x00", "not UTF-8"),
        (b"<case>" + b" " * 1_000_001, "larger than"),
        (case_text(number="../../etc"), "<number> is '../../etc'"),
        (case_text(grade="6"), "<tirads> is '6'. Allowed: 2, 3, 4a"),
        (case_text(image="1/../2"), "<image> is '1/../2'"),
        (case_text(svg="{}"), "not a list of regions"),
        (case_text(svg='[{"points": [{"x": 1, "y": 2}]}]'), "at least three points"),
        (case_text(svg='[{"points": [1, 2, 3]}]'), "not a pair of x and y"),
        (case_text(svg=json.dumps([region([{"x": "9", "y": 1}] * 3)])), "not a coordinate"),
        (case_text(svg=json.dumps([region([{"x": True, "y": 1}] * 3)])), "not a coordinate"),
        (
            case_text(svg='[{"points": [' + '{"x": 1e999, "y": 1},' * 3 + '{"x": NaN, "y": 1}]}]'),
            "not a coordinate",
        ),
        (case_text(svg="[" * 100_000), "nested too deeply"),
    ],
)
def test_hostile_files_are_named_with_what_is_wrong(read, contents, said):
    with pytest.raises(ManifestError) as caught:
        read(contents)
    assert said in str(caught.value)
    assert "7.xml" in str(caught.value)


def test_problems_of_all_files_come_at_once(tmp_path):
    (tmp_path / "1.xml").write_text(case_text(number="1"))
    (tmp_path / "2.xml").write_text(case_text(number="x", grade="9"))
    (tmp_path / "3.xml").write_text("<broken")
    with pytest.raises(ManifestError) as caught:
        read_cases(tmp_path)
    assert [line.split(":")[0] for line in caught.value.problems] == ["2.xml", "2.xml", "3.xml"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["points", "x", "y", "regionType", "k"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(json_values.map(json.dumps) | st.text(max_size=80))
def test_any_contour_text_is_read_or_refused_by_name(text):
    try:
        polygons, state = parse_polygons(text)
    except ValueError as error:
        assert str(error)
    else:
        assert state in ("drawn", "none", "cut")
        assert all(len(polygon) >= 3 for polygon in polygons)


pieces = st.sampled_from(
    [
        "<case>",
        "</case>",
        "<number>",
        "</number>",
        "7",
        "<tirads>4a</tirads>",
        "<mark>",
        "</mark>",
        "<image>1</image>",
        "<svg>",
        "</svg>",
        "<![CDATA[",
        "]]>",
        "<?xml version='1.0'?>",
        "&lt;",
        "&#0;",
        "&x;",
        "[{",
        "\x00",
        "<!--",
        "-->",
        "é",
        "<?xml version='1.0' encoding='utf-16'?>",
    ]
)


@settings(max_examples=200)
@given(st.lists(pieces, max_size=14).map("".join).map(str.encode) | st.binary(max_size=120))
def test_any_bytes_are_a_case_or_a_named_error(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("case") / "1.xml"
    path.write_bytes(contents)
    try:
        pictures = read_case(path)
    except ManifestError as error:
        assert "1.xml" in str(error)
    else:
        assert all(picture["patient_id"][5:].isdigit() for picture in pictures)
