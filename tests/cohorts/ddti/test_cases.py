"""Case files: contours as the source has them."""

import json

from ptclnm.cohorts.ddti import parse_polygons, read_cases

SQUARE = [{"x": 10, "y": 10}, {"x": 90, "y": 10}, {"x": 90, "y": 60}, {"x": 10, "y": 60}]


def region(points=SQUARE, kind="freehand"):
    return {"points": points, "annotation": {}, "regionType": kind}


def case_text():
    fields = "".join(
        f"<{f}></{f}>"
        for f in ("age", "sex", "composition", "echogenicity", "margins", "calcifications")
    )
    return (
        f"<case><number>7</number>{fields}<tirads>4a</tirads>"
        f"<mark><image>1</image><svg>{json.dumps([region()])}</svg></mark></case>"
    )


def test_a_case_is_read_with_its_contour(tmp_path):
    (tmp_path / "7.xml").write_text(case_text())
    (picture,) = read_cases(tmp_path).to_dict("records")
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
    assert parse_polygons("") == ((), "none")
