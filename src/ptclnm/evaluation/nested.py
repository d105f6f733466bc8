"""Nested models: where a test of the difference of two AUCs does not hold."""

import warnings
from collections.abc import Collection, Mapping

import pandas as pd

Inputs = Mapping[str, Collection[str]]


class NestedModelsWarning(UserWarning):
    """Two models of which one has all inputs of the other, and more."""


def nested_pairs(inputs: Inputs) -> list[tuple[str, str]]:
    """List pairs of models of which the first is nested in the second.

    Parameters
    ----------
    inputs : mapping of str to collection of str
        What each model is given, e.g. ``{"clinical": ["age", "size"]}``; models without an entry
        are taken to be nested in none.

    Returns
    -------
    list of (str, str)
        Smaller and larger model: all inputs of the first are among those of the second, which
        has others too.
    """
    sets = {name: frozenset(own) for name, own in inputs.items() if own}
    return [(a, b) for a, first in sets.items() for b, second in sets.items() if first < second]


def mark_nested(pairs: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Mark tested pairs of which one model is nested in the other, and warn.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``model_a, model_b``.
    inputs : mapping of str to collection of str
        As in :func:`nested_pairs`.

    Returns
    -------
    DataFrame
        The same with a column ``nested``.

    Warns
    -----
    NestedModelsWarning
        Naming the pairs. Where the additional inputs carry nothing, the difference of the AUCs is
        not normally distributed, and DeLong's test is conservative (Demler et al. 2012): test the
        inputs in the model instead, and read the difference with its interval.
    """
    found = {frozenset(pair) for pair in nested_pairs(inputs)}
    sides = zip(pairs["model_a"], pairs["model_b"], strict=True)
    marked = [frozenset(side) in found for side in sides]
    if any(marked):
        rows = pairs.loc[marked, ["model_a", "model_b"]].astype(str)
        named = "; ".join(rows.agg(" and ".join, axis=1).head(5))
        warnings.warn(
            f"one model is nested in the other: {named}. DeLong's test does not hold for them "
            "(Demler et al. 2012); test the additional inputs in the model",
            NestedModelsWarning,
            stacklevel=3,
        )
    return pairs.assign(nested=marked)
