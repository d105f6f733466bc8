"""Class splits, and shares with the outcome, that the printed metrics admit.

Neither assumes the stated sizes; a share is that of patients and of images alike.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recount.printed import common_decimals, interval, room
from recount.schema import CELL_METRICS
from recount.search import UNEXPLAINED, Row, best_tables, cost_map
from recount.tables import Split, Stated, Study
from recount.totals import MISSING
from recount.verdicts import judged, lay_out

LIMIT = 1000
# With one decimal nearly every split explains every row.
FEWEST_DECIMALS = 2
# So many different values of a column do not all end in a zero that was dropped.
SEVERAL = 3
NEEDED = ("sensitivity", "specificity", "ppv")
COMPLETE = "no case is missing from either row"
SPLIT_COLUMNS = """
    study evaluation_set n_positive n_negative n_solutions stated_positive stated_negative models
""".split()
CONFUSION_COLUMNS = ["study", "evaluation_set", "model", "tp", "fp", "fn", "tn"]
SHARE_COLUMNS = "study evaluation_set set_stated model where low high sets".split()
BOUNDS = ["low_a", "high_a", "low_b", "high_b"]
PAIR_COLUMNS = "model_a set_a model_b set_b low_a high_a low_b high_b"
NOBODY_COLUMNS = "evaluation_set model accuracy low high beaten"


@dataclass(frozen=True)
class ModelRow:
    """One model's printed metrics in one evaluation set.

    Parameters
    ----------
    evaluation_set, model, where : str
        What the row is about, and where it is printed.
    cells : dict of str
        Metrics as printed.
    places : dict of int
        Decimals that each was rounded to.
    set_stated : bool
        Whether the paper names the set.
    cut : bool
        Whether further digits are taken to be cut off and not rounded.
    """

    evaluation_set: str
    model: str
    where: str
    cells: dict[str, str]
    places: dict[str, int]
    set_stated: bool = True
    cut: bool = False

    @property
    def bounds(self) -> Row:
        """Bounds of the printed metrics."""
        return {k: interval(text, self.places[k], self.cut) for k, text in self.cells.items()}

    @property
    def usable(self) -> bool:
        """Whether the row constrains a split.

        It takes three cells of two decimals or more, sensitivity or specificity among them.
        """
        fine = [name for name in self.cells if self.places[name] >= FEWEST_DECIMALS]
        return len(fine) >= 3 and bool({"sensitivity", "specificity"} & set(fine))

    def missed(self, split: Stated | None) -> int:
        """Cells that no 2x2 table of a split gives; all where the split is not known."""
        known = split is not None and None not in split
        return best_tables(self.bounds, *split)[0] if known else len(self.cells)


@dataclass(frozen=True)
class Group:
    """Models of an evaluation set that one and the same split explains.

    Parameters
    ----------
    evaluation_set : str
        The set that the paper assigns the models to.
    models : tuple of str
        The models explained.
    splits : tuple of tuple of int
        Every (positives, negatives) that leaves fewest cells unexplained, smallest first.
    chosen : tuple of int or None
        The split that the rest of the audit uses: of the stated size where one is, else the
        smallest. None where no split explains the models.
    """

    evaluation_set: str
    models: tuple[str, ...]
    splits: tuple[Split, ...]
    chosen: Split | None


@dataclass(frozen=True)
class Splits:
    """A study's rows of metrics, read with one way of rounding, and the splits behind them.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    rows : tuple of ModelRow
        Those that constrain a split.
    limit : int
        Largest number of cases that was considered.
    """

    study: Study
    rows: tuple[ModelRow, ...]
    limit: int = LIMIT

    @cached_property
    def groups(self) -> list[Group]:
        """Groups of every evaluation set, see ``groups_of_set``."""
        found = []
        for name in dict.fromkeys(row.evaluation_set for row in self.rows):
            rows = [row for row in self.rows if row.evaluation_set == name]
            maps = [self.costs(row) for row in rows]
            stated, size = self.study.stated_split(name), self.study.size(name)
            found += groups_of_set(rows, maps, stated, size)
        return found

    @cached_property
    def chosen(self) -> dict[tuple[str, str], Split | None]:
        """Chosen split by set and model; under a set and ``""`` that of the set's first group."""
        found: dict[tuple[str, str], Split | None] = {}
        for group in self.groups:
            found.setdefault((group.evaluation_set, ""), group.chosen)
            found |= {(group.evaluation_set, model): group.chosen for model in group.models}
        return found

    def of(self, evaluation_set: str, model: str) -> Split | None:
        """Split of a model, or of its set where the model's own row does not tell."""
        key = (evaluation_set, model)
        return self.chosen[key] if key in self.chosen else self.chosen.get((evaluation_set, ""))

    def row(self, evaluation_set: str, model: str) -> ModelRow | None:
        """Row of one model in one set."""
        return self._by_name.get((evaluation_set, model))

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], ModelRow]:
        return {(row.evaluation_set, row.model): row for row in self.rows}

    @cached_property
    def _maps(self) -> dict[tuple[str, str, bool], NDArray[np.uint8]]:
        return {}

    def costs(self, row: ModelRow) -> NDArray[np.uint8]:
        """Cells of a row that each split leaves unexplained (``search.cost_map``), kept."""
        key = (row.evaluation_set, row.model, row.cut)
        if key not in self._maps:
            self._maps[key] = cost_map(row.bounds, self.limit)
        return self._maps[key]

    def explained(self, evaluation_set: str) -> NDArray[np.int64]:
        """Count the models of a set whose rows each split explains, but for one cell at most.

        Returns
        -------
        ndarray of int, shape (limit + 1, limit + 1)
            Entry ``[p, n]`` is for p cases with and n without the outcome.
        """
        rows = [row for row in self.rows if row.evaluation_set == evaluation_set]
        return np.sum([self.costs(row) < UNEXPLAINED for row in rows], axis=0)

    @property
    def unexplained_cells(self) -> tuple[int, int]:
        """Rows that the stated splits do not explain, and cells that the chosen ones do not."""
        stated = [self.study.stated_split(row.evaluation_set) for row in self.rows]
        known = [(row, split) for row, split in zip(self.rows, stated, strict=True)
                 if None not in split]  # fmt: skip
        lost = sum(row.missed(split) >= UNEXPLAINED for row, split in known)
        cells = [row.missed(self.chosen.get((row.evaluation_set, row.model))) for row in self.rows]
        return lost, sum(cells)


def find_splits(study: Study, limit: int = LIMIT) -> Splits:
    """Search the splits behind every row of metrics of a study.

    Digits are read as rounded, a tie either way. Where that leaves cells unexplained, they are
    also read as cut off, and the reading that leaves fewer is kept.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    limit : int
        Largest number of cases to consider.
    """
    rounded, cut = (
        Splits(study, tuple(row for row in model_rows(study, way) if row.usable), limit)
        for way in (False, True)
    )
    if rounded.unexplained_cells == (0, 0):
        return rounded
    return min(rounded, cut, key=lambda found: found.unexplained_cells)


def column_places(study: Study) -> dict[tuple[str, str], int]:
    """Decimals that each metric of a table was rounded to, by (where, metric).

    Software drops trailing zeros, so a cell may show fewer digits than it was rounded to: it has
    the most that its column shows, or, in a column of fewer than three different values, the most
    that the table shows.
    """
    cells = study.performance[study.performance["metric"].isin(CELL_METRICS)]
    whole = cells.groupby("where")["value"].agg(common_decimals)
    return {
        (where, metric): int(
            common_decimals(column) if column.nunique() >= SEVERAL else whole[where]
        )
        for (where, metric), column in cells.groupby(["where", "metric"])["value"]
    }


def model_rows(study: Study, cut: bool = False) -> list[ModelRow]:
    """Collect each model's printed metrics, from the table that prints most of them.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    cut : bool
        Whether digits are taken to be cut off and not rounded.

    Returns
    -------
    list of ModelRow
        In the order of printing, with the precision of each column (``column_places``).
    """
    cells = study.performance[study.performance["metric"].isin(CELL_METRICS)]
    places = column_places(study)
    rows: dict[tuple[str, str], ModelRow] = {}
    for (where, name, model), part in cells.groupby(
        ["where", "evaluation_set", "model"], sort=False
    ):
        found = dict(zip(part["metric"], part["value"], strict=True))
        row = ModelRow(
            name, model, where, found, {metric: places[where, metric] for metric in found},
            set_stated=bool((part["set_stated"] == "yes").all()), cut=cut,
        )  # fmt: skip
        before = rows.get((name, model))
        if before is None or len(found) > len(before.cells):
            rows[name, model] = row
    return list(rows.values())


def _choose(splits: NDArray[np.int64], stated: Stated, size: int | None) -> int:
    """Position of the split to use: the stated one, else of the stated size, else the smallest."""
    for fits in ((splits == [-1 if n is None else n for n in stated]).all(axis=1),
                 splits.sum(axis=1) == (size or 0)):  # fmt: skip
        if fits.any():
            return int(fits.argmax())
    return 0


def _group(rows: list[ModelRow], maps: list[NDArray], stated: Stated, size: int | None) -> Group:
    """Find the splits with the smallest number of unexplained cells over all rows."""
    total = np.sum(maps, axis=0, dtype=np.uint16)
    splits = np.argwhere(total == total.min())
    splits = splits[np.lexsort((splits[:, 0], splits.sum(axis=1)))]
    chosen = _choose(splits, stated, size)
    explained = np.array([costs[tuple(splits.T)] < UNEXPLAINED for costs in maps])
    here = explained[:, chosen]
    if not here.any():
        return Group(rows[0].evaluation_set, tuple(row.model for row in rows), (), None)
    same = (explained == here[:, None]).all(axis=0)
    return Group(
        evaluation_set=rows[0].evaluation_set,
        models=tuple(row.model for row, yes in zip(rows, here, strict=True) if yes),
        splits=tuple(map(tuple, splits[same].tolist())),
        chosen=tuple(splits[chosen].tolist()),
    )


def groups_of_set(
    rows: list[ModelRow], maps: list[NDArray[np.uint8]], stated: Stated, size: int | None
) -> list[Group]:
    """Explain the rows of one evaluation set with as few class splits as possible.

    Parameters
    ----------
    rows : list of ModelRow
        Usable rows of one evaluation set.
    maps : list of ndarray
        Their unexplained cells by split, from ``search.cost_map``.
    stated : tuple of int or None
        Stated positives and negatives; only decides between equally good splits.
    size : int or None
        Stated number of patients; likewise.

    Returns
    -------
    list of Group
        The first explains most. A row with two or more unexplained cells under it goes on to the
        next, until every row is explained or cannot be by any split.
    """
    left, groups = list(zip(rows, maps, strict=True)), []
    while left:
        group = _group(*map(list, zip(*left, strict=True)), stated, size)
        groups.append(group)
        left = [(row, costs) for row, costs in left if row.model not in group.models]
    return groups


def class_split(splits: Splits) -> pd.DataFrame:
    """One row for each distinct split that explains an evaluation set's models best.

    Returns
    -------
    DataFrame
        Columns ``study, evaluation_set, n_positive, n_negative, n_solutions, stated_positive,
        stated_negative, models``; `n_solutions` is how many splits explain these models equally
        well, `models` names them, separated by semicolons.
    """
    records = []
    for group in splits.groups:
        stated = splits.study.stated_split(group.evaluation_set)
        for positive, negative in group.splits:
            values = [splits.study.name, group.evaluation_set, positive, negative]
            records.append([*values, len(group.splits), *stated, ";".join(group.models)])
    frame = pd.DataFrame(records, columns=SPLIT_COLUMNS)
    return frame.astype(dict.fromkeys(("stated_positive", "stated_negative"), "Int64"))


def confusion(splits: Splits) -> pd.DataFrame:
    """The 2x2 tables of every model at the chosen split of its group.

    Returns
    -------
    DataFrame
        Columns ``study, evaluation_set, model, tp, fp, fn, tn``; several rows for a model where
        several tables explain its row equally well.
    """
    records = [
        [splits.study.name, group.evaluation_set, model, *map(int, table)]
        for group in splits.groups
        if group.chosen
        for model in group.models
        for table in best_tables(
            splits.row(group.evaluation_set, model).bounds, *group.chosen
        )[1]
    ]  # fmt: skip
    return pd.DataFrame(records, columns=CONFUSION_COLUMNS)


def share_bounds(row: ModelRow) -> tuple[float, float]:
    """Smallest and largest share with the outcome that a printed row allows.

    By Bayes' rule the odds of the outcome are those of the PPV divided by the likelihood ratio of
    a positive call, sensitivity / (1 - specificity).

    Returns
    -------
    tuple of float
        From 0 to 1; NaN where sensitivity, specificity or PPV is not printed, or is 0 or 1.
    """
    if not set(NEEDED) <= row.cells.keys():
        return float("nan"), float("nan")
    bounds = [row.bounds[name] for name in NEEDED]
    if any(low <= 0 or high >= 1 for low, high in bounds):
        return float("nan"), float("nan")
    (low_sen, high_sen), (low_spe, high_spe), (low_ppv, high_ppv) = bounds
    low = low_ppv / (1 - low_ppv) * (1 - high_spe) / high_sen
    high = high_ppv / (1 - high_ppv) * (1 - low_spe) / low_sen
    return low / (1 + low), high / (1 + high)


def shares(splits: Splits) -> pd.DataFrame:
    """Share with the outcome behind every row of metrics.

    Returns
    -------
    DataFrame
        Columns ``SHARE_COLUMNS``; `low` and `high` bound the share, `sets` names the evaluation
        sets whose stated share lies between.
    """
    study = splits.study
    stated = {name: study.stated_split(name) for name in study.groups["group"]}
    known = {name: p / (p + n) for name, (p, n) in stated.items() if None not in (p, n) and p + n}
    records = []
    for row in splits.rows:
        low, high = share_bounds(row)
        if low == low:
            sets = ";".join(name for name, share in known.items() if low <= share <= high)
            head = (study.name, row.evaluation_set, row.set_stated, row.model, row.where)
            records.append((*head, low, high, sets))
    return pd.DataFrame(records, columns=SHARE_COLUMNS)


def compared_shares(splits: Splits) -> pd.DataFrame:
    """Hold the shares of rows that the paper compares on one set against each other.

    Two rows of the same cases have the same share. Where the shares cannot be the same the rows
    contradict, unless a fifth of either class, missing from either row, could make up for it.

    Returns
    -------
    DataFrame
        One row a pair of models that ``comparisons.csv`` compares within one set: columns
        ``PAIR_COLUMNS``.
    """
    study, records = splits.study, []
    pairs = study.comparisons.drop_duplicates(["model_a", "set_a", "model_b", "set_b"])
    for pair in pairs[pairs["set_a"] == pairs["set_b"]].itertuples():
        rows = [splits.row(pair.set_a, model) for model in (pair.model_a, pair.model_b)]
        if None not in rows:
            bounds = [bound for row in rows for bound in share_bounds(row)]
            records.append(
                pair._asdict() | dict(zip(BOUNDS, bounds, strict=True)) | _one_share(*bounds)
                | {"key": f"{pair.set_a}/{pair.model_a}~{pair.model_b}"}
            )  # fmt: skip
    return lay_out(records, PAIR_COLUMNS)


def _one_share(low_a: float, high_a: float, low_b: float, high_b: float) -> dict[str, object]:
    """Judge whether two rows can have the same share."""
    if low_a != low_a or low_b != low_b:
        return judged(None, follows="no share with the outcome follows from both rows")
    words = f"{_percent(low_a, high_a)} against {_percent(low_b, high_b)}"
    if low_a <= high_b and low_b <= high_a:
        return judged(True, follows=words)
    lower, upper = (high_a, low_b) if high_a < low_b else (high_b, low_a)
    ratio = upper / (1 - upper) * (1 - lower) / lower
    return judged(False, COMPLETE if ratio <= 1 / (1 - MISSING) ** 2 else "", words)


def _percent(low: float, high: float) -> str:
    first, last = f"{100 * low:.2f}", f"{100 * high:.2f}"
    return f"{first} %" if first == last else f"{first} to {last} %"


def calling_nobody(study: Study, shares: pd.DataFrame) -> pd.DataFrame:
    """Hold each printed accuracy against that of calling nobody positive.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    shares : DataFrame
        Columns ``evaluation_set, model, where, low, high``: bounds of the share with the outcome
        that each row's sensitivity, specificity and PPV imply.

    Returns
    -------
    DataFrame
        One row a model whose accuracy is printed: columns ``NOBODY_COLUMNS``. `low` and `high`
        bound the accuracy of calling nobody positive, `beaten` tells whether the printed
        accuracy is higher: ``yes``, ``no``, or ``perhaps`` where rounding decides. No claim is
        judged.
    """
    accuracy = study.performance[study.performance["metric"] == "accuracy"]
    accuracy = accuracy.drop_duplicates(["evaluation_set", "model", "where"])
    rows = shares.merge(accuracy[["evaluation_set", "model", "where", "value"]])
    records = []
    for row in rows.itertuples():
        low, high = 1 - row.high, 1 - row.low
        least, most = room(row.value)
        beaten = "yes" if least > high else "no" if most < low else "perhaps"
        records.append(
            row._asdict()
            | {
                "key": f"{row.evaluation_set}/{row.model}", "study": study.name,
                "accuracy": row.value, "low": low, "high": high, "beaten": beaten,
                **judged(None, follows=f"calling nobody positive has {(low + high) / 2:.3f}"),
            }
        )  # fmt: skip
    return lay_out(records, NOBODY_COLUMNS)
