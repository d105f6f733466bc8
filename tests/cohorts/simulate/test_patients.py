"""Simulated patients: Table 1, the latent, and what stays the same."""

import runpy
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from echophantom.patients import enough
from ptclnm import published
from ptclnm.cohorts.simulate import li2024, ni2024
from ptclnm.cohorts.simulate.patients import DRIVERS, STUDIES, draw
from ptclnm.cohorts.simulate.study import moments
from ptclnm.errors import ParameterError, PtclnmError, PublishedTableError
from ptclnm.paths import ROOT

NAMES = list(STUDIES)
NI_GROUPS = [
    (split, label, f"{group}_{name}")
    for split, group in (("train", "training"), ("internal", "internal"), ("external", "external"))
    for label, name in enumerate(("NLVLNM", "LVLNM"))
]


@cache
def counts_of(study):
    """The printed counts through the checked reader, not the one under test."""
    counts = published.load(study).counts
    return counts[counts["where"] == "Table 1"]


def printed(study, variable, group):
    rows = counts_of(study)
    rows = rows[(rows["variable"] == variable) & (rows["group"] == group)]
    return {(r.level, r.statistic): float(r.value) for r in rows.itertuples()}


@pytest.mark.parametrize("seed", [0, 7])
def test_ni_counts_by_class_within_set_are_those_of_table_1(seed):
    table = draw("ni2024-sim", seed=seed).table
    assert len(table) == 854
    for split, label, group in NI_GROUPS:
        part = table[(table["split"] == split) & (table["label"] == label)]
        for column, variable in (
            ("sex", "Sex"),
            ("multifocality", "Multifocality"),
            ("capsular_invasion", "Capsular invasion"),
        ):
            wanted = {k[0]: v for k, v in printed("ni2024", variable, group).items()}
            assert part[column].value_counts().to_dict() == wanted, (group, column)


@pytest.mark.parametrize("seed", [0, 7])
def test_ni_means_and_sds_are_within_sampling_error(seed):
    table = draw("ni2024-sim", seed=seed).table
    for split, label, group in NI_GROUPS:
        part = table[(table["split"] == split) & (table["label"] == label)]
        for column, variable in (("age", "Age"), ("size_mm", "Size")):
            wanted = printed("ni2024", variable, group)
            _within_error(part[column], wanted["", "mean"], wanted["", "sd"])
    assert table["age"].between(18, 85).all()
    assert table["size_mm"].between(2.5, 40).all()


def _within_error(values, mean, sd):
    n = len(values)
    kurtosis = max(stats.kurtosis(values), 0)
    assert abs(values.mean() - mean) < 3 * sd / n**0.5
    assert abs(values.std() / sd - 1) < 3 * ((kurtosis + 2) / (4 * n)) ** 0.5


@pytest.mark.parametrize("seed", [0, 7])
def test_li_counts_by_set_are_those_of_table_1(seed):
    table = draw("li2024-sim", seed=seed).table
    assert len(table) == 544
    for split in ("train", "test"):
        part = table[table["split"] == split]
        for column, variable in li2024.STUDY.variables.items():
            wanted = {
                k[0]: v
                for k, v in printed("li2024", variable, split).items()
                if k[1] == "count" and v > 0
            }
            if column not in ("age", "diameter_mm", "radiologist"):
                assert part[column].value_counts().to_dict() == wanted, (split, column)
        labels = printed("li2024", "CLNM", split)
        assert (part["label"] == 1).sum() == labels["Yes", "count"]
        for column, variable in (("age", "Age"), ("diameter_mm", "Diameter")):
            wanted = printed("li2024", variable, split)
            _within_error(part[column], wanted["", "mean"], wanted["", "sd"])


def test_every_printed_variable_is_a_column_or_known_after_surgery():
    variables = set(counts_of("li2024")["variable"]) - {
        "CLNM", "Surgical Methods", "Location of LNM",
    }  # fmt: skip
    assert set(li2024.STUDY.variables.values()) == variables
    assert set(ni2024.STUDY.variables.values()) == set(counts_of("ni2024")["variable"])


@pytest.mark.parametrize(
    ("split", "sensitivity", "specificity"), [("train", 0.719, 0.881), ("test", 0.644, 0.840)]
)
def test_the_radiologist_reads_as_reported(split, sensitivity, specificity):
    table = draw("li2024-sim", seed=3).table
    part = table[table["split"] == split]
    read = part["radiologist"].eq("Yes")
    for label, share in ((1, sensitivity), (0, 1 - specificity)):
        group = read[part["label"] == label]
        assert abs(group.sum() - share * len(group)) <= 0.5


def test_nodules_in_both_lobes_are_several():
    table = draw("li2024-sim").table
    assert table.loc[table["bilaterality"] == "Yes", "multifocality"].eq("Yes").all()


def test_tirads_never_falls_as_its_points_rise():
    table = draw("li2024-sim").table
    points = li2024.points(table)
    for split in ("train", "test"):
        inside = (table["split"] == split).to_numpy()
        level = table.loc[inside, "acr_tirads"].str[2].astype(int)
        span = pd.DataFrame({"points": points[inside], "level": level}).groupby("level")["points"]
        assert (span.max().to_numpy()[:-1] <= span.min().to_numpy()[1:]).all()


def test_li_pictures_agree_with_the_clinical_columns():
    patients = draw("li2024-sim", seed=2)
    table, truth = patients.table, patients.truth
    assert truth["diameter_mm"].equals(table["diameter_mm"])
    taller = table["shape"] == "Taller-than-wide"
    assert (truth["taller_than_wide"] > 1).equals(taller)
    smooth = table["margin"] == "Smooth or ill defined"
    assert truth.loc[smooth, "irregularity"].max() < truth.loc[~smooth, "irregularity"].min()
    beyond = table["margin"] == "Extrathyroidal extension"
    touch = truth["capsule_contact"]
    assert touch[beyond].min() > touch[~beyond].max()
    levels = ["Very hypoechoic", "Hypoechoic", "Hyper- or Isoechoic"]
    echo = [truth.loc[table["echoes"] == level, "echogenicity_db"] for level in levels]
    assert echo[0].max() < echo[1].min() and echo[1].max() < echo[2].min()
    micro = table["calcification"].str.contains("icro")
    assert (truth["microcalcifications"] > 0).equals(micro)
    coarse = table["calcification"].str.contains("Stubby|Peripheral")
    assert (truth["macrocalcifications"] > 0).equals(coarse)
    assert (truth["cystic_fraction"] > 0).equals(table["composition"] == "Cystic and solid")


def test_ni_pictures_agree_with_the_clinical_columns():
    patients = draw("ni2024-sim", seed=2)
    assert patients.truth["diameter_mm"].equals(patients.table["size_mm"])
    invades = patients.table["capsular_invasion"] == "Yes"
    touch = patients.truth["capsule_contact"]
    assert touch[invades].min() > touch[~invades].max()


def test_ni_hospitals_and_planes():
    patients = draw("ni2024-sim")
    table = patients.table
    assert table.groupby("split")["center"].unique().map(set).to_dict() == {
        "train": {"A", "B"}, "internal": {"A", "B"}, "external": {"C"},
    }  # fmt: skip
    counts = patients.truth["plane"].map(len)
    assert set(counts) == {1, 2, 3}
    assert 1600 < counts.sum() < 1800


@pytest.mark.parametrize("name", NAMES)
def test_latent_correlates_with_label_columns_and_picture(name):
    truth, table = draw(name, seed=1).truth, draw(name, seed=1).table
    size = "size_mm" if name == "ni2024-sim" else "diameter_mm"
    for label in (0, 1):
        part = table["label"] == label
        latent = truth.loc[part, "severity"]
        # Within one class the clinical columns and the picture still follow the latent.
        assert stats.spearmanr(latent, table.loc[part, size]).statistic > 0.15
        assert stats.spearmanr(latent, truth.loc[part, "irregularity"]).statistic > 0.15
        assert stats.spearmanr(latent, truth.loc[part, "heterogeneity"]).statistic > 0.15
    assert roc_auc_score(table["label"], truth["aggressiveness_texture"]) > 0.55
    assert abs(roc_auc_score(table["label"], truth["severity"]) - 0.5) < 0.1


@limits(max_examples=25)
@given(st.sampled_from(NAMES), st.data())
def test_a_patient_is_the_same_whatever_the_number(name, data):
    sizes = [stratum.size for stratum in STUDIES[name].strata()]
    few, many = sorted(data.draw(st.tuples(*[st.integers(enough(sizes), 1500)] * 2)))
    small, large = draw(name, few, seed=5), draw(name, many, seed=5)
    assert small.table["patient_id"].is_unique and len(small.table) == few
    both = small.table.merge(large.table, on="patient_id", suffixes=("", "_large"))
    # Counts by largest remainder may give a stratum one patient less as the total grows.
    assert len(both) >= few - len(sizes)
    for frame in ("table", "truth"):
        one, other = (getattr(p, frame).set_index("patient_id") for p in (small, large))
        ids = both["patient_id"]
        pd.testing.assert_frame_equal(one.loc[ids], other.loc[ids])


@pytest.mark.parametrize("name", NAMES)
def test_counts_scale_and_a_second_table_is_exact_again(name):
    sizes = {(s.split, s.label): s.size for s in STUDIES[name].strata()}
    for n in (120, 2 * sum(sizes.values())):
        found = draw(name, n).table.groupby(["split", "label"]).size()
        for stratum, size in sizes.items():
            assert abs(found[stratum] - n * size / sum(sizes.values())) < 1
    twice = draw(name, 2 * sum(sizes.values())).table
    once = draw(name).table
    column = "multifocality"
    pd.testing.assert_series_equal(
        twice.groupby(["split", column]).size(), 2 * once.groupby(["split", column]).size()
    )


def p_values(name, seeds, of, **settings):
    """P-values of the rank-sum test of each numeric column against the label, by seed."""
    rows = []
    for seed in seeds:
        patients = draw(name, seed=seed, **settings)
        inside = patients.table["split"] == "train"
        frame = of(patients).loc[inside]
        positive = patients.table.loc[inside, "label"] == 1
        rows.append(
            {c: stats.mannwhitneyu(frame.loc[positive, c], frame.loc[~positive, c]).pvalue
             for c in frame}
        )  # fmt: skip
    return pd.DataFrame(rows)


def everything(patients):
    """Clinical columns as codes, drivers, the number of planes and the order of the ids."""
    table = patients.table.drop(columns=["patient_id", "split", "label"])
    codes = table.apply(lambda c: c if c.dtype == float else c.astype("category").cat.codes)
    truth = patients.truth[list(DRIVERS)].rename(columns=lambda c: f"driver {c}")
    planes = patients.truth["plane"].map(len)
    frame = pd.concat([codes, truth, planes], axis=1)
    return frame.assign(number=range(len(frame))).loc[:, lambda f: f.nunique() > 1]


@pytest.mark.parametrize("name", NAMES)
def test_without_signal_every_auc_is_distributed_as_chance(name):
    found = p_values(name, range(40), everything, signal=0.0)
    assert len(found.columns) > 12
    for column in found:
        values = found[column].dropna()
        # Rare findings have few possible p-values: only what is too small is counted.
        assert stats.binomtest((values < 0.1).sum(), len(values), 0.1).pvalue > 1e-3, column
        assert values.mean() > 0.36, column
    common = found[["age", "driver irregularity", "driver heterogeneity", "number"]]
    for column in common:
        assert stats.kstest(common[column], "uniform").pvalue > 1e-3, column


@pytest.mark.parametrize("name", NAMES)
def test_with_signal_the_same_test_finds_it(name):
    found = p_values(name, range(5), everything)
    size = "size_mm" if name == "ni2024-sim" else "diameter_mm"
    for column in (size, "driver irregularity", "driver echogenicity_db", "driver heterogeneity"):
        assert found[column].median() < 0.05, column


@pytest.mark.parametrize("name", NAMES)
def test_without_signal_the_sets_totals_are_kept(name):
    with_, without = draw(name).table, draw(name, signal=0.0).table
    for column in STUDIES[name].STUDY.columns:
        if with_[column].dtype == object and column != "radiologist":
            pd.testing.assert_series_equal(
                with_.groupby(["split", column]).size(), without.groupby(["split", column]).size()
            )


@pytest.mark.parametrize("name", NAMES)
def test_more_signal_shows_more(name):
    def auc(signal):
        found = []
        for seed in range(10):
            p = draw(name, seed=seed, signal=signal)
            found.append(roc_auc_score(p.table["label"], p.truth["heterogeneity"]))
        return np.mean(found)

    aucs = [auc(signal) for signal in (0.0, 0.5, 1.0, 2.0)]
    assert all(b > a + 0.02 for a, b in zip(aucs, aucs[1:], strict=False)), aucs


def test_clinical_model_comes_near_nomogram_c():
    performance = published.load("li2024").performance
    row = performance.query("model == 'Nomogram_C' and metric == 'auc'").iloc[0]
    found = []
    for seed in range(100, 124):
        table = draw("li2024-sim", seed=seed).table
        x = pd.get_dummies(table[["age", "diameter_mm", "margin", "multifocality"]], dtype=float)
        inside = table["split"] == "train"
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(x[inside], table["label"][inside])
        scores = model.decision_function(x[~inside])
        found.append(roc_auc_score(table["label"][~inside], scores))
    assert abs(np.mean(found) - float(row["value"])) < 0.03


def test_two_studies_and_two_seeds_share_nothing():
    ids = {(n, s): set(draw(n, seed=s).table["patient_id"]) for n in NAMES for s in (0, 1)}
    assert not ids["ni2024-sim", 0] & ids["li2024-sim", 0]
    one, other = (draw("ni2024-sim", seed=s).table for s in (0, 1))
    assert (one["age"].to_numpy() == other["age"].to_numpy()).mean() < 0.2


def test_what_one_caller_does_to_its_frames_reaches_no_other():
    first = draw("li2024-sim")
    first.table.loc[:, "age"] = 0.0
    first.truth.loc[:, "severity"] = 0.0
    again = draw("li2024-sim")
    assert again.table["age"].min() >= 18
    assert again.truth["severity"].std() > 0.5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"signal": -0.1}, "signal is -0.1; allowed: 0 to 3"),
        ({"signal": 3.01}, "signal is 3.01"),
        ({"signal": True}, "signal is True"),
        ({"signal": float("nan")}, "signal is nan"),
        ({"signal": "strong"}, "signal is 'strong'"),
        ({"n_patients": 3}, "n_patients is 3; allowed: a whole number from"),
        ({"n_patients": 120.0}, "n_patients is 120.0"),
        ({"n_patients": True}, "n_patients is True"),
        ({"seed": -1}, "seed is -1; allowed: a whole number from 0"),
    ],
)
def test_impossible_settings_are_named(settings, said):
    with pytest.raises(ParameterError) as caught:
        draw("ni2024-sim", **settings)
    assert said in str(caught.value)


def test_too_few_patients_are_told_how_many_suffice():
    sizes = [stratum.size for stratum in ni2024.strata()]
    least = enough(sizes)
    with pytest.raises(ParameterError, match=f"whole number from {least}, .*class of a set"):
        draw("ni2024-sim", least - 1)
    assert draw("ni2024-sim", least).table.groupby(["split", "label"]).size().min() == 1


def test_an_unknown_cohort_is_told_the_nearest():
    with pytest.raises(PtclnmError, match="did you mean 'ni2024-sim'"):
        draw("ni2024sim")


def test_a_number_that_is_not_printed_is_named():
    with pytest.raises(
        PublishedTableError, match=r"counts.csv(.|\n)*no row of Table 1, Weight, train, mean"
    ):
        moments("li2024", "Weight", "train")


def test_strengths_are_solved_for_as_the_inverse_of_the_aucs():
    solve = runpy.run_path(str(ROOT / "bench" / "calibrate.py"))["solve"]
    assert solve((0.0, 1.0, 2.0), (0.6, 0.7, 0.9), 0.8) == 1.5
    assert solve((0.0, 1.0, 2.0), (0.6, 0.7, 0.9), 0.5) == 0.0
    assert solve((0.0, 1.0, 2.0), (0.6, 0.59, 0.9), 0.75) == 1.5


def test_the_hospitals_of_ni_differ_in_what_the_issue_asks_for():
    machines = ni2024.STUDY.machines.values()
    for setting in ("frequency_mhz", "gain_db", "dynamic_range_db", "focus_mm"):
        assert len({getattr(machine, setting) for machine in machines}) == 3


def test_operators_differ_more_between_examinations_of_ni_than_of_li():
    assert ni2024.STUDY.habits[0] > 1.3 * li2024.STUDY.habits[0] > 0
