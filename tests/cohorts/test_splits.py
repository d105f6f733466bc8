"""Splits and subsamples: by patient, by label, by seed, and by nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ptclnm.cohorts.splits import center_split, interleave, stratified_split, subsample
from ptclnm.errors import ParameterError

seeds = st.integers(0, 2**32 - 1)


@st.composite
def tables(draw, least: int = 2) -> pd.DataFrame:
    """One to three rows a patient, in random order, with any index."""
    labels = draw(st.lists(st.sampled_from([0, 1]), min_size=least, max_size=60))
    images = [draw(st.integers(1, 3)) for _ in labels]
    rows = [(f"p{n}", label) for n, label in enumerate(labels) for _ in range(images[n])]
    order = draw(st.permutations(range(len(rows))))
    frame = pd.DataFrame([rows[i] for i in order], columns=["patient_id", "label"])
    return frame.set_index(pd.Index(draw(st.permutations(range(len(rows))))))


def by_patient(table: pd.DataFrame, sets: pd.Series) -> pd.DataFrame:
    frame = table.assign(split=sets)
    assert frame.groupby("patient_id")["split"].nunique().eq(1).all()
    return frame.drop_duplicates("patient_id").set_index("patient_id").sort_index()


@given(tables(), seeds, st.floats(0.05, 0.95))
def test_no_patient_in_two_sets_and_each_label_in_proportion(table, seed, ratio):
    sets = by_patient(table, stratified_split(table, ratio, seed))
    for _, part in sets.groupby("label"):
        in_train = part["split"].eq("train").sum()
        assert abs(in_train - ratio * len(part)) <= 1
        assert len(part) == 1 or 0 < in_train < len(part)


@given(tables(), seeds, st.randoms())
def test_split_depends_on_neither_order_nor_index_nor_number_of_images(table, seed, random):
    first = by_patient(table, stratified_split(table, seed=seed))["split"]
    rows = list(range(len(table)))
    random.shuffle(rows)
    other = table.iloc[rows].drop_duplicates("patient_id").reset_index(drop=True)
    pd.testing.assert_series_equal(
        first, by_patient(other, stratified_split(other, seed=seed))["split"]
    )


def test_another_seed_is_another_split():
    table = pd.DataFrame({"patient_id": range(100), "label": [0, 1] * 50})
    assert not stratified_split(table, seed=1).equals(stratified_split(table, seed=2))


def test_the_labels_do_not_disturb_one_another():
    table = pd.DataFrame({"patient_id": [f"p{n}" for n in range(60)], "label": [0] * 30 + [1] * 30})
    fewer = table.drop(index=range(7))
    whole, part = stratified_split(table), stratified_split(fewer)
    assert whole[30:].equals(part[part.index >= 30])


@given(tables(), seeds, st.floats(0.1, 0.9))
def test_external_centres_stay_outside(table, seed, internal):
    table = table.assign(
        center=table["patient_id"].str[1:].astype(int).mod(3).map("ABC".__getitem__)
    )
    sets = by_patient(table, center_split(table, ["A", "B"], internal, seed))
    assert sets.loc[sets["center"].eq("C"), "split"].eq("external").all()
    inside = sets[sets["center"].ne("C")]
    assert set(inside["split"]) <= {"train", "internal"}
    for _, part in inside.groupby("label"):
        assert abs(part["split"].eq("internal").sum() - internal * len(part)) <= 1


@settings(max_examples=60)
@given(tables(4), seeds, st.data())
def test_a_smaller_sample_lies_in_a_larger_and_keeps_the_proportions(table, seed, data):
    total = table["patient_id"].nunique()
    small = data.draw(st.integers(2, total))
    large = data.draw(st.integers(small, total))
    table = table.assign(split=stratified_split(table, seed=seed))
    few, many = subsample(table, small, seed), subsample(table, large, seed)
    assert few["patient_id"].nunique() == small and many["patient_id"].nunique() == large
    assert set(few.index) <= set(many.index)
    kept = set(few["patient_id"])
    assert few.index.tolist() == table.index[table["patient_id"].isin(kept)].tolist()
    labels = table.drop_duplicates("patient_id")["label"]
    share = few.drop_duplicates("patient_id")["label"].sum() - small * labels.mean()
    assert abs(share) <= 1.5
    assume(labels.nunique() == 2)
    assert few["label"].nunique() == 2


@given(tables(4), seeds)
def test_sample_does_not_depend_on_the_order_of_rows(table, seed):
    drawn = subsample(table, 3, seed)
    again = subsample(table.iloc[::-1], 3, seed)
    assert set(drawn["patient_id"]) == set(again["patient_id"])


def test_sample_draws_at_random_not_the_first():
    table = pd.DataFrame({"patient_id": [f"{n:03d}" for n in range(200)], "label": [0, 1] * 100})
    drawn = subsample(table, 50, 3)["patient_id"].astype(int)
    assert drawn.max() > 150 and np.diff(drawn).max() > 2


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_every_prefix_holds_groups_nearly_in_proportion(sizes):
    groups = [[(g, n) for n in range(size)] for g, size in enumerate(sizes)]
    merged = interleave(groups)
    assert sorted(merged) == sorted(item for group in groups for item in group)
    for end in range(1, len(merged) + 1):
        for g, size in enumerate(sizes):
            mine = [item for item in merged[:end] if item[0] == g]
            assert mine == groups[g][: len(mine)]
            assert abs(len(mine) - end * size / len(merged)) <= len(sizes)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: stratified_split(t, ratio=1.0),
        lambda t: stratified_split(t, ratio=0),
        lambda t: stratified_split(t, seed=-1),
        lambda t: subsample(t, 1),
        lambda t: subsample(t, True),
        lambda t: subsample(t, 2.5),
        lambda t: center_split(t, ["A"], internal=0),
    ],
)
def test_impossible_parameters_are_named(call):
    table = pd.DataFrame({"patient_id": list("abcd"), "label": [0, 1] * 2, "center": list("AABB")})
    with pytest.raises(ParameterError, match="allowed|centre"):
        call(table)
