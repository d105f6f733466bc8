"""TCGA-THCA: what the table's traps do to the patients, and what is known before surgery."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptclnm.cohorts.datasets import FetchError
from ptclnm.cohorts.registry import open_cohort
from ptclnm.cohorts.tcga import (
    AGE,
    DIMENSIONS,
    EXAMINED,
    FILE,
    HISTOLOGY,
    NOT_KNOWN,
    PAPILLARY,
    POSITIVE,
    SEX,
    SIDE,
    SITE,
    STAGE,
    read,
    select,
)
from ptclnm.errors import ParameterError

USUAL = dict.fromkeys(DIMENSIONS, "[Not Available]") | {
    SITE: "AA", HISTOLOGY: f"{PAPILLARY}Classical/usual", AGE: "40", SEX: "FEMALE",
    DIMENSIONS[0]: "2.5", POSITIVE: "0", EXAMINED: "9", STAGE: "N0", SIDE: "Left lobe",
    "primary_neoplasm_focus_type": "Unifocal",
    "extrathyroid_carcinoma_present_extension_status": "None",
}  # fmt: skip


def patient(**changed: str) -> dict[str, str]:
    return USUAL | changed


def frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    numbered = [row | {"bcr_patient_barcode": f"TCGA-{n:04d}"} for n, row in enumerate(rows)]
    return pd.DataFrame(numbered)


def write(path, table: pd.DataFrame, newline: str = "\n"):
    """Write the source's form: labels that repeat, names, numbers of a catalogue, patients."""
    labels = ["tumor_size_width" if name in DIMENSIONS else name for name in table]
    lines = [labels, list(table), ["CDE_ID:1"] * table.shape[1], *table.to_numpy().tolist()]
    path.write_bytes(newline.join("\t".join(line) for line in lines).encode() + newline.encode())
    return path


def selected(tmp_path, rows, more_than=5):
    return select(read(write(tmp_path / FILE, frame(rows))), more_than)


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({HISTOLOGY: "Other  specify"}, "histology"),
        ({POSITIVE: "[Not Available]"}, "nodes"),
        ({POSITIVE: "0", EXAMINED: "0", STAGE: "NX"}, "nodes"),
        ({POSITIVE: "2", STAGE: "N0"}, "contradiction"),
        ({POSITIVE: "0", STAGE: "N1b"}, "contradiction"),
        ({POSITIVE: "9", EXAMINED: "3", STAGE: "N1"}, "contradiction"),
        ({DIMENSIONS[0]: "[Unknown]"}, "size"),
        ({DIMENSIONS[0]: "0"}, "size"),
        ({SIDE: "[Discrepancy]"}, "side"),
    ],
)
def test_a_patient_who_cannot_be_judged_is_lost_for_a_reason(tmp_path, changed, step):
    table, flow = selected(tmp_path, [patient(), patient(**changed)])
    assert list(table["patient_id"]) == ["TCGA-0000"]
    assert flow.frame().set_index("step")["rows"].to_dict() == {
        "TCGA-THCA, operated patients": 2, step: 1,
    }  # fmt: skip


@pytest.mark.parametrize(("more_than", "labels"), [(5, [0, 0, 0, 1]), (4, [0, 0, 1, 1]),
                                                   (0, [0, 1, 1, 1])])  # fmt: skip
def test_exactly_five_nodes_count_either_way(tmp_path, more_than, labels):
    rows = [patient(**{POSITIVE: str(n), EXAMINED: "20", STAGE: "N1" if n else "N0"})
            for n in (0, 1, 5, 6)]  # fmt: skip
    table, _ = selected(tmp_path, rows, more_than)
    assert list(table["label"]) == labels


def test_the_size_is_the_largest_of_three_in_mm(tmp_path):
    rows = [patient(**dict(zip(DIMENSIONS, ("1.1", "2.3", "[Not Available]"), strict=True)))]
    table, _ = selected(tmp_path, rows)
    assert table["size_mm"].tolist() == pytest.approx([23.0])


def test_hospitals_take_turns_by_size_and_none_is_in_two_sets(tmp_path):
    rows = [patient(**{SITE: site}) for site in "AAAAABBBBCCCDD"]
    table, _ = selected(tmp_path, rows)
    assert table.groupby("center")["split"].unique().str.join(" ").to_dict() == {
        "A": "train", "B": "external", "C": "train", "D": "external",
    }  # fmt: skip


@given(st.data())
def test_the_form_of_the_text_does_not_matter(tmp_path_factory, data):
    rows = data.draw(st.lists(st.sampled_from(
        [patient(), patient(**{POSITIVE: "7", STAGE: "N1a"}), patient(**{SITE: "BB"})]
    ), min_size=1, max_size=5))  # fmt: skip
    plain = frame(rows)
    names = data.draw(st.permutations(list(plain)))
    mixed = plain[names].assign(extra="x").replace(
        "[Not Available]", data.draw(st.sampled_from(NOT_KNOWN)))  # fmt: skip
    newline = data.draw(st.sampled_from(["\n", "\r\n"]))
    folder = tmp_path_factory.mktemp("tcga")
    one, _ = select(read(write(folder / "plain.txt", plain)), 5)
    other, _ = select(read(write(folder / "mixed.txt", mixed, newline)), 5)
    pd.testing.assert_frame_equal(one, other)


@given(draw=st.data())
@settings(max_examples=20)
def test_a_text_with_one_byte_changed_is_refused_by_name(tmp_path_factory, data, draw):
    text = bytearray((data / "tcga_thca" / FILE).read_bytes())
    at = draw.draw(st.integers(0, len(text) - 1))
    text[at] ^= draw.draw(st.integers(1, 255))
    root = tmp_path_factory.mktemp("other")
    (root / "tcga_thca").mkdir()
    (root / "tcga_thca" / FILE).write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PTCLNM_DATA", str(root))
        with pytest.raises(FetchError, match=f"{FILE}: sha256"):
            open_cohort("tcga_thca")


def test_a_negative_number_of_nodes_is_refused():
    with pytest.raises(ParameterError, match="more_than is -1; allowed: from 0"):
        open_cohort("tcga_thca", more_than=-1)


def test_real_patients_are_those_of_the_source(data):
    cohort = open_cohort("tcga_thca")
    raw = read(data / "tcga_thca" / FILE)
    nodes = pd.to_numeric(raw[POSITIVE])
    assert (len(raw), nodes.notna().sum(), nodes.gt(5).sum(), nodes.max()) == (507, 391, 88, 41)
    flow = cohort.flow.set_index("step")["rows"]
    lost = flow[["histology", "nodes", "contradiction", "size", "side"]]
    assert 507 - lost.sum() == flow["kept"] == len(cohort.table)
    # One N0 patient with positive nodes and three N1 patients with none.
    assert lost["contradiction"] == 4
    assert set(cohort.clinical) & set(cohort.after_surgery) == set()
    assert np.isfinite(cohort.table["size_mm"]).all()
    # The other outcome is of the same patients, and none has fewer nodes for it.
    other = open_cohort("tcga_thca-any").table
    assert (other["patient_id"] == cohort.table["patient_id"]).all()
    assert (other["label"] >= cohort.table["label"]).all()
