"""Honest papers drawn from simulated patients, and the same with one slip, to test the audit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit
from sklearn.metrics import roc_curve
from statsmodels.stats.proportion import proportion_confint

from recount.audit import audit, checked_tables, claims
from recount.schema import CELL_METRICS, DEFAULTS, SCHEMAS, STUDY_KEYS
from recount.search import metrics_of
from recount.tables import Study
from recount.verdicts import CONFLICTS, CONTRADICTS

HONEST = "honest"
SETS = ("train", "internal", "external")
ROLES = ("negative", "positive")
READER = "Reader"
ONE_READING = "both rows named Reader are one reading"
LOST = (0.01, 0.05)
RESAMPLES = 500
Z95 = float(stats.norm.ppf(0.975))
MEAN_TESTS = {
    "Student": stats.f_oneway,
    "Welch": partial(stats.f_oneway, equal_var=False),
    "rank": stats.kruskal,
}
# What papers do without saying so; what stands twice is twice as common.
HABITS = {
    "columns": ("classes", "sets"),
    "rounding": (ROUND_HALF_UP, ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN),
    "zeros": ("kept", "dropped"),
    "digits": (2, 3, 3, 4),
    "interval_digits": (2, 3, 4),
    "percent_digits": (1, 2),
    "percent_of": ("group", "group", "known", "level"),
    "binary": ("both levels", "one level"),
    "count_test": ("chi-square", "Yates", "Fisher"),
    "mean_test": tuple(MEAN_TESTS),
    "unit": ("patients", "images"),
    "missing": ("nowhere", "nowhere", "scores", "variables"),
    "interval": ("DeLong", "bootstrap", "logit"),
    "cut": ("Youden", "half", "both"),
    "metrics": (CELL_METRICS, CELL_METRICS, CELL_METRICS[:5], CELL_METRICS[:3]),
    "compared": ("p", "words"),
    "set_named": (True, True, False),
    "reader": ("none", "none", "yes/no", "graded", "another"),
}


@dataclass(frozen=True)
class Paper:
    """Simulated patients, and how their paper prints them.

    Parameters
    ----------
    habits : SimpleNamespace
        One choice of each of ``HABITS``.
    patients : DataFrame
        One row a patient: ``set, label``, then the variables of Table 1; levels are text.
    cases : DataFrame
        One row a case that the metrics count, a patient or an image, indexed by its patient: a
        score from 0 to 1 for each model, missing where the case was not evaluated.
    """

    habits: SimpleNamespace
    patients: pd.DataFrame
    cases: pd.DataFrame

    @property
    def sets(self) -> list[str]:
        """Names of the evaluation sets, training first."""
        return list(self.patients["set"].unique())

    @property
    def hidden(self) -> list[str]:
        """Models whose table does not say that it is of the last set."""
        models = [model for model in self.cases if model != READER]
        return [] if self.habits.set_named else models[len(models) // 2 :]

    def placed(self, model: str) -> str:
        """Set that a transcription gives a model of the last set; of a hidden one, the wrong."""
        return self.sets[-2 if model in self.hidden else -1]

    def scored(self, name: str, *models: str) -> tuple[NDArray, NDArray]:
        """Labels and scores, a row a model, of a set's cases that all these models have."""
        of = self.patients.loc[self.cases.index]
        kept = self.cases[list(models)].notna().all(axis=1).to_numpy() & (of["set"] == name)
        return of["label"].to_numpy()[kept], self.cases.loc[
            kept.to_numpy(), list(models)
        ].to_numpy().T


# Patients


def draw(rng: Generator, **fixed) -> Paper:
    """Draw the patients of one paper, their models' scores, and the habits that are not fixed."""
    chosen = {name: options[rng.integers(len(options))] for name, options in HABITS.items()}
    habits = SimpleNamespace(**chosen | fixed)
    patients = _patients(habits, rng)
    return Paper(habits, patients, _cases(habits, patients, rng))


def _patients(habits: SimpleNamespace, rng: Generator) -> pd.DataFrame:
    names = SETS[: rng.integers(2, 4)]
    most = 150 if habits.unit == "images" else 400
    sizes = np.exp(rng.uniform(np.log(40), np.log(most), len(names))).astype(int)
    positives = np.clip(rng.binomial(sizes, rng.uniform(0.15, 0.5)), 5, sizes - 5)
    labels = [np.arange(n) < some for n, some in zip(sizes, positives, strict=True)]
    label = np.concatenate(labels).astype(int)
    frame = pd.DataFrame({"set": np.repeat(names, sizes), "label": label})
    for number in range(rng.integers(3, 7)):
        values = pd.Series(_variable(label, rng))
        if habits.missing == "variables" and rng.random() < 0.5:
            values = values.mask(rng.random(len(values)) < rng.uniform(*LOST))
        frame[f"Variable {number + 1}"] = values
    return frame


def _variable(label: NDArray, rng: Generator) -> NDArray:
    """A variable that depends on the label, or not: a measurement, or text for its levels."""
    latent = rng.normal(size=len(label)) + rng.choice([0, rng.uniform(0.2, 1)]) * label
    levels = rng.choice([0, 2, rng.integers(3, 6)])
    if levels == 0:
        measured = rng.choice([45 + 12 * latent, 3 * np.exp(1 + latent / 2)])
        return np.round(measured, rng.integers(2))
    names = ["No", "Yes"] if levels == 2 else [f"Level {code + 1}" for code in range(levels)]
    return np.array(names)[np.searchsorted(np.sort(rng.normal(size=levels - 1)), latent)]


def _cases(habits: SimpleNamespace, patients: pd.DataFrame, rng: Generator) -> pd.DataFrame:
    """Scores of 2 to 8 correlated models of varied strength, for each patient or image."""
    models = [f"Model {letter}" for letter in "ABCDEFGH"[: rng.integers(2, 9)]]
    share, n = rng.uniform(0, 0.9), len(patients)
    latent = np.sqrt(1 - share) * rng.normal(size=(n, len(models)))
    latent += np.sqrt(share) * rng.normal(size=(n, 1))
    latent += patients["label"].to_numpy()[:, None] * rng.uniform(0, 2.2, len(models))
    images = rng.integers(1, 4, n) if habits.unit == "images" else np.ones(n, dtype=int)
    latent = np.repeat(latent, images, axis=0)
    latent += (habits.unit == "images") * rng.normal(scale=0.5, size=latent.shape)
    scores = expit(latent - rng.uniform(0, 1.5, len(models)))
    coarse = rng.random(len(models)) < 0.2  # as of a few neighbours' votes
    scores = np.where(coarse, scores.round(1), scores)
    if habits.missing == "scores":
        lost = rng.uniform(*LOST, len(models)) * (rng.random(len(models)) < 0.5)
        scores[rng.random(scores.shape) < lost] = np.nan
    frame = pd.DataFrame(scores, np.repeat(patients.index, images), models)
    return frame if habits.reader == "none" else _read(habits.reader, patients, frame, rng)


def _read(kind: str, patients: pd.DataFrame, cases: pd.DataFrame, rng: Generator) -> pd.DataFrame:
    """Add a reader to the cases, and to Table 1 the reader's calls, or another reader's."""
    seen = rng.normal(size=(len(patients), 2)) + 1.3 * patients["label"].to_numpy()[:, None]
    grades = np.searchsorted([-0.5, 0.4, 1, 1.8], seen) / 4
    patients[READER] = np.where(grades[:, int(kind == "another")] >= 0.5, "Yes", "No")
    score = grades[:, 0] if kind == "graded" else grades[:, 0] >= 0.5
    return cases.assign(**{READER: score[cases.index].astype(float)})


# Table 1


def written(value: float, digits: int, habits: SimpleNamespace) -> str:
    """Print a number as a paper with these habits does."""
    text = str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), habits.rounding))
    return text.rstrip("0").rstrip(".") if habits.zeros == "dropped" and "." in text else text


def _classes(patients: pd.DataFrame) -> dict[str, pd.DataFrame]:
    parts = patients.groupby(["set", "label"], sort=False)
    return {f"{name}_{ROLES[label]}": part for (name, label), part in parts}


def _groups(paper: Paper) -> Iterator[tuple]:
    yield "Results", "all", "", "", str(len(paper.patients))
    for name, size in paper.patients["set"].value_counts(sort=False).items():
        yield "Results", name, "all", "", str(size)
    # Where the levels of all variables are printed, a class has no heading of its own.
    headed = paper.habits.columns == "sets" or paper.habits.binary == "one level"
    for name, part in _classes(paper.patients).items():
        yield "Table 1", name, *name.split("_"), str(len(part)) if headed else ""


def _counts(paper: Paper) -> Iterator[tuple]:
    habits, table = paper.habits, paper.patients
    if habits.columns == "sets":
        table = table.assign(Outcome=np.where(table["label"], "Yes", "No"))
        parts = {name: table[table["set"] == name] for name in paper.sets}
        compared = [paper.sets]
    else:
        parts = _classes(table)
        compared = [[f"{name}_{role}" for role in ROLES] for name in paper.sets]
    for variable in table.columns.drop(["set", "label"]):
        for group, part in parts.items():
            yield from _column(variable, group, part, table, habits)
        for groups in compared:
            p = _p([parts[group][variable].dropna() for group in groups], habits)
            text = "<0.001" if p < 0.001 else written(p, 3, habits)
            yield "Table 1", variable, "", ";".join(groups), "p", text
        if habits.columns == "sets" or variable == "Variable 1":
            yield from _column(variable, "all", table, table, habits)


def _column(
    variable: str, group: str, part: pd.DataFrame, table: pd.DataFrame, habits: SimpleNamespace
) -> Iterator[tuple]:
    """One variable in one column of Table 1: mean and SD, or its levels."""
    values, head = part[variable].dropna(), ("Table 1", variable)
    number = partial(written, digits=habits.percent_digits, habits=habits)
    if pd.api.types.is_numeric_dtype(values):
        yield *head, "", group, "mean", number(values.mean())
        yield *head, "", group, "sd", number(values.std())
        return
    levels = sorted(table[variable].dropna().unique())
    one = habits.binary == "one level" and len(levels) == 2 and variable != "Outcome"
    beside = table if group in SETS else table[table["set"].isin(part["set"])]
    for level in levels[-1:] if one else levels:
        of = {"group": len(part), "known": len(values), "level": (beside[variable] == level).sum()}
        whole = of["group" if group == "all" else habits.percent_of]
        count = (values == level).sum()
        yield *head, level, group, "count", str(count)
        yield *head, level, group, "percent", number(100 * count / max(whole, 1))


def _p(parts: list[pd.Series], habits: SimpleNamespace) -> float:
    """P-value of a row of Table 1, by the paper's test for its kind."""
    if pd.api.types.is_numeric_dtype(parts[0]):
        return MEAN_TESTS[habits.mean_test](*parts).pvalue
    table = pd.concat([part.value_counts() for part in parts], axis=1).fillna(0).to_numpy()
    if habits.count_test == "Fisher" and table.shape == (2, 2):
        return stats.fisher_exact(table).pvalue
    return stats.chi2_contingency(table, correction=habits.count_test == "Yates").pvalue


# Metrics


def _metrics(label: NDArray, score: NDArray, cut: str) -> dict[str, float]:
    """Metrics at a cut-off; a proportion of nobody is printed as 0, as software does."""
    threshold = 0.5
    if cut == "Youden":
        fall_out, recall, thresholds = roc_curve(label, score)
        threshold = thresholds[np.argmax(recall - fall_out)]
    called = score >= threshold
    tp, fp, fn, tn = (((called == yes) & (label == one)).sum()
                      for yes, one in ((1, 1), (1, 0), (0, 1), (0, 0)))  # fmt: skip
    return {name: float(np.nan_to_num(v)) for name, v in metrics_of(tp, fp, fn, tn).items()}


def _wins(label: NDArray, score: NDArray) -> NDArray:
    """Which positive (row) scores above which negative (column), a tie for one half."""
    return (np.sign(score[label == 1][:, None] - score[label == 0]) + 1) / 2


def _se(wins: NDArray) -> float:
    """Standard error of an AUC, or of a difference of two (DeLong 1988)."""
    parts = (wins.mean(axis=axis) for axis in (0, 1))
    return float(np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts)))


def _interval(wins: NDArray, how: str, rng: Generator) -> tuple[float, float]:
    auc, reach = wins.mean(), Z95 * _se(wins)
    if how == "bootstrap":
        above, below = (rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) for n in wins.shape)
        return tuple(np.quantile(((above @ wins) * below).sum(axis=1) / wins.size, (0.025, 0.975)))
    if how == "logit" and 0 < auc < 1:
        return tuple(expit(logit(auc) + np.array([-1, 1]) * reach / (auc * (1 - auc))))
    return max(auc - reach, 0.0), min(auc + reach, 1.0)


def _row(paper: Paper, name: str, model: str, rng: Generator) -> Iterator[tuple[str, str]]:
    """What the paper prints of a model in a set: metrics and values."""
    habits, (label, (score,)) = paper.habits, paper.scored(name, model)
    wins = _wins(label, score)
    yield "auc", written(wins.mean(), habits.digits, habits)
    for end, value in zip(("low", "high"), _interval(wins, habits.interval, rng), strict=True):
        yield f"auc_{end}", written(value, habits.interval_digits, habits)
    halved = _metrics(label, score, "half")
    found = halved if habits.cut == "half" or model == READER else _metrics(label, score, "Youden")
    if habits.cut == "both":
        found |= {"accuracy": halved["accuracy"]}
    yield from (
        (metric, written(found[metric], habits.digits, habits)) for metric in habits.metrics
    )


def _performance(paper: Paper, rng: Generator) -> Iterator[tuple]:
    last = paper.sets[-1]
    for model in paper.cases:
        hidden = model in paper.hidden
        for name in [last] if hidden else paper.sets:
            where = ("Table 3", paper.placed(model), "no") if hidden else ("Table 2", name, "yes")
            for metric, value in _row(paper, name, model, rng):
                yield *where, model, metric, value
    label, (score,) = paper.scored(last, "Model A")
    auc = written(_wins(label, score).mean(), 2, paper.habits)
    yield "Abstract", last, "yes", "Model A", "auc", auc


def _comparisons(paper: Paper) -> Iterator[tuple]:
    """What is said of the first model against each other one in the last set."""
    last, habits = paper.sets[-1], paper.habits
    for model in list(paper.cases)[1:]:
        pair = ("Model A", last, model, paper.placed(model))
        label, scores = paper.scored(last, "Model A", model)
        wins = np.subtract(*(_wins(label, score) for score in scores))
        p = 2 * stats.norm.sf(abs(wins.mean()) / _se(wins)) if _se(wins) > 0 else 1.0
        if habits.compared == "p":
            said = ("p_below", "0.001") if p < 0.001 else ("p", written(p, 3, habits))
        else:
            said = ("p_below", "0.05") if p < 0.05 else ("not_significant", "")
        yield "Results", *pair, *said
        alone = (paper.scored(last, name) for name in ("Model A", model))
        aucs = [_wins(label, score).mean() for label, (score,) in alone]
        gap = written(abs(aucs[0] - aucs[1]), habits.digits, habits)
        yield "Results", *pair, "auc_difference", gap
        if aucs[0] != aucs[1]:
            order = pair if aucs[0] > aucs[1] else pair[2:] + pair[:2]
            yield "Results", *order, "greater_auc", ""


# The paper


def printed(paper: Paper, rng: Generator, evaluated: Paper | None = None) -> Study:
    """Print a paper's tables as they would be transcribed.

    Parameters
    ----------
    paper : Paper
        From ``draw``.
    rng : Generator
        For the bootstrap.
    evaluated : Paper, optional
        The patients behind the metrics, where they are not those of Table 1.
    """
    behind = evaluated or paper
    rows = dict.fromkeys(SCHEMAS, ()) | {
        "groups": _groups(paper), "counts": _counts(paper),
        "performance": _performance(behind, rng), "comparisons": _comparisons(behind),
        "relations": _relations(paper),
    }  # fmt: skip
    tables = {name: _frame(name, list(found)) for name, found in rows.items()}
    return Study(HONEST, dict.fromkeys(STUDY_KEYS, HONEST), **tables)


def _frame(name: str, rows: list[tuple]) -> pd.DataFrame:
    """Lay out rows under a table's columns; what they leave out at the end holds its default."""
    names = list(SCHEMAS[name].columns)
    source = {"study": HONEST, "quote_hint": "drawn"} if "study" in names else {}
    given = [column for column in names if column not in source]
    given = given[: len(rows[0])] if rows else given
    rest = {column: DEFAULTS[column] for column in names if column not in (*source, *given)}
    return pd.DataFrame(rows, columns=given, dtype=str).assign(**source, **rest)[names]


def _relations(paper: Paper) -> Iterator[tuple]:
    """A reader of Table 1 may be the one of Table 2."""
    for name in paper.sets if READER in paper.cases else ():
        terms = f"{READER}=Yes@{name}", f"called:{READER}@{name}"
        yield "Table 1", f"calls in {name}", *terms, "=", ONE_READING


# Slips

Change = Callable[[str, Generator], str | None]


def _one(study: Study, table: str, rows: pd.Series, change: Change, rng: Generator) -> Study:
    """Change the last column of one of the rows of a table that can be changed."""
    frame = getattr(study, table)
    last = frame.columns[-1]
    news = {row: change(text, rng) for row, text in frame.loc[rows, last].items()}
    able = [row for row, new in news.items() if new is not None]
    chosen = able[rng.integers(len(able))] if able else None
    changed = frame[last].where(frame.index != chosen, news.get(chosen))
    return replace(study, **{table: frame.assign(**{last: changed})})


def _digit(text: str, rng: Generator) -> str | None:
    """Another digit in one place after the point."""
    if not text.startswith("0."):
        return None
    at = rng.integers(2, len(text))
    return f"{text[:at]}{(int(text[at]) + rng.integers(1, 10)) % 10}{text[at + 1 :]}"


def _swap(text: str, rng: Generator) -> str | None:
    """Two different digits after the point, side by side, change places."""
    able = [at for at in range(2, len(text) - 1) if text[at] != text[at + 1]]
    if not able or not text.startswith("0."):
        return None
    at = rng.choice(able)
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"


def _off(text: str, rng: Generator) -> str | None:
    """A count that is off by up to nine."""
    new = int(text or -10) + int(rng.choice([-1, 1]) * rng.integers(1, 10))
    return str(new) if new > 0 else None


def _cell(change: Change, study: Study, rng: Generator) -> Study:
    rows = study.performance["metric"].isin(CELL_METRICS)
    return _one(study, "performance", rows, change, rng)


def _total(study: Study, rng: Generator) -> Study:
    if rng.random() < 0.5:
        return _one(study, "groups", study.groups["n"] != "", _off, rng)
    return _one(study, "counts", study.counts["statistic"] == "count", _off, rng)


def _p_value(study: Study, rng: Generator) -> Study:
    return _one(study, "counts", study.counts["statistic"] == "p", _digit, rng)


def _copied(study: Study, rows: pd.DataFrame, column: str, names: list[str]) -> Study:
    """Print the second value of a column in the place of the first; both have as many rows."""
    here, there = (rows.index[rows[column] == name] for name in names)
    frame = study.performance.copy()
    frame.loc[here, "value"] = frame.loc[there, "value"].to_numpy()
    return replace(study, performance=frame)


def _copied_column(study: Study, rng: Generator) -> Study:
    frame = study.performance
    rows = frame[(frame["where"] == "Table 2") & frame["metric"].isin(CELL_METRICS)]
    return _copied(study, rows, "metric", rng.choice(rows["metric"].unique(), 2, replace=False))


def _another_row(study: Study, rng: Generator) -> Study:
    frame = study.performance[study.performance["where"] == "Table 2"]
    rows = frame[frame["model"] == rng.choice(frame["model"].unique())]
    sets = rng.choice(rows["evaluation_set"].unique(), 2, replace=False)
    return _copied(study, rows, "evaluation_set", sets)


def relabelled(paper: Paper, rng: Generator) -> Paper:
    """The paper with 2 to 10 % of each set's patients moved from the larger class to the other."""
    label = paper.patients["label"].copy()
    for _, part in paper.patients.groupby("set", sort=False)["label"]:
        common = part.index[part == part.mode()[0]]
        moved = max(1, round(rng.uniform(0.02, 0.1) * len(part)))
        label[rng.choice(common, moved, replace=False)] = 1 - part.mode()[0]
    return replace(paper, patients=paper.patients.assign(label=label))


OTHER_SPLIT = "another class split"
SLIPS = {
    "digit of a metric": partial(_cell, _digit),
    "digits swapped": partial(_cell, _swap),
    "copied column": _copied_column,
    "another set's row": _another_row,
    "changed total": _total,
    "digit of a p-value": _p_value,
}
KINDS = (HONEST, *SLIPS, OTHER_SPLIT)


def drawn(kind: str, rng: Generator) -> tuple[Paper, Study]:
    """Draw a paper of one of ``KINDS``; a slip shows in the tables, or another paper is drawn."""
    while True:
        paper = draw(rng)
        study = printed(paper, rng, relabelled(paper, rng) if kind == OTHER_SPLIT else None)
        if kind not in SLIPS:
            return paper, study
        slipped = SLIPS[kind](study, rng)
        if not all(getattr(study, name).equals(getattr(slipped, name)) for name in SCHEMAS):
            return paper, slipped


# The study

NEITHER = "no accusation"
WORDS = (CONTRADICTS, CONFLICTS, NEITHER)


def judged(paper: Paper, study: Study) -> pd.DataFrame:
    """Audit a paper, and judge for each table of the audit the claim that all of it holds."""
    sizes = paper.patients.loc[paper.cases.index, "set"].value_counts()
    found = audit(study, limit=int(1.25 * sizes.max()))
    asked = [(name, "-", "all of it", "all", f"{name}:*", "", "no")
             for name, table in checked_tables(found).items() if len(table)]  # fmt: skip
    return claims(replace(found, study=replace(study, claims=_frame("claims", asked))))


def tasks(papers: int, seed: int = 0) -> list[tuple[str, SeedSequence]]:
    """Kind and seed of honest papers, and of as many with one slip, of each kind in turn.

    Parameters
    ----------
    papers : int
        Papers of each of the two arms; the first of many are those of few.
    seed : int
        Seed of them all.
    """
    slips = [KINDS[1 + number % (len(KINDS) - 1)] for number in range(papers)]
    arms = zip(([HONEST] * papers, slips), SeedSequence(seed).spawn(2), strict=True)
    return [task for kinds, arm in arms for task in zip(kinds, arm.spawn(papers), strict=True)]


def outcome(task: tuple[str, SeedSequence]) -> tuple[str, str]:
    """Kind of a paper, and the gravest of ``WORDS`` that the audit has for it."""
    kind, seed = task
    verdicts = judged(*drawn(kind, default_rng(seed)))["verdict"]
    return kind, next((word for word in WORDS if verdicts.str.startswith(word).any()), NEITHER)


def shares(found: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Count the verdicts of each kind of paper.

    Parameters
    ----------
    found : iterable of tuple
        From ``outcome``, one a paper.

    Returns
    -------
    DataFrame
        One row for each kind and verdict: ``papers`` of the kind, ``kind, verdicts, wrong`` (how
        many papers of the row are judged wrongly: honest and accused without a premise, or not
        accused in spite of a slip), ``share`` of the kind's papers with this verdict, and its
        exact 95 % limits ``low, high`` (Clopper & Pearson 1934).
    """
    table = pd.DataFrame(found, columns=["kind", "verdicts"])
    rows = []
    for kind in [kind for kind in KINDS if kind in set(table["kind"])]:
        of = table.loc[table["kind"] == kind, "verdicts"]
        for word in WORDS:
            count = int((of == word).sum())
            wrong = count * (word == (CONTRADICTS if kind == HONEST else NEITHER))
            limits = proportion_confint(count, len(of), method="beta")
            rows.append((len(of), kind, word, wrong, count / len(of), *limits))
    names = ["papers", "kind", "verdicts", "wrong", "share", "low", "high"]
    return pd.DataFrame(rows, columns=names)
