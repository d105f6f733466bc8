"""Page 04, cell by cell: tables and sentences follow from the numbers, errors before any work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from ptclnm import cohorts, published, store
from ptclnm.book.parameters import declared
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.pages.superres import claims, tables, words
from ptclnm.paths import NOTEBOOKS
from ptclnm.report import page as page_module
from ptclnm.report import verdict
from ptclnm.report.beside import difference_claims, read_beside
from ptclnm.report.metrics import beside_paper
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.quality import GAN, PIXEL, summary

NOTEBOOK = NOTEBOOKS / "04_sr_comparison.ipynb"
SMALL = {"scale": 2, "blocks": 1, "channels": 4, "epochs": 1, "patch_size": 16, "n_jobs": 1,
         "n_patients": 0}  # fmt: skip


def run_cells(opened: Callable, folder: Path, until: str = "", **changed: Any) -> dict[str, Any]:
    """Run the notebook's cells on a cohort, as far as the one that binds a name."""
    parameters, *others = [c for c in nbformat.read(NOTEBOOK, 4).cells if c.cell_type == "code"]
    space: dict[str, Any] = {"__name__": "notebook", "display": shown}
    exec(parameters.source, space)
    space |= {"results_dir": str(folder)} | changed
    known = set(space)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohorts, "open", opened)
        patch.setattr(store, "FOLDER", folder / "cache")
        for cell in others:
            exec(cell.source, space)
            if until in set(space) - known:
                break
    return space


def shown(*_: object) -> None:
    raise AssertionError("a picture was shown")


def predictions(gain: dict[str, float], models=("SVM", "KNN"), n: int = 80) -> pd.DataFrame:
    """Scores whose distance between the classes is 1 on originals, and more on some arms."""
    rng = np.random.default_rng(0)
    parts = []
    for split in ("train", "test"):
        label = np.tile([0, 1], n // 2)
        noise = rng.normal(size=n)
        for arm in ("OR", *gain):
            for model in models:
                score = noise + 0.3 * rng.normal(size=n) + (1 + gain.get(arm, 0)) * label
                ids = [f"{split}{i}" for i in range(n)]
                columns = {"patient_id": ids, "label": label, "score": score, "split": split}
                parts.append(pd.DataFrame(columns).assign(model=f"{arm}_{model}"))
    return pd.concat(parts, ignore_index=True).assign(study="li2024")


LI = published.load("li2024")


def beside(scores: pd.DataFrame) -> pd.DataFrame:
    """What the paper prints of models of the same names."""
    return read_beside(LI, "superres", {name.split(" (")[0]: name for name in scores["model"]})


def compared(scores: pd.DataFrame) -> pd.DataFrame:
    """Metrics beside those of the paper's models of the same names."""
    return beside_paper(metrics_table(scores), LI, beside(scores))


def test_our_models_stand_beside_the_papers_of_the_same_name() -> None:
    made = compared(predictions({"SR": 0.0, "Unsharp": 0.0}))
    found = made.set_index(["model", "split"])["reported_auc"]
    assert found["SR_SVM", "test"] == 0.878 and found["OR_SVM", "test"] == 0.822
    assert found["SR_KNN", "train"] == 0.914
    assert np.isnan(found["Unsharp_SVM", "test"])
    deep = compared(predictions({"SR": 0.0}, ["ResNet101 (from scratch)"])).set_index("model")
    row = deep.loc["SR_ResNet101 (from scratch)"].set_index("split")
    assert row.loc["test", "reported_auc"] == 0.799


def test_comparisons_are_super_resolved_less_original_outside_the_training_set() -> None:
    table = tables.contrast(predictions({"SR": 1.0}), ["SVM", "KNN"], "SR", "OR")
    assert set(table["split"]) == {"test"} and list(table["model"]) == ["SVM", "KNN"]
    assert (table["difference"] > 0).all() and (table["p"] < 0.01).all()
    assert (table["p_holm"] >= table["p"]).all()
    np.testing.assert_allclose(table["difference"], table["auc_a"] - table["auc_b"])


def test_a_gain_that_sharpening_gives_too_is_said() -> None:
    scores = predictions({"SR": 1.0, "Unsharp": 1.2})
    pairs = tables.contrast(scores, ["SVM", "KNN"], "SR", "OR")
    sharpened = tables.contrast(scores, ["SVM"], "Unsharp", "OR")
    assert list(sharpened["pictures"]) == ["Unsharp − OR"] and (sharpened["difference"] > 0).all()
    both = pd.concat([pairs, sharpened])
    assert words.cause(both).startswith("In 1 of 1 comparison, an unsharp mask")
    weaker = both.assign(difference=[0.2, 0.2, 0.1])
    assert words.cause(weaker).startswith("In 0 of 1 comparison")
    assert "nothing was compared" in words.cause(pairs)
    assert tables.contrast(scores, [], "Unsharp", "OR").empty


def test_a_set_without_one_class_is_left_out() -> None:
    scores = predictions({"SR": 0.0})
    extra = scores[scores["split"] == "test"].assign(split="external", label=0)
    both = pd.concat([scores, extra], ignore_index=True)
    assert set(tables.contrast(both, ["SVM"], "SR", "OR")["split"]) == {"test"}


def quality(psnr: float, ssim: float, edge: float) -> pd.DataFrame:
    """A summary in which the network gains so much, and the adversary sharpens so much."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(10):
        base, slope = rng.normal(30, 3), rng.normal(5, 0.5)
        methods = {"bicubic": (0, 0, 0), PIXEL: (psnr, ssim, 0), GAN: (psnr - 1, ssim, edge)}
        for method, (a, b, c) in methods.items():
            found = {"psnr": base + a, "ssim": 0.7 + b, "sharpness": slope + c}
            rows += [(f"p{i}", "restore", method, key, v + 0.01 * rng.normal())
                     for key, v in found.items()]  # fmt: skip
            rows.append((f"p{i}", "apply", method, "sharpness", slope + c))
        rows += [(f"p{i}", task, "original", "sharpness", slope) for task in ("restore", "apply")]
    return summary(pd.DataFrame(rows, columns=["image_id", "task", "method", "metric", "value"]))


def test_better_is_said_only_where_it_is_so() -> None:
    assert ": better by both." in words.better(quality(0.5, 0.05, 1))
    assert ": not better by both." in words.better(quality(-0.5, 0.05, 1))
    assert "PSNR by -1.0" in words.better(quality(0.5, 0.05, 1))


def test_claims_are_judged_by_the_intervals() -> None:
    scores = predictions({"SR": 0.0})
    pairs = tables.contrast(scores, ["SVM", "KNN"], "SR", "OR")
    detail = pd.DataFrame({"method": ["unsharp", GAN], "added": [-0.5, -0.1],
                           "low": [-0.6, -0.2], "high": [-0.4, -0.05]})  # fmt: skip
    own = beside(scores)
    rows = [*difference_claims(LI, own, scores), *claims.edges(own, quality(0.5, 0.05, 1)),
            *claims.detail(own, detail)]  # fmt: skip
    by = {row[0]: row for row in rows}
    assert by["edges"][5] == "consistent"
    assert by["detail"][5] == "not consistent"
    assert by["gain-svm-test"][3] == "+0.056"
    row = pairs.set_index("model").loc["SVM"]
    expected = verdict.difference(0.056, row["low"], row["high"])[0]
    assert by["gain-svm-test"][5] == expected
    assert by["gain-svm-test"][6].startswith("By Table 2's AUCs.")
    assert list(claims.detail(own, detail[:0])) == []
    assert list(claims.edges(own[:0], quality(0.5, 0.05, 1))) == [], "a paper that says nothing"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.2, "consistent"), (-0.2, -0.1, "not consistent"), (-0.1, 0.1, "too wide to tell"),
        (-0.1, 0.0, "not consistent"), (float("nan"), 1.0, "cannot be checked"),
    ],
)  # fmt: skip
def test_a_gain_without_a_number_is_judged_by_all_of_its_interval(
    low: float, high: float, expected: str
) -> None:
    assert verdict.above_zero(low, high) == expected


def test_the_notebook_and_the_package_agree_on_choices_and_defaults() -> None:
    own = declared(NOTEBOOK)
    names = [name for name in SRPlan.__dataclass_fields__ if name in own]
    plan = SRPlan(**{name: own[name].default for name in names})
    assert len(names) == 9 and plan == SRPlan(), "so that page 07 finds what page 04 trained"
    assert not plan.leaks


def test_classifiers_and_deep_models_are_told_apart() -> None:
    asked = ["ResNet101", "SVM", "DenseNet121", "SVM"]
    assert tables.kinds(asked) == (("SVM",), ["ResNet101", "DenseNet121"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"patch_size": 30}, "multiples of 4"),
        ({"models": ["SVN"]}, "did you mean 'SVM'"),
        ({"models": []}, "name one at least"),
        ({"models": ["ResNet101"], "deep_epochs": 0}, "epochs is 0"),
        ({"settings": "li2023"}, "li2024"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(
    changed: dict, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=message):
        run_cells(shown, tmp_path, **changed)


def test_without_the_data_the_page_ends_and_judges_no_claim(tmp_path: Path) -> None:
    def missing(*_: object, **__: object) -> None:
        raise MissingDataError("Fetch them.")

    with pytest.raises(SystemExit) as end:
        run_cells(missing, tmp_path)
    assert end.value.code == 0
    assert pd.read_csv(tmp_path / "claims.csv").empty


def test_pictures_that_may_not_be_published_are_not_shown(
    picture_cohort, tmp_path: Path, monkeypatch
) -> None:
    drawn: list[str] = []
    keep = lambda _, figure, name: drawn.append(name)  # noqa: E731
    monkeypatch.setattr(page_module.Page, "save_figure", keep)
    cohort = picture_cohort(tmp_path / "pictures")
    space = run_cells(lambda *_, **__: cohort, tmp_path, until="sliders", **SMALL)
    assert "show_images" in space["hidden"] and drawn == []
    with pytest.raises(AssertionError, match="a picture was shown"):
        run_cells(lambda *_, **__: cohort, tmp_path, until="sliders", show_images=True, **SMALL)
    assert drawn == ["restored"]


def test_a_leak_is_shouted_and_stands_in_every_claim(picture_cohort, tmp_path: Path) -> None:
    cohort, leak = picture_cohort(tmp_path), SRPlan(train_on="all")
    scores = predictions({"SR": 0.0})
    pairs = tables.contrast(scores, ["SVM"], "SR", "OR")
    for plan in (leak, SRPlan()):
        said = words.answer(cohort, plan, quality(0.5, 0.05, 1), pd.DataFrame(), pairs)
        rows = claims.edges(beside(scores), quality(0.5, 0.05, 1))
        judged = claims.table(rows, LI, cohort, plan)
        assert ("A leak is switched on" in said) == plan.leaks
        assert judged["note"].str.startswith("LEAK").all() == plan.leaks
