"""Page 04's tables and sentences follow from the numbers, and errors come before any work."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ptclnm import published
from ptclnm.book.parameters import declared
from ptclnm.errors import ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.imaging.superres.arms import ARMS, called
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.imaging.superres.study import GAN, PIXEL, summary
from ptclnm.models import superres
from ptclnm.paths import NOTEBOOKS
from ptclnm.report import superres_page, superres_tables, superres_text, verdict

NOTEBOOK = NOTEBOOKS / "04_sr_comparison.ipynb"


def values() -> dict:
    return {name: parameter.default for name, parameter in declared(NOTEBOOK).items()}


def predictions(gain: dict[str, float], models=("SVM", "KNN"), n: int = 80) -> pd.DataFrame:
    """Scores whose distance between the classes is 1 on originals, and more on some arms."""
    rng = np.random.default_rng(0)
    parts = []
    for split in ("train", "test"):
        label = np.tile([0, 1], n // 2)
        noise = rng.normal(size=n)
        for arm in ("or", *gain):
            for model in models:
                score = noise + 0.3 * rng.normal(size=n) + (1 + gain.get(arm, 0)) * label
                ids = [f"{split}{i}" for i in range(n)]
                columns = {"patient_id": ids, "label": label, "score": score, "split": split}
                parts.append(pd.DataFrame(columns).assign(model=called(arm, model)))
    return pd.concat(parts, ignore_index=True).assign(study="li2024")


def test_our_models_stand_beside_the_papers_of_the_same_name() -> None:
    metrics = metrics_table(predictions({"sr": 0.0, "unsharp": 0.0}))
    made = superres_tables.beside_paper(metrics, published.load("li2024"))
    found = made.set_index(["model", "split"])["reported_auc"]
    assert found["SR_SVM", "test"] == 0.878 and found["OR_SVM", "test"] == 0.822
    assert found["SR_KNN", "train"] == 0.914
    assert np.isnan(found["Unsharp_SVM", "test"])
    deep = metrics_table(predictions({"sr": 0.0}, ["ResNet101 (from scratch)"]))
    made = superres_tables.beside_paper(deep, published.load("li2024")).set_index("model")
    row = made.loc["SR_ResNet101 (from scratch)"].set_index("split")
    assert row.loc["test", "reported_auc"] == 0.799


def test_comparisons_are_super_resolved_less_original_outside_the_training_set() -> None:
    table = superres_tables.pairs(predictions({"sr": 1.0}), ["SVM", "KNN"], "sr", "or")
    assert set(table["split"]) == {"test"} and list(table["model"]) == ["SVM", "KNN"]
    assert (table["difference"] > 0).all() and (table["p"] < 0.01).all()
    assert (table["p_holm"] >= table["p"]).all()
    np.testing.assert_allclose(table["difference"], table["auc_a"] - table["auc_b"])


def test_a_gain_that_sharpening_gives_too_is_said() -> None:
    scores = predictions({"sr": 1.0, "unsharp": 1.2, "denoised": 0.0})
    table = superres_tables.cause(scores, ["SVM"], ["or", "sr", "unsharp", "denoised"])
    by = table.set_index("arm")
    assert list(by.index) == ["SR", "Unsharp", "Denoised"]
    assert by.loc["Unsharp", "gain"] > 0 and abs(by.loc["Denoised", "gain"]) < 0.05
    assert by.loc["Denoised", "sr_over_low"] > 0
    assert by.loc["SR", ["sr_over", "sr_over_p"]].isna().all()
    told = superres_text.cause(table)
    assert "Unsharp gains as much or more" in told
    alone = superres_text.cause(table[table["arm"] != "Unsharp"])
    assert "Nothing else gains as much or more" in alone


def test_a_set_without_one_class_is_left_out_and_none_left_is_an_error() -> None:
    scores = predictions({"sr": 0.0})
    extra = scores[scores["split"] == "test"].assign(split="external", label=0)
    kept = superres_tables.judged_sets(pd.concat([scores, extra], ignore_index=True))
    assert set(kept["split"]) == {"train", "test"}
    with pytest.raises(Exception, match="patients of both classes"):
        superres_tables.judged_sets(scores[scores["split"] == "train"])


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
    return summary(pd.DataFrame(rows, columns=["patient_id", "task", "method", "metric", "value"]))


def test_better_is_said_only_where_it_is_so() -> None:
    assert ": better by both." in superres_text.quality(quality(0.5, 0.05, 1))
    assert ": not better by both." in superres_text.quality(quality(-0.5, 0.05, 1))
    assert "PSNR by -1.0" in superres_text.quality(quality(0.5, 0.05, 1))


def test_claims_are_judged_by_the_intervals() -> None:
    scores = predictions({"sr": 0.0})
    paper = published.load("li2024")
    metrics = superres_tables.beside_paper(metrics_table(scores), paper)
    compared = superres_tables.pairs(scores, ["SVM", "KNN"], "sr", "or")
    detail = pd.DataFrame({"method": ["unsharp", GAN], "added": [-0.5, -0.1],
                           "low": [-0.6, -0.2], "high": [-0.4, -0.05]})  # fmt: skip
    made = superres_tables.claims_table(
        paper, "mine", "own", "A note.", metrics, compared, quality(0.5, 0.05, 1), detail
    ).set_index("claim_id")
    prefix = "superres-li2024-mine-"
    assert made.loc[f"{prefix}edges", "verdict"] == "consistent"
    assert made.loc[f"{prefix}detail", "verdict"] == "not consistent"
    gain = made.loc[f"{prefix}gain-svm-test"]
    assert gain["reported"] == "+0.056"
    row = compared.set_index("model").loc["SVM"]
    inside = row["low"] <= 0.056 <= row["high"]
    assert gain["verdict"] == ("consistent" if inside else "not consistent")
    assert {f"{prefix}auc-sr-svm-test", f"{prefix}auc-sr-knn-train"} <= set(made.index)


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
    parameters = declared(NOTEBOOK)
    assert parameters["arms"].choices == tuple(ARMS)
    asked = superres_page.asked(values())
    plan = superres.sr_plan_of(asked)
    assert plan == superres.sr_plan_of({}), "so that page 07 finds what page 04 trained"
    assert plan == replace(SRPlan(), epochs=plan.epochs)
    assert not plan.leaks
    assert asked["epochs"] == values()["deep_epochs"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"patch_size": 30}, "multiples of 4"),
        ({"arms": ["unsharpen"]}, "did you mean 'unsharp'"),
        ({"models": ["SVN"]}, "did you mean 'SVM'"),
        ({"models": ["ResNet101"], "deep_epochs": 0}, "epochs is 0"),
        ({"settings": "li2023"}, "li2024"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(
    changed: dict, message: str, monkeypatch
) -> None:
    def opened(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(superres_page.cohorts, "open", opened)
    with pytest.raises(ParameterError, match=message):
        superres_page.view(values() | changed)


def test_without_the_data_the_page_says_how_to_get_them(monkeypatch) -> None:
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    seen = superres_page.view(values() | {"cohort": "ddti"})
    assert "Left out" in superres_page.summary(seen)
    assert superres_page.claims(seen).empty
    assert superres_page.draw(seen, "roc").startswith("Left out")
    assert superres_page.lay_out(seen, "cause").data


def test_a_leak_is_shouted_and_pictures_that_may_not_be_published_are_not_shown() -> None:
    cohort = SimpleNamespace(title="Mine", evidence="own", endpoint="x.", warnings=())
    made = SimpleNamespace(plan=SRPlan(train_on="all"))
    tables = {"quality": quality(0.5, 0.05, 1)}
    found = SimpleNamespace(
        made=made, trained_pictures=9, trained_patients=8, tables=tables, shown=["a picture"]
    )
    empty = pd.DataFrame()
    seen = superres_page.SuperResView(None, cohort, found, empty, empty, hidden="Not shown here.")
    assert "A leak is switched on" in superres_page.summary(seen)
    made.plan = SRPlan()
    assert "leak" not in superres_page.summary(seen)
    assert superres_page.slider(seen).data == "Not shown here."
