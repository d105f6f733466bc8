"""A student's three changes to page 02, each in one cell of a copy: step, classifiers, figure."""

from pathlib import Path
from typing import NamedTuple

import nbformat
import pandas as pd
import papermill

from ptclnm.paths import NOTEBOOKS

NOTEBOOK = NOTEBOOKS / "02_radiomics_zoo.ipynb"
TINY = {
    "study": "li2024", "cohort": "li2024-sim", "n_patients": 20, "settings": "single_slice",
    "classifiers": ["LR", "KNN"], "folds": 2, "n_jobs": 1,
}  # fmt: skip


class Change(NamedTuple):
    """A cell, known by what stands in it, and what a student writes there."""

    cell: str
    source: str


STEP = Change("select = Pipeline(", """\
from sklearn.feature_selection import SelectKBest, f_classif

select = Pipeline(selection(study, folds, seed))
select.set_params(mannwhitney=SelectKBest(f_classif, k=7))""")  # fmt: skip
CLASSIFIERS = Change("models = {", """\
from sklearn.naive_bayes import GaussianNB

models = {"naive Bayes": GaussianNB(), "LR": make("LR", seed)}
plan = zoo.Plan(select, models, folds, seed)
fitted = zoo.fit_zoo(features.train, plan)
chain = fitted["LR"][:-1]""")  # fmt: skip
FIGURE = Change("roc_figure(predictions, metrics)", """\
import seaborn as sns

grid = sns.catplot(predictions, x="score", y="model", hue="label", col="split", kind="box")
keep(page, grid.figure, "roc")""")  # fmt: skip


def changed(change: Change, folder: Path) -> Path:
    """Run a copy of the notebook with one cell changed; its results."""
    notebook = nbformat.read(NOTEBOOK, 4)
    (cell,) = [cell for cell in notebook.cells if change.cell in cell.source]
    cell.source = change.source
    nbformat.write(notebook, folder / "copy.ipynb")
    papermill.execute_notebook(
        folder / "copy.ipynb", folder / "out.ipynb", progress_bar=False,
        parameters=TINY | {"results_dir": str(folder / "results")},
    )  # fmt: skip
    return folder / "results"


def test_another_step_in_the_pipeline(tmp_path) -> None:
    steps = pd.read_csv(changed(STEP, tmp_path) / "steps.csv")
    assert len(steps) == 5
    assert steps.loc[2].tolist() == ["mannwhitney (SelectKBest)", 7]
    assert steps["kept"].is_monotonic_decreasing


def test_another_classifier(tmp_path) -> None:
    results = changed(CLASSIFIERS, tmp_path)
    predictions = pd.read_parquet(results / "predictions.parquet")
    assert set(predictions["model"]) == {"naive Bayes", "LR"}
    for name in ("metrics", "cv"):
        table = pd.read_csv(results / f"{name}.csv")
        assert {"naive Bayes", "LR"} == set(table[{"cv": "classifier"}.get(name, "model")])


def test_another_figure_of_the_predictions(tmp_path) -> None:
    results = changed(FIGURE, tmp_path)
    drawn = (results / "roc.svg").read_text(encoding="utf-8")
    predictions = pd.read_parquet(results / "predictions.parquet")
    assert "specificity" not in drawn and "<!-- score -->" in drawn
    assert all(f"<!-- split = {split} -->" in drawn for split in predictions["split"].unique())
