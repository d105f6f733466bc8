"""Choosing a classifier by cross-validation, and what the choice itself adds to the AUC."""

import pandas as pd


def choose(cv: pd.DataFrame) -> pd.DataFrame:
    """Choose the classifier of the highest mean AUC and lowest SD.

    Ni et al. 2024, "Combined radiomics and DL features", want both and do not say what decides
    where they disagree. Here the mean minus the SD is highest; of equal ones the first.

    Parameters
    ----------
    cv : DataFrame
        Columns ``classifier, fold, auc``.

    Returns
    -------
    DataFrame
        ``classifier, mean, sd, mean_minus_sd, highest_mean, lowest_sd, chosen``, in the order of
        `cv`; the last three are true in one row each.
    """
    order = list(dict.fromkeys(cv["classifier"]))
    by = cv.groupby("classifier")["auc"].agg(["mean", "std"]).loc[order]
    table = by.rename(columns={"std": "sd"}).reset_index()
    table["mean_minus_sd"] = table["mean"] - table["sd"]
    best = {
        "highest_mean": table["mean"].idxmax(),
        "lowest_sd": table["sd"].idxmin(),
        "chosen": table["mean_minus_sd"].idxmax(),
    }
    return table.assign(**{name: table.index == at for name, at in best.items()})


def chosen(cv: pd.DataFrame) -> str:
    """Name of the chosen classifier."""
    table = choose(cv)
    return str(table.loc[table["chosen"], "classifier"].iloc[0])


def nested(cv: pd.DataFrame, inner: pd.DataFrame) -> pd.DataFrame:
    """Judge the whole procedure, choice included, on patients that the choice has not seen.

    Parameters
    ----------
    cv : DataFrame
        ``classifier, fold, auc``: each classifier on each left-out fold.
    inner : DataFrame
        ``outer, classifier, fold, auc``: the same within the rest of each outer fold.

    Returns
    -------
    DataFrame
        ``fold, chosen, inner_auc, auc``, one row an outer fold: the classifier chosen on the
        rest, its mean AUC there, and its AUC on the fold.

    Notes
    -----
    Varma and Simon 2006. Fitted on the whole rest of an outer fold, the chosen classifier is the
    one that the plain cross-validation fitted too, so its AUC is looked up in `cv`.
    """
    outside = cv.set_index(["classifier", "fold"])["auc"]
    records = []
    for fold, part in inner.groupby("outer"):
        table = choose(part)
        best = table[table["chosen"]].iloc[0]
        name = best["classifier"]
        records.append((fold, name, best["mean"], outside[name, fold]))
    return pd.DataFrame(records, columns=["fold", "chosen", "inner_auc", "auc"])


def optimism(cv: pd.DataFrame, inner: pd.DataFrame) -> pd.DataFrame:
    """Compare the paper's estimate with the nested one.

    Returns
    -------
    DataFrame
        ``estimate, classifier, auc, sd``: the chosen classifier's cross-validated AUC, that of
        the highest mean, and that of the whole procedure by nested cross-validation.
    """
    table, outer = choose(cv), nested(cv, inner)
    rows = []
    for name, flag in (("chosen", "chosen"), ("best of all", "highest_mean")):
        row = table[table[flag]].iloc[0]
        rows.append((name, row["classifier"], row["mean"], row["sd"]))
    names = ", ".join(dict.fromkeys(outer["chosen"]))
    rows.append(("nested", names, outer["auc"].mean(), outer["auc"].std()))
    return pd.DataFrame(rows, columns=["estimate", "classifier", "auc", "sd"])
