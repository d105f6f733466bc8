"""The simulated papers are honest, a slip is what its name says, and the audit of them repeats."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.random import default_rng
from scipy import stats
from sklearn import metrics

import honest_papers as honest
import recount
from ptclnm import published
from ptclnm.compute import parallel_map
from ptclnm.evaluation.delong import delong
from recount.schema import SCHEMAS
from recount.verdicts import CONFLICTS, CONTRADICTS

TABLES = list(SCHEMAS)
SKLEARN = {
    "accuracy": metrics.accuracy_score,
    "sensitivity": lambda y, c: metrics.recall_score(y, c, zero_division=0),
    "specificity": lambda y, c: metrics.recall_score(y, c, pos_label=0, zero_division=0),
    "ppv": lambda y, c: metrics.precision_score(y, c, zero_division=0),
    "npv": lambda y, c: metrics.precision_score(y, c, pos_label=0, zero_division=0),
    "f1": lambda y, c: metrics.f1_score(y, c, zero_division=0),
}


def papers(count: int, **fixed) -> list[tuple[honest.Paper, recount.Study]]:
    drawn = []
    for seed in range(count):
        rng = default_rng(seed)
        paper = honest.draw(rng, **fixed)
        drawn.append((paper, honest.printed(paper, rng)))
    return drawn


def fits(text: str, exact: float, digits: int, rounding: str) -> bool:
    """Whether a number may be printed so; a cut number is at most the exact one."""
    step, gap = 10.0**-digits, exact - float(text)
    low, high = (0, step) if rounding == ROUND_DOWN else (-step / 2, step / 2)
    return low - 1e-9 <= gap <= high + 1e-9


def scored(paper: honest.Paper, name: str, *models: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Labels and scores of a set's cases, without the code under test."""
    cases = paper.cases.join(paper.patients[["set", "label"]])
    cases = cases[cases["set"] == name].dropna(subset=list(models))
    return cases["label"].to_numpy(), cases[list(models)]


def true_set(paper: honest.Paper, row) -> str:
    return row.evaluation_set if row.set_stated == "yes" else paper.sets[-1]


def changed(before: recount.Study, after: recount.Study) -> dict[str, pd.DataFrame]:
    """Rows of each table in which two papers differ, with the earlier value beside."""
    found = {}
    for name in TABLES:
        old, new = getattr(before, name), getattr(after, name)
        differs = (old != new).any(axis=1)
        if differs.any():
            found[name] = new[differs].assign(old=old.loc[differs, new.columns[-1]])
    return found


def best_cuts(label: np.ndarray, score: np.ndarray) -> list[float]:
    """Every cut-off with the largest sum of sensitivity and specificity."""
    cuts = np.append(np.unique(score), np.inf)
    called = score[:, None] >= cuts
    youden = called[label == 1].mean(axis=0) - called[label == 0].mean(axis=0)
    return list(cuts[np.isclose(youden, youden.max())])


@pytest.mark.parametrize("rounding", [ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN])
def test_printed_metrics_are_those_of_the_cases(rounding):
    for paper, study in papers(4, rounding=rounding):
        habits, keys = paper.habits, ["where", "evaluation_set", "set_stated", "model"]
        for (where, name, stated, model), rows in study.performance.groupby(keys):
            label, frame = scored(paper, name if stated == "yes" else paper.sets[-1], model)
            score, printed = frame[model].to_numpy(), rows.set_index("metric")["value"]
            digits = 2 if where == "Abstract" else habits.digits
            assert fits(printed["auc"], metrics.roc_auc_score(label, score), digits, rounding)
            cuts = best_cuts(label, score)
            for metric in [m for m in printed.index if m in SKLEARN]:
                halved = habits.cut == "half" or model == honest.READER
                halved |= habits.cut == "both" and metric == "accuracy"
                exact = [SKLEARN[metric](label, score >= c) for c in ([0.5] if halved else cuts)]
                assert any(fits(printed[metric], value, digits, rounding) for value in exact)


def test_intervals_and_comparisons_are_delongs():
    """The oracle is the book's own DeLong, which is held against R's pROC elsewhere."""
    seen = 0
    for paper, study in papers(
        8, interval="DeLong", compared="p", rounding=ROUND_HALF_UP, zeros="kept"
    ):
        last, digits = paper.sets[-1], paper.habits.interval_digits
        for row in study.performance[study.performance["metric"] == "auc_low"].itertuples():
            label, score = scored(paper, true_set(paper, row), row.model)
            low = delong(label, score).intervals()["low"].iloc[0]
            assert fits(row.value, low, digits, ROUND_HALF_UP)
        for row in study.comparisons[study.comparisons["statistic"] == "p"].itertuples():
            label, score = scored(paper, last, row.model_a, row.model_b)
            curves = delong(label, score)
            if (contrast := np.array([1, -1])) @ curves.covariance @ contrast > 0:
                z = contrast @ curves.auc / np.sqrt(contrast @ curves.covariance @ contrast)
                assert fits(row.value, 2 * stats.norm.sf(abs(z)), 3, ROUND_HALF_UP)
                seen += 1
    assert seen > 10


@pytest.mark.parametrize("interval", ["bootstrap", "logit"])
def test_other_intervals_are_near_delongs_and_inside(interval):
    for paper, study in papers(5, interval=interval, interval_digits=4, rounding=ROUND_HALF_UP):
        wide = study.performance[study.performance["where"] == "Table 2"].pivot(
            index=["evaluation_set", "model"], columns="metric", values="value"
        )
        for (name, model), row in wide.iterrows():
            curves = delong(*scored(paper, name, model))
            width = float(row["auc_high"]) - float(row["auc_low"])
            assert 0 <= float(row["auc_low"]) <= curves.auc[0] <= float(row["auc_high"]) <= 1
            if 0.6 < curves.auc[0] < 0.9:
                assert width / (2 * 1.96 * curves.se[0]) == pytest.approx(1, abs=0.25)


def test_table_1_is_that_of_the_patients():
    tests = {
        "Student": lambda a, b: stats.ttest_ind(a, b).pvalue,
        "Welch": lambda a, b: stats.ttest_ind(a, b, equal_var=False).pvalue,
        "rank": lambda a, b: (
            stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic").pvalue
        ),
    }
    for paper, study in papers(8, columns="classes", rounding=ROUND_HALF_UP, zeros="kept"):
        patients = paper.patients
        for row in study.counts.itertuples():
            groups = [part.split("_") for part in row.group.split(";")]
            if row.group == "all" or row.variable == honest.READER:
                continue
            values = [
                patients.loc[
                    (patients["set"] == name) & (patients["label"] == (role == "positive")),
                    row.variable,
                ].dropna()
                for name, role in groups
            ]
            if row.statistic == "count":
                assert int(row.value) == sum(values[0] == row.level)
            if row.statistic in ("mean", "sd"):
                exact = values[0].mean() if row.statistic == "mean" else np.std(values[0], ddof=1)
                assert fits(row.value, exact, paper.habits.percent_digits, ROUND_HALF_UP)
            if row.statistic == "p" and values[0].dtype.kind == "f":
                p = tests[paper.habits.mean_test](*values)
                assert p < 0.001 if row.value == "<0.001" else fits(row.value, p, 3, ROUND_HALF_UP)


def test_what_is_printed_holds_among_the_habits():
    """Images are up to three a patient, a few per cent are missing, the guessed set is wrong."""
    for paper, _ in papers(6, unit="images", missing="scores"):
        images = paper.cases.index.value_counts()
        assert set(images) == {1, 2, 3} and len(images) == len(paper.patients)
        assert paper.cases.isna().mean().max() < 0.1
    for paper, study in papers(6, set_named=False):
        unnamed = study.performance[study.performance["set_stated"] == "no"]
        assert set(unnamed["model"]) == set(paper.hidden)
        assert paper.sets[-1] not in set(unnamed["evaluation_set"])
    for paper, study in papers(6, reader="yes/no", columns="sets", unit="patients"):
        calls = study.counts[
            (study.counts["variable"] == "Reader") & (study.counts["level"] == "Yes")
        ]
        for row in calls[(calls["statistic"] == "count") & (calls["group"] != "all")].itertuples():
            assert int(row.value) == scored(paper, row.group, "Reader")[1].sum().item()


@pytest.mark.parametrize(
    ("rounding", "zeros", "text"),
    [
        (ROUND_HALF_UP, "kept", ["0.13", "0.40", "0.29", "1.00"]),
        (ROUND_HALF_EVEN, "kept", ["0.12", "0.40", "0.28", "1.00"]),
        (ROUND_DOWN, "dropped", ["0.12", "0.4", "0.28", "0.99"]),
    ],
)
def test_numbers_are_written_by_one_mode(rounding, zeros, text):
    habits = SimpleNamespace(rounding=rounding, zeros=zeros)
    assert [honest.written(v, 2, habits) for v in (0.125, 0.4, 0.285, 0.999)] == text


def test_papers_are_sound_studies(tmp_path):
    """Written to a folder, every paper is read back by the audit's own reader, unchanged."""
    for number, (_, study) in enumerate(papers(12)):
        folder = tmp_path / str(number) / "honest"
        folder.mkdir(parents=True)
        about = study.about | {"name": "honest"}
        (folder / "study.yml").write_text(yaml.safe_dump(about), encoding="utf-8")
        for name in TABLES:
            getattr(study, name).to_csv(folder / f"{name}.csv", index=False)
        read = published.load(Path(folder))
        for name in TABLES:
            assert (
                getattr(read, name).to_numpy().tolist() == getattr(study, name).to_numpy().tolist()
            )


@pytest.mark.parametrize("kind", honest.SLIPS)
def test_a_slip_changes_what_it_says_and_nothing_else(kind):
    for paper, study in papers(12):
        slipped = honest.SLIPS[kind](study, default_rng(1))
        for table, rows in changed(study, slipped).items():
            old, new = rows["old"], rows.iloc[:, -2]
            if kind in ("digit of a metric", "digits swapped", "digit of a p-value"):
                assert len(rows) == 1 and len(old.iloc[0]) == len(new.iloc[0])
                pairs = zip(old.iloc[0], new.iloc[0], strict=True)
                assert sum(a != b for a, b in pairs) == (2 if kind == "digits swapped" else 1)
                assert sorted(old.iloc[0]) == sorted(new.iloc[0]) or kind != "digits swapped"
                p = kind == "digit of a p-value"
                assert table == ("counts" if p else "performance")
                assert set(rows["statistic" if p else "metric"]) <= {"p", *honest.CELL_METRICS}
            elif kind == "changed total":
                assert len(rows) == 1 and table in ("groups", "counts")
                assert 1 <= abs(int(old.iloc[0]) - int(new.iloc[0])) <= 9
            elif kind == "copied column":
                assert rows["metric"].nunique() == 1
                wide = slipped.performance[slipped.performance["where"] == "Table 2"].pivot(
                    index=["evaluation_set", "model"], columns="metric", values="value"
                )
                target = rows["metric"].iloc[0]
                assert any((wide[target] == wide[name]).all() for name in wide if name != target)
            else:
                assert rows["model"].nunique() == rows["evaluation_set"].nunique() == 1
                frame = slipped.performance[slipped.performance["where"] == "Table 2"]
                mine = frame[frame["model"] == rows["model"].iloc[0]]
                assert mine.drop_duplicates(["metric", "value"])["evaluation_set"].nunique() < len(
                    paper.sets
                )


def test_another_split_keeps_the_sizes_and_moves_a_few_patients():
    for paper, _ in papers(10):
        other = honest.relabelled(paper, default_rng(0))
        assert other.patients["set"].equals(paper.patients["set"])
        for name in paper.sets:
            here = paper.patients["set"] == name
            moved = other.patients.loc[here, "label"] - paper.patients.loc[here, "label"]
            assert moved[moved != 0].nunique() == 1
            assert 1 / len(moved) <= moved.abs().mean() <= 0.1 + 1 / len(moved)
            assert set(other.patients.loc[here, "label"]) == {0, 1}


@pytest.mark.parametrize("kind", honest.KINDS)
def test_papers_repeat_from_their_seed(kind):
    first, second = (honest.drawn(kind, default_rng(3))[1] for _ in range(2))
    assert not changed(first, second)
    assert changed_at_all(first, honest.drawn(kind, default_rng(4))[1])


def changed_at_all(one: recount.Study, other: recount.Study) -> bool:
    return not all(getattr(one, name).equals(getattr(other, name)) for name in TABLES)


def test_outcomes_do_not_depend_on_the_workers():
    tasks = honest.tasks(2, seed=35)  # small papers
    one, two = (parallel_map(honest.outcome, tasks, n_jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert [kind for kind, _ in one] == ["honest", "honest", *honest.KINDS[1:3]]


def test_the_first_of_many_papers_are_those_of_few():
    few, many = ([(kind, seed.generate_state(2).tolist()) for kind, seed in honest.tasks(n, seed=1)]
                 for n in (7, 9))  # fmt: skip
    assert few == many[:7] + many[9:16]
    assert len({str(state) for _, state in many}) == 18


def test_shares_have_exact_limits_and_count_what_is_wrong():
    found = [("honest", honest.NEITHER)] * 1998 + [("honest", CONFLICTS)] * 2
    found += [("digits swapped", CONTRADICTS)] * 3 + [("digits swapped", honest.NEITHER)]
    table = honest.shares(found).set_index(["kind", "verdicts"])
    # Of none among 2,000 the exact limit is 1 - 0.025 ** (1 / 2000).
    assert table.loc[("honest", CONTRADICTS), "high"] == pytest.approx(0.00184274, abs=1e-7)
    assert table.loc[("honest", CONTRADICTS), "wrong"] == 0
    assert table["wrong"].sum() == 1 and table.loc[("digits swapped", honest.NEITHER), "wrong"] == 1
    # binom.test(3, 4) in R: 0.1941204 to 0.9936905.
    low, high = table.loc[("digits swapped", CONTRADICTS), ["low", "high"]]
    assert (low, high) == (pytest.approx(0.1941204, abs=1e-6), pytest.approx(0.9936905, abs=1e-6))


def test_an_accusation_of_an_honest_paper_is_wrong():
    table = honest.shares([("honest", CONTRADICTS), ("honest", CONFLICTS)])
    assert dict(zip(table["verdicts"], table["wrong"], strict=True))[CONTRADICTS] == 1
    assert table["wrong"].sum() == 1


def test_no_honest_paper_is_accused_without_a_premise():
    found = parallel_map(honest.outcome, honest.tasks(40)[:40])
    assert CONTRADICTS not in [word for _, word in found]
