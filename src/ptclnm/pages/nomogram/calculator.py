"""A calculator that works on the page itself: static HTML, the model as JSON, a script of the book.

The script is ``book/_static/nomogram.js``; it needs neither kernel nor network.
"""

import json
import re
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML
from scipy.stats import norm

from ptclnm.evaluation.logistic import Variable
from ptclnm.evaluation.nomogram.study import Built
from ptclnm.pages.nomogram.drawing import LEFT, WIDTH, label_of, nomogram_svg

WARNING = "Not for clinical use"
MOST_DECIMALS = 3


def calculator(one: Built, train: pd.DataFrame, whose: str) -> HTML:
    """Lay out the calculator of a nomogram.

    Parameters
    ----------
    one : Built
        The nomogram.
    train : DataFrame
        The patients fitted on; their values give ranges, steps and where the controls begin.
    whose : str
        A sentence on whose patients the model comes from.

    Returns
    -------
    IPython.display.HTML
        A form with one labelled control for each variable, the nomogram with markers, and the
        model as JSON.
    """
    name = re.sub(r"[^a-z0-9]+", "-", one.name.lower())
    rows = "".join(
        _row(variable, train[variable.name], f"{name}-{i}")
        for i, variable in enumerate(one.model.variables)
    )
    picture = nomogram_svg(one.nomogram, f"{one.name} with a marker on each scale at the values "
                                         "chosen above.")  # fmt: skip
    data = json.dumps(model_data(one)).replace("<", "\\u003c")
    return HTML(
        f'<section class="nomogram-calculator" aria-label="Calculator of {escape(one.name)}">'
        f'<p class="nomogram-warning"><strong>{WARNING}.</strong> {escape(whose)}</p>'
        '<p class="nomogram-static">The calculator needs the script of the built book.</p>'
        '<form><table class="table"><thead><tr><th scope="col">Variable</th>'
        '<th scope="col">Value</th><th scope="col"></th><th scope="col">Points</th></tr></thead>'
        f'<tbody>{rows}</tbody><tfoot><tr><th scope="row">Total</th><td></td><td></td>'
        '<td><output class="nomogram-total"></output></td></tr></tfoot></table>'
        '<p class="nomogram-result"><output class="nomogram-risk" aria-live="polite"></output></p>'
        f"</form>{picture}"
        f'<script type="application/json">{data}</script></section>'
    )


def _row(variable: Variable, column: pd.Series, identity: str) -> str:
    label = f'<label for="{identity}">{escape(label_of(variable.name))}</label>'
    numeric = not (variable.levels or variable.few)
    control = (_slider if numeric else _select)(variable, column, identity)
    shown = '<output class="nomogram-value"></output>' if numeric else ""
    return (
        f'<tr><th scope="row">{label}</th><td>{control}</td><td>{shown}</td>'
        '<td><output class="nomogram-points"></output></td></tr>'
    )


def _select(variable: Variable, column: pd.Series, identity: str) -> str:
    """A choice of levels, or of the few values of a number; the commonest is chosen."""
    usual = column.mode().iloc[0]
    if variable.levels:
        options = [(level, level, level == str(usual)) for level in variable.levels]
    else:
        options = [(repr(v), f"{v:g}", v == usual) for v in variable.values]
    made = "".join(
        f'<option value="{escape(value)}"{" selected" if chosen else ""}>{escape(text)}</option>'
        for value, text, chosen in options
    )
    return f'<select id="{identity}">{made}</select>'


def _slider(variable: Variable, column: pd.Series, identity: str) -> str:
    decimals = decimals_of(column)
    low, high = variable.values[0], variable.values[-1]
    step = 10.0**-decimals
    # Ends on the grid of steps, so that every position of the slider is a value one can read.
    low, high = np.floor(low / step) * step, np.ceil(high / step) * step
    numbers = {"min": low, "max": high, "value": column.median(), "step": step}
    made = " ".join(f'{key}="{value:.{decimals}f}"' for key, value in numbers.items())
    return f'<input type="range" id="{identity}" {made}>'


def decimals_of(column: pd.Series) -> int:
    """Decimals that tell a column's values apart, three at most."""
    values = column.to_numpy(dtype=float)
    for decimals in range(MOST_DECIMALS):
        if np.allclose(values, values.round(decimals), atol=1e-9):
            return decimals
    return MOST_DECIMALS


def model_data(one: Built) -> dict[str, Any]:
    """Give all that the script needs to know of a nomogram, as plain numbers and texts."""
    model, drawn = one.model, one.nomogram
    variables, first = [], 1
    for variable, axis in zip(model.variables, drawn.axes, strict=True):
        own = model.coefficients[first : first + len(variable.terms)]
        effects = np.r_[0.0, own] if variable.levels else own[0] * axis.values
        variables.append(
            {"name": variable.name, "levels": list(variable.levels), "first": first,
             "lowest": float(effects.min())}
        )  # fmt: skip
        first += len(variable.terms)
    most = max(float(axis.points.max()) for axis in drawn.axes)
    return {
        "name": one.name, "z": float(norm.ppf(0.975)), "scale": drawn.scale, "left": LEFT,
        "width": WIDTH, "most": most, "total": float(drawn.total.points.max()),
        "coefficients": model.coefficients.tolist(), "covariance": model.covariance.tolist(),
        "variables": variables,
    }  # fmt: skip
