"""Page 02, cell by cell: no leak into the fit, printed numbers beside ours, claims, errors."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ptclnm import cohorts, published
from ptclnm import features as extraction
from ptclnm.book.parameters import declared
from ptclnm.cohorts import datasets
from ptclnm.compute import SCHEDULERS
from ptclnm.errors import ParameterError
from ptclnm.features import load_settings
from ptclnm.models import choice, radiomics
from ptclnm.models.classifiers import NAMES
from ptclnm.models.data import ImageData
from ptclnm.models.validation import FoldsError
from ptclnm.pages.radiomics import claims, figures, ibsi, tables, words
from ptclnm.pages.radiomics.tables import ONE_LEVEL, ROUNDED
from ptclnm.paths import NOTEBOOKS
from ptclnm.report import page as page_module
from ptclnm.report.beside import best_claims, difference_claims, read_beside
from ptclnm.report.figures import coefficients_figure
from ptclnm.schema import Cohort
from quickradiomics import measure

NOTEBOOK = NOTEBOOKS / "02_radiomics_zoo.ipynb"
KINDS = [f"original_firstorder_{end}" for end in tables.ENDS]
Run = Callable[..., dict[str, Any]]


def made_up(signal: float = 1.5) -> tuple[Cohort, pd.DataFrame]:
    """Patients with two images each, and features of which some carry the signal."""
    rng = np.random.default_rng(0)
    label, split = np.tile([0, 1], 45), np.repeat(["train", "test"], [60, 30])
    table = pd.DataFrame({
        "patient_id": [f"p{i:02d}" for i in range(90)], "label": label, "split": split,
    }).loc[np.repeat(range(90), 2)].reset_index(drop=True)  # fmt: skip
    table = table.assign(image_id=[f"i{i:03d}" for i in range(180)], image="a", mask="b", center="")
    names = [*KINDS, *(f"original_glcm_f{i}" for i in range(12))]
    values = rng.normal(size=(180, 15)) + signal * np.outer(table["label"], np.arange(15) % 5 == 0)
    features = pd.DataFrame(values, columns=names).assign(image_id=table["image_id"])
    empty = pd.DataFrame()
    return Cohort("mine", "Mine", "own", "nodes", table, (), empty, "f"), features


def run_cells(
    given: tuple[Cohort, pd.DataFrame], folder: Path, until: str = "", **changed: Any
) -> dict[str, Any]:
    """Run the notebook's cells on made-up features, as far as the one that binds a name."""
    parameters, *others = [c for c in nbformat.read(NOTEBOOK, 4).cells if c.cell_type == "code"]
    space: dict[str, Any] = {"__name__": "notebook"}
    exec(parameters.source, space)
    space |= {"study": "li2024", "folds": 3, "n_jobs": 1, "results_dir": str(folder)}
    space |= {"classifiers": ["LR", "SVM", "KNN"]} | changed
    known = set(space)
    now = lambda compute, data, plan, **workers: compute(data, plan, **workers)  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohorts, "open", lambda *_, **__: given[0])
        patch.setattr(extraction, "extract", lambda *_, **__: given[1])
        patch.setattr(radiomics, "stored", now)
        for cell in others:
            exec(cell.source, space)
            if until in set(space) - known:
                break
    return space


@pytest.fixture
def run(monkeypatch, tmp_path) -> Run:
    """Run the notebook's cells; its figures are not written."""
    monkeypatch.setattr(page_module.Page, "save_figure", lambda _, figure, name: figure)
    return partial(run_cells, folder=tmp_path)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> dict[str, Any]:
    """What the whole notebook leaves behind, with its results on disk; not to be changed."""
    return run_cells(made_up(), tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def flat(tmp_path_factory) -> dict[str, Any]:
    """The page of patients whose features are all constant."""
    cohort, features = made_up()
    constant = features.drop(columns="image_id") * 0 + 1
    folder = tmp_path_factory.mktemp("flat")
    return run_cells((cohort, constant.assign(image_id=features["image_id"])), folder)


def test_choices_of_the_notebook_are_those_of_the_package() -> None:
    parameters = declared(NOTEBOOK)
    assert parameters["classifiers"].choices == NAMES
    assert parameters["scheduler"].choices == SCHEDULERS


def test_every_table_the_book_promises_is_written(page) -> None:
    folder = Path(page["results_dir"])
    written = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}
    assert set(written) - {"ibsi"} == {
        "features", "image_types", "steps", "coefficients", "survival", "cv",
        "choice", "nested", "optimism", "metrics", "intervals", "claims",
    }  # fmt: skip
    drawn = {path.stem for path in folder.glob("*.svg")}
    assert drawn == {"steps", "lasso", "coefficients", "survival", "cv", "roc"}
    kept = pd.read_parquet(folder / "predictions.parquet")
    pd.testing.assert_frame_equal(kept, page["predictions"].reset_index(drop=True))
    assert set(kept["model"]) == set(page["models"]) == {"LR", "SVM", "KNN"}


def test_nothing_of_the_other_patients_reaches_the_fit(page, run) -> None:
    cohort, features = made_up()
    other = (cohort.table["split"] == "test").to_numpy()
    cohort.table.loc[other, "label"] = 1 - cohort.table.loc[other, "label"]
    features.loc[other, features.columns[:-1]] *= 7
    again = run((cohort, features), until="beside")
    for name in ("steps", "coefficients", "survival", "resamples", "cv", "inner", "unseen"):
        pd.testing.assert_frame_equal(page[name], again[name])
    assert not page["predictions"].equals(again["predictions"]), "the others are judged"


def test_the_cutoff_can_be_that_of_patients_a_model_has_not_seen(page, run) -> None:
    seen = page["metrics"].query("split == 'train'").set_index("model")
    again = run(made_up(), until="rows", cutoff="youden-cv")
    cut = again["metrics"].drop_duplicates("model").set_index("model")["cutoff"]
    for model, part in again["unseen"].groupby("model"):
        gain = [
            part.query("label == 1")["score"].ge(at).mean()
            - part.query("label == 0")["score"].ge(at).mean()
            for at in part["score"]
        ]
        assert cut[model] in set(part["score"][np.isclose(gain, max(gain))])
    assert (cut != seen["cutoff"]).any()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"classifiers": ["SVN"]}, "did you mean 'SVM'"),
        ({"settings": "li2023"}, "li2024"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(changed: dict, message: str, tmp_path) -> None:
    with pytest.raises(ParameterError, match=message):
        run_cells((None, None), tmp_path, until="train", **changed)


@pytest.mark.parametrize("positives", [2, 3])
def test_too_few_patients_for_the_folds_are_named_before_extraction(positives, run) -> None:
    cohort, features = made_up()
    train = cohort.table["split"] == "train"
    few = cohort.table[~train | (cohort.table["label"] == 0)
                       | (cohort.table["patient_id"] < f"p{2 * positives:02d}")]  # fmt: skip
    with pytest.raises(FoldsError, match=f"{positives} patients with the outcome"):
        run((Cohort("mine", "Mine", "own", "x", few, (), features, "f"), None), folds=2)


@pytest.mark.parametrize(
    ("study", "expected"),
    [("li2024", [306, 14, 1241, 17, 1561]), ("ni2024", [374, 14, 969, None, 1357])],
)
def test_features_are_counted_as_the_paper_counts_them(study: str, expected: list) -> None:
    names = load_settings(study).names
    table = tables.feature_counts(names, published.load(study)).set_index("part")
    reported = [None if pd.isna(v) else int(v) for v in table["reported"]]
    assert reported == expected
    assert table.loc["total", "obtained"] == len(names) == expected[-1]
    assert table["obtained"][:3].sum() == len(names)


def test_the_answer_says_on_whom_and_what_is_chosen_in_five_lines(page) -> None:
    said = words.answer(*(page[name] for name in ("cohort", "metrics", "steps", "worth")))
    lines = [line for line in said.splitlines() if line.startswith("- ")]
    assert len(lines) <= 5 and "90 patients, 45 with the outcome" in lines[0]
    name = choice.chosen(page["cv"])
    auc = page["metrics"].set_index(["model", "split"])["auc"][name, "test"]
    assert f"**{name}**" in lines[2] and f"{auc:.3f} (" in lines[2]


def test_a_claim_on_the_number_of_features_could_not_fail_and_says_so() -> None:
    paper = published.load("li2024")
    types = pd.DataFrame({"finding": ["rounding error", ""], "empty": [91, 0]})
    (other,) = claims.features(paper, ["a", "b", "c"], types)
    assert other[4:] == ("3", "cannot be checked", claims.OTHER_SETTINGS)
    (whole,) = claims.features(paper, load_settings("li2024").names, types)
    assert whole[3:] == (
        "1561", "1561", "cannot be checked",
        "The settings were chosen to give this number, so that it could not fail; page 00 accounts "
        "for its parts. Of the features, 91 are rounding error.",
    )  # fmt: skip


def test_a_number_of_kept_features_and_a_best_classifier_are_judged() -> None:
    paper = published.load("ni2024")
    (kept,) = claims.selected(paper, list("abcde"), pd.DataFrame({"kept": [4, 5, 6]}))
    assert kept[3:6] == ("9", "5 (4–6 in 3 resamples)", "not consistent")
    rows = [("ExtraTrees", 0, 0.7), ("ExtraTrees", 1, 0.7), ("LR", 0, 0.6), ("LR", 1, 0.6)]
    cv = pd.DataFrame(rows, columns=["classifier", "fold", "auc"])
    outer = pd.DataFrame({"chosen": ["LR", "ExtraTrees"]})
    beside = read_beside(paper, "radiomics")
    (best,) = best_claims(beside, cv, outer["chosen"])
    assert best[3:6] == ("ExtraTrees", "ExtraTrees; within the folds LR, ExtraTrees", "consistent")
    assert not list(best_claims(beside, cv[cv["classifier"] == "LR"], outer["chosen"]))
    other = read_beside(published.load("li2024"), "radiomics")
    assert not list(best_claims(other, cv, outer["chosen"]))


def test_the_two_classifiers_that_li_compare_are_compared(page) -> None:
    judged = page["judged"].set_index("claim_id")
    assert judged.loc["radiomics-li2024-mine-difference", "reported"] == "+0.085"
    assert len(judged.filter(like="-auc-", axis=0)) == 4
    paper, alone = published.load("li2024"), page["predictions"].query("model == 'LR'")
    assert not list(difference_claims(paper, page["beside"], alone))


def test_where_nothing_is_kept_the_page_says_so_and_judges_nothing(flat) -> None:
    assert flat["steps"]["kept"].iloc[-1] == 0
    said = words.answer(*(flat[name] for name in ("cohort", "metrics", "steps", "worth")))
    assert "the selection keeps 0" in said and "its AUC is 0.500" in said
    drawn = coefficients_figure(flat["coefficients"])
    assert isinstance(drawn, str) and drawn.startswith("No feature is kept")
    none = figures.survival(flat["survival"], flat["kept"])
    assert none == "No feature is kept in any resample."
    assert f"less SD: **{choice.chosen(flat['cv'])}**" in words.chosen(flat["cv"])
    judged = flat["judged"].set_index("claim_id")
    aucs = judged[judged.index.str.contains("-auc-")]
    assert len(aucs) == 4 and (aucs["verdict"] == "cannot be checked").all()
    claim = judged.loc["radiomics-li2024-mine-difference"]
    assert claim["verdict"] == "cannot be checked" and "estimated variance" in claim["note"]


def test_the_lasso_is_drawn_with_the_penalty_that_it_chose(page) -> None:
    drawn = figures.lasso(page["chain"], page["features"].names)
    assert isinstance(drawn, Figure)
    last = page["chain"][-1]
    upper, lower = drawn.axes
    assert all(last.alpha_ in axes.get_lines()[-1].get_xdata() for axes in (upper, lower))
    named = {line.get_label() for line in upper.get_lines()} & set(page["kept"])
    assert len(named) == min(figures.LABELLED, len(page["kept"]))
    assert "no LASSO" in figures.lasso(page["chain"][:-1], page["features"].names)


def test_the_folds_are_drawn_with_their_mean_and_that_of_the_choice(page) -> None:
    name = choice.chosen(page["cv"])
    (axes,) = figures.cross_validated(page["cv"], name, page["outer"]).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert set(labels) == {*page["models"], f"{name} (chosen)", "the choice itself, nested"} - {
        name
    }
    assert labels[-1] == "the choice itself, nested"


def measured(settings: str) -> ImageData:
    """Features of three made-up nodules."""
    rng = np.random.default_rng(0)
    chosen, rows = load_settings(settings), []
    y, x = np.mgrid[:40, :48]
    for radius in (8, 11, 14):
        mask = (x - 24) ** 2 + (y - 20) ** 2 < radius**2
        grey = np.clip(rng.rayleigh(60, mask.shape) * np.where(mask, 0.6, 1.2), 0, 255)
        rows.append(measure(np.rint(grey), mask, chosen).values)
    return of(pd.DataFrame(rows))


def of(table: pd.DataFrame) -> ImageData:
    whose = np.arange(len(table)).astype(str)
    return ImageData(table.to_numpy(dtype=float), tuple(table), whose == "0", whose, whose)


@pytest.fixture(scope="module")
def li() -> ImageData:
    return measured("li2024")


def test_on_one_slice_four_wavelet_bands_are_rounding_and_three_patterns_one_bin(li) -> None:
    found = tables.image_types(li)
    assert found["features"].tolist() == [91] * 17
    by = found.groupby("finding")
    assert by.get_group(ROUNDED)["image_type"].tolist() == [
        "wavelet-LLH", "wavelet-LHH", "wavelet-HLH", "wavelet-HHH",
    ]  # fmt: skip
    assert by.get_group(ROUNDED)["empty"].sum() == 4 * 91 == 364
    assert by.get_group(ONE_LEVEL)["empty"].unique().tolist() == [73]
    assert set(by.get_group(ONE_LEVEL)["image_type"]) <= {
        "lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k", "exponential",
    }  # fmt: skip


def test_features_kept_are_counted_among_those_concerned(li) -> None:
    kept = ["wavelet-HHH_glcm_Idm", "wavelet-HHH_firstorder_Mean", "lbp-3D-m1_firstorder_Mean",
            "lbp-3D-m1_glcm_Idm", "original_shape_Sphericity"]  # fmt: skip
    types = tables.image_types(li)
    assert tables.concerned(types, kept, ROUNDED) == kept[:2]
    assert tables.concerned(types, kept, ONE_LEVEL) == kept[3:4]
    assert len(tables.concerned(types, li.names, ROUNDED)) == 364
    said = words.empty(types, li.names, kept)
    assert "364 of the 1,561 features; of the 5 that the selection keeps, 2." in said


def test_two_dimensional_settings_have_no_empty_image_type() -> None:
    found = tables.image_types(measured("single_slice"))
    assert (found["finding"] == "").all() and (found["empty"] == 0).all()
    assert words.empty(found, [], []).startswith("Of 6 image types that can be told, none is empty")


def test_types_without_first_order_features_are_left_out() -> None:
    found = tables.image_types(of(pd.DataFrame({"original_glcm_Idm": [1.0]})))
    assert found.empty and "Of 0 image types" in words.empty(found, ["original_glcm_Idm"], [])


def test_reference_values_of_the_ibsi_are_counted_and_what_differs_is_shown() -> None:
    table = pd.DataFrame(
        {"feature": list("abcde"), "ibsi_name": ["x", "y", "z", "w", ""], "value": 1.0,
         "reference": [1.0, 2.0, 3.0, 4.0, None], "matches": [True, True, False, False, False],
         "why": ["", "", "divides by another number", ibsi.UNEXPLAINED, ibsi.NO_REFERENCE]}
    )  # fmt: skip
    assert words.phantom(table, "") == (
        "Of 4 features that the IBSI gives a reference value for, **2 match**, 1 differ by "
        "definition, and **1 without an explanation**. 1 of pyradiomics' features have no "
        "reference."
    )
    assert words.differing(table)["feature"].tolist() == ["c", "d"]


def test_without_the_phantom_the_page_says_how_to_get_it_and_goes_on(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    monkeypatch.setattr(datasets, "fetched_root", lambda: tmp_path)
    space = run_cells(made_up(), tmp_path, until="select")
    assert space["phantom"].empty and "select" in space
    assert "ptclnm data fetch ibsi" in words.phantom(space["phantom"], space["missing"])
