"""Statements of a text against other statements, and against printed numbers."""

from collections.abc import Iterator

import pandas as pd

from recount.errors import RecordError, nearest
from recount.tables import Study
from recount.verdicts import OPEN, judged

ALPHA = 0.05
SIGNIFICANT = "significant"
STATEMENT_COLUMNS = [
    "key", "study", "where", "statement", "evaluation_set", "model_a", "model_b", "premise",
    "verdict", "follows",
]  # fmt: skip
INPUT_COLUMNS = ["key", "study", "where", "variable", "premise", "verdict", "follows"]


def _auc(study: Study, name: str, model: str) -> float:
    rows = study.performance[
        (study.performance["evaluation_set"] == name) & (study.performance["metric"] == "auc")
    ]
    found = rows.loc[rows["model"] == model, "value"]
    if found.empty:
        hint = nearest(model, rows["model"].unique())
        problem = f"no AUC of {model!r} is printed for {name!r}; {hint}"
        raise RecordError("statements.csv", [problem])
    return float(found.iloc[0])


def _of_test(study: Study, row) -> dict[str, str]:
    """Hold "significant" against what is printed of the same two models elsewhere."""
    told = study.comparisons
    pair = {(row.evaluation_set, row.model_a), (row.evaluation_set, row.model_b)}
    firsts = zip(told["set_a"], told["model_a"], strict=True)
    seconds = zip(told["set_b"], told["model_b"], strict=True)
    same = [{first, second} == pair for first, second in zip(firsts, seconds, strict=True)]
    told = told[same]
    denied = told[told["statistic"] == "not_significant"]
    if len(denied):
        return judged(False, row.premise) | {"follows": f"not significant by {_places(denied)}"}
    tested = told[told["statistic"].isin(["p", "p_below"])]
    if tested.empty:
        return {"premise": "", "verdict": OPEN, "follows": "no test of the two is printed"}
    first = tested.iloc[0]
    sign = "=" if first["statistic"] == "p" else "<"
    words = f"p {sign} {first['value']} by {_places(tested)}"
    return judged(float(first["value"]) <= ALPHA, row.premise) | {"follows": words}


def _places(rows: pd.DataFrame) -> str:
    return " and ".join(dict.fromkeys(rows["where"]))


def _of_best(study: Study, row) -> dict[str, str]:
    """Hold "best" against the AUCs of the rivals."""
    own = _auc(study, row.evaluation_set, row.model_a)
    rivals = {name: _auc(study, row.evaluation_set, name) for name in row.model_b.split(";")}
    best = max(rivals, key=rivals.get)
    words = f"{own:.3f} against {rivals[best]:.3f} of {best}"
    return judged(own >= rivals[best], row.premise) | {"follows": words}


def _of_part(study: Study, row) -> dict[str, str]:
    """Hold "one part adds more than the other" against what the whole loses without each."""
    whole, own, other = (
        _auc(study, row.evaluation_set, name) for name in (row.whole, row.model_a, row.model_b)
    )
    words = (
        f"{row.model_a} adds {whole - other:+.3f} to {row.model_b}, which adds {whole - own:+.3f} "
        f"to {row.model_a}"
    )
    return judged(own > other, row.premise) | {"follows": words}


KINDS = {SIGNIFICANT: _of_test, "best_auc": _of_best, "adds_more": _of_part}


def statements(study: Study) -> pd.DataFrame:
    """Check the statements of ``statements.csv``.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a statement: columns ``STATEMENT_COLUMNS``; the premise is that of the file.

    Raises
    ------
    RecordError
        If a statement names a model whose AUC is not printed for the set.
    """
    records = [
        {
            "key": f"{row.statement}:{row.evaluation_set}/{row.model_a}~{row.model_b}/{row.where}",
            "study": study.name, "where": row.where, "statement": row.statement,
            "evaluation_set": row.evaluation_set, "model_a": row.model_a, "model_b": row.model_b,
            **KINDS[row.statement](study, row),
        }
        for row in study.statements.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(records, columns=STATEMENT_COLUMNS)


def _inputs(study: Study) -> Iterator[tuple[str, str]]:
    for row in study.design.itertuples():
        for variable in filter(None, row.inputs.split(";")):
            yield variable, row.where


def late_inputs(study: Study) -> pd.DataFrame:
    """Find inputs of models that the paper lists among what is known only afterwards.

    Parameters
    ----------
    study : Study
        The transcribed paper; ``known_after`` of its ``study.yml`` names the variables.

    Returns
    -------
    DataFrame
        One row an input named in ``design.csv``: columns ``INPUT_COLUMNS``.
    """
    late = study.about.get("known_after", [])
    records = [
        {
            "key": variable, "study": study.name, "where": where, "variable": variable,
            **judged(variable not in late, f"{variable} was known afterwards only"),
            "follows": f"listed as known {'afterwards' if variable in late else 'before'}",
        }
        for variable, where in dict(_inputs(study)).items()
    ]  # fmt: skip
    return pd.DataFrame(records, columns=INPUT_COLUMNS)
