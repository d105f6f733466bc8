"""LLNM-Net's workbook: scores that are none, readers, pROC's numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptclnm.cohorts import llnm
from ptclnm.cohorts.registry import open_cohort
from ptclnm.evaluation import auc_table, pairs_table
from ptclnm.models.sources import FAMILIES, column_scores


@pytest.fixture
def sheet(monkeypatch):
    """Put a sheet of that form in the place of the published one."""

    def putting(scores=((0.9, 1), (0.1, 0)), doctor=(0.7, 0.2)):
        table = pd.DataFrame(np.nan, index=range(6), columns=range(16))
        for at in (6, 8, 10):
            table.loc[: len(scores) - 1, [at, at + 1]] = [list(row) for row in scores]
        for row, share in enumerate(doctor):
            table.loc[row, [12, 13, 14, 15]] = [row + 1, 1 - row, share, 0.5]
        monkeypatch.setattr(llnm, "read", lambda: table)

    return putting


@pytest.mark.parametrize(("score", "kept"), [(4.97e15, False), (-0.1, False), (0.0, True),
                                             (1.0, True)])  # fmt: skip
def test_a_score_that_is_no_probability_loses_its_patient(sheet, score, kept):
    sheet(scores=[(0.9, 1), (0.1, 0), (score, 0)])
    cohort = open_cohort("llnm_net")
    lost = cohort.flow.loc[cohort.flow["step"] == "score", "rows"].sum()
    assert (len(cohort.table), lost) == ((9, 0) if kept else (6, 3))
    assert cohort.table["llnm_net"].between(0, 1).all()


def test_the_majority_is_more_than_half_of_the_readers(sheet):
    sheet(doctor=(0.51, 0.5))
    table = open_cohort("llnm_net-readers").table
    assert table["majority"].tolist() == [1.0, 0.0]
    assert table["label"].tolist() == [1, 0]


def test_real_scores_are_accounted_for(data):
    cohort = open_cohort("llnm_net")
    assert cohort.flow["rows"].tolist()[:3] == [39451, 1, 39450]
    assert cohort.table.groupby("split").size().to_dict() == {
        "external": 9836, "internal": 5923, "train": 23691,
    }  # fmt: skip
    assert cohort.table["llnm_net"].eq(0).sum() == 116
    assert len(open_cohort("llnm_net-readers").table) == 200


ORACLES = Path(__file__).parents[1] / "oracles"


@pytest.mark.parametrize("name", ["llnm_net", "llnm_net-readers"])
def test_aucs_and_the_comparison_with_readers_are_those_of_proc(data, name):
    cohort = open_cohort(name)
    families = [family for family in ("llnm_net", "readers") if family in cohort.table]
    parts = [column_scores(cohort, FAMILIES[family].columns) for family in families]
    scores = pd.concat(parts).assign(study="shen2025")
    auc = auc_table(scores).merge(pd.read_csv(ORACLES / "llnm_auc.csv"), on=["split", "model"])
    assert len(auc) == len(scores[["split", "model"]].drop_duplicates())
    for column in ("n", "positives", "auc", "low", "high"):
        assert auc[f"{column}_x"].to_numpy() == pytest.approx(auc[f"{column}_y"], abs=1e-12)
    if name == "llnm_net-readers":
        proc = pd.read_csv(ORACLES / "llnm_pairs.csv")
        pairs = pairs_table(scores).merge(proc, on=["model_a", "model_b"])
        assert len(pairs) == len(proc)
        for column in ("difference", "z", "p"):
            assert pairs[f"{column}_x"].to_numpy() == pytest.approx(pairs[f"{column}_y"], rel=1e-9)


def test_the_mean_of_readers_judges_better_than_their_majority_and_than_a_typical_one(data):
    cohort = open_cohort("llnm_net-readers")
    table = cohort.table.groupby("label")["readers"].mean()
    typical = (1 + table[1] - table[0]) / 2  # mean of the readers' own AUCs: each says yes or no
    auc = auc_table(column_scores(cohort, FAMILIES["readers"].columns).assign(study="x"))
    share, majority = auc.set_index("model")["auc"].filter(like="108")
    assert typical < majority < share
    assert llnm.NO_SINGLE_READER in cohort.warnings
    assert llnm.NO_SINGLE_READER not in open_cohort("llnm_net").warnings
