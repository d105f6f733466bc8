"""Page 03: printed numbers beside ours, claims by rule, sentences that follow the numbers."""

from dataclasses import fields, replace

import nbformat
import numpy as np
import pandas as pd
import pytest

from ptclnm import published
from ptclnm.book.parameters import declared
from ptclnm.errors import ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.models.deep import cam
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.plan import ARCHITECTURES, DeepPlan, plans
from ptclnm.pages.deep import claims, comparisons, words
from ptclnm.paths import NOTEBOOKS
from ptclnm.report.beside import auc_claims, difference_claims, judged_by
from ptclnm.report.figures import forest
from ptclnm.report.metrics import beside_paper
from ptclnm.report.sentences import signed
from ptclnm.schema import Cohort

NOTEBOOK = NOTEBOOKS / "03_dl_zoo.ipynb"
LITE = "EfficientNet-Lite0"
COHORT = Cohort("mine", "Mine", "own", "Made up.", pd.DataFrame(), (), pd.DataFrame(), "x")


def predictions(models: dict[str, float], sets=("train", "test"), seed: int = 0) -> pd.DataFrame:
    """Scores whose classes lie as far apart as given, farther on train."""
    rng = np.random.default_rng(seed)
    parts = []
    for split, n in zip(sets, (80, 60, 60), strict=False):
        label = np.tile([0, 1], n // 2)
        ids = [f"{split}{i}" for i in range(n)]
        for model, apart in models.items():
            far = apart + (1.5 if split == "train" else 0)
            columns = {"model": model, "split": split, "patient_id": ids, "label": label}
            parts.append(pd.DataFrame(columns).assign(score=rng.normal(size=n) + far * label))
    return pd.concat(parts, ignore_index=True)


LI = published.load("li2024")
ZOO = (DeepPlan("DenseNet121"), DeepPlan("ResNet101"), DeepPlan(LITE, "imagenet"))


def li(apart: float = 0.8) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of three networks, and their metrics beside the paper's."""
    scores = predictions({plan.name: apart for plan in ZOO}).assign(study="li2024")
    return scores, beside_paper(metrics_table(scores), LI, claims.beside(LI, ZOO))


def judged(paper, zoo, scores: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Judge as the page does, by the end of each claim's id."""
    beside = claims.beside(paper, zoo)
    rows = [
        *auc_claims(paper, metrics, beside),
        *claims.best(beside, scores),
        *difference_claims(paper, beside, scores),
    ]
    found = claims.table(rows, paper, beside, COHORT, zoo)
    prefix = f"deep-{paper.name}-mine-"
    assert found["claim_id"].str.startswith(prefix).all()
    return found.set_index(found["claim_id"].str.removeprefix(prefix))


def test_printed_numbers_stand_beside_their_network_and_set_only() -> None:
    found = li()[1].set_index(["model", "split"])["reported_auc"]
    assert found["DenseNet121 (from scratch)", "test"] == 0.814
    assert found["ResNet101 (from scratch)", "train"] == 0.952
    assert found[LITE].isna().all(), "never as one of the papers' models"


def test_of_two_models_of_one_architecture_the_first_stands_beside() -> None:
    zoo = (DeepPlan("ResNet101", "imagenet"), DeepPlan("ResNet101"))
    beside = claims.beside(LI, zoo)
    there = beside[(beside["rule"] == "auc") & (beside["model"] != "")]
    assert there[["split", "model", "printed"]].to_numpy().tolist() == [
        ["train", "ResNet101", "OR_ResNet101"], ["test", "ResNet101", "OR_ResNet101"],
    ]  # fmt: skip
    assert claims.chosen(beside, zoo) is zoo[0]
    assert claims.chosen(claims.beside(LI, ZOO), ZOO) is ZOO[1]


def test_every_network_of_a_paper_is_in_its_table() -> None:
    for study in ("ni2024", "li2024"):
        beside = claims.beside(published.load(study), ())
        names = {row.ours for row in judged_by(beside, "auc")}
        assert names == {n for n, row in ARCHITECTURES.items() if study in row.papers}
        assert {row.ours for row in judged_by(beside, "chosen")} <= names


def test_claims_are_judged_by_the_intervals_and_say_where_networks_start() -> None:
    scores, metrics = li()
    found = judged(LI, ZOO, scores, metrics)
    networks = ("or-densenet121", "or-resnet101")
    expected = [f"auc-{name}-{split}" for name in networks for split in ("train", "test")]
    expected += ["difference", *(f"gap-{name}" for name in networks)]
    assert sorted(found.index) == sorted(expected)
    assert found["note"].str.contains("Networks from random weights here").all()
    row = metrics.set_index(["model", "split"]).loc[("ResNet101 (from scratch)", "test")]
    inside = row["auc_low"] <= 0.751 <= row["auc_high"]
    wide = "too wide to tell" if row["auc_low"] <= 0.5 else "consistent"
    verdict = found.loc["auc-or-resnet101-test", "verdict"]
    assert verdict == (wide if inside else "not consistent")
    assert found.loc["difference", "reported"] == "-0.063"
    assert found.loc["gap-or-resnet101", "reported"] == "+0.201"
    other = judged(LI, ZOO, *li(apart=4.0)).filter(like="auc-", axis=0)
    own = other[other.index.str.endswith("-train")]
    assert own["obtained"].tolist() == ["1.000 (no interval)"] * 2
    assert set(own["verdict"]) == {"cannot be checked"}
    assert set(other.drop(own.index)["verdict"]) == {"not consistent"}


def test_the_difference_that_the_paper_prints_is_of_its_two_networks_in_its_order() -> None:
    scores, metrics = li()
    found = judged(LI, ZOO, scores, metrics).loc["difference"]
    auc = metrics.set_index(["model", "split"])["auc"]
    here = auc["ResNet101 (from scratch)", "test"] - auc["DenseNet121 (from scratch)", "test"]
    assert found["obtained"].startswith(f"{here:+.3f} (")
    assert found["quantity"].startswith("AUC of OR_ResNet101 less that of OR_DenseNet121")
    alone = difference_claims(LI, claims.beside(LI, ZOO[:1]), scores)
    assert [row[0] for row in alone] == ["gap-or-densenet121"], "one of the two is not here"


def test_the_best_of_several_is_judged_by_how_often_it_is() -> None:
    paper, sets = published.load("ni2024"), ("train", "internal", "external")
    zoo = tuple(DeepPlan(name, "imagenet") for name in ("AlexNet", "DenseNet121", "ResNet50"))
    for apart, expected in ((0.0, "not consistent"), (1.5, "consistent")):
        models = {"AlexNet": 1.5, "DenseNet121": apart, "ResNet50": 0.0}
        scores = predictions(models, sets).assign(study="ni2024")
        metrics = beside_paper(metrics_table(scores), paper, claims.beside(paper, zoo))
        found = judged(paper, zoo, scores, metrics)
        assert found.loc["best", "verdict"] == expected
        assert "random weights" not in found.loc["best", "note"]
    part = scores[scores["split"] == "internal"]
    share = comparisons.best_in_draws(part, seed=1, draws=300)
    assert share.sum() == pytest.approx(1) and share["ResNet50"] < 0.01


def test_gaps_and_transfer_are_delong_differences() -> None:
    zoo = (DeepPlan(LITE, "imagenet"), DeepPlan(LITE))
    scores = predictions({LITE: 2.0, f"{LITE} (from scratch)": 0.0})
    row = comparisons.transfer(scores, zoo).iloc[0]
    assert row["paired"] == "paired" and row["split"] == "test" and row["n"] == 60
    assert row["low"] > 0 and row["p"] < 0.001
    assert comparisons.transfer(scores, zoo[:1]).empty
    assert "pretraining **helped**" in words.transfer(comparisons.transfer(scores, zoo))
    gap = comparisons.gaps(scores)
    assert (gap["difference"] > 0).all() and (gap["auc_train"] > gap["auc"]).all()
    assert signed(gap.loc[gap["difference"].idxmax()]) in words.gaps(gap)
    alone = comparisons.gaps(scores[scores["split"] == "test"])
    assert alone.empty and "no other set" in words.gaps(alone)


def test_what_is_misspelt_is_named_before_any_patient_is_opened() -> None:
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    source = "\n".join(cells)
    assert max(source.index(check) for check in ("plans(models", "rule_of(cutoff)")) < source.index(
        "page.open("
    )
    given = DeepPlan(**{name: parameter.default for name, parameter in declared(NOTEBOOK).items()
                        if name in DeepPlan.__dataclass_fields__})  # fmt: skip
    for models, changed, message in (
        (["DenseNet"], {}, "no model 'DenseNet'; did you mean 'DenseNet121'"),
        ([], {"image_size": 40}, "image_size is 40, which AlexNet cannot take"),
        ([], {"lr": 0.0}, "lr is 0.0; allowed: above 0"),
    ):
        with pytest.raises(ParameterError, match=message):
            plans(models, replace(given, **changed), "ni2024")


def test_defaults_of_the_notebook_are_those_of_a_plan() -> None:
    parameters = declared(NOTEBOOK)
    own = {f.name: f.default for f in fields(DeepPlan) if f.name in parameters}
    assert {name: parameters[name].default for name in own} == own
    assert set(f.name for f in fields(DeepPlan)) - set(own) == {
        "architecture", "patience", "keep_last",
    }  # fmt: skip


def test_random_weights_are_said_loudly_and_imagenets_are_not() -> None:
    text = words.start(ZOO)
    assert text.startswith(":::{admonition}") and ":class: danger" in text
    assert "DenseNet121 and ResNet101 start from random weights" in text
    assert LITE not in text
    assert words.start([DeepPlan("ResNet50", "imagenet")]) == ""
    assert "Frozen" in words.start([DeepPlan("ResNet50", "imagenet", freeze=True)])


def test_what_is_said_of_heatmaps_follows_their_checks() -> None:
    table = pd.DataFrame({
        "kind": ["true positive"] * 2 + ["false positive"], "inside": [0.5, 0.52, 0.51],
        "area": 0.4, "random": 0.1, "shuffled": np.nan,
    })  # fmt: skip
    patients = np.array(["a", "a", "b"])
    row = pd.Series({"model": "ResNet50", "split": "test", "auc_low": 0.4})
    text = words.maps(table, patients, row, 0.97)
    assert "51% of a map lies inside" in text and "more than its area alone" in text
    assert "0.10 with the map of random weights. The network" in text
    assert "AUC of 0.97." in text and "hardly" not in text
    assert "also holds 0.5" in text
    other = words.maps(table.assign(inside=[0.4, 0.4, np.nan]), patients, row, 0.55)
    none = words.maps(table.assign(inside=np.nan), patients, row, 0.5)
    assert none == f"All 3 maps of **{row['model']}** are empty."
    assert "0.55: it has hardly" in other and "1 maps are empty" in other
    assert "neither more nor less" in other, "one patient has no interval"


def test_the_maps_table_says_how_each_patient_is_called() -> None:
    pixels, masks = np.zeros((3, 4, 4), np.float32), np.ones((3, 4, 4), bool)
    crops = Crops(pixels, masks, np.array(["a1", "a2", "b1"]), np.array(["a", "a", "b"]),
                  np.array([1, 1, 0]), np.array(["test"] * 3))  # fmt: skip
    heat = np.random.default_rng(0).random((3, 4, 4))
    maps = {"trained": heat, "random": heat, "shuffled": -heat}
    found = cam.checks(maps, crops, np.array([True, True, True]))
    assert found["kind"].tolist() == ["true positive"] * 2 + ["false positive"]
    assert found["inside"].tolist() == found["area"].tolist() == pytest.approx([1, 1, 1])
    assert found["random"].tolist() == pytest.approx([1, 1, 1])
    assert found["shuffled"].tolist() == pytest.approx([-1, -1, -1])


def test_a_set_without_interval_is_drawn_without_a_bar_and_named_without_limits() -> None:
    scores, _ = li()
    test = scores["split"] == "test"
    scores.loc[test, "score"] = -scores.loc[test, "label"].astype(float)
    metrics = beside_paper(metrics_table(scores), LI, claims.beside(LI, ZOO))
    columns = "auc auc_low auc_high"
    axes = forest(metrics, metrics["model"], metrics["split"], "AUC", columns).axes[0]
    assert axes.get_xlim()[0] < 0, "an AUC of 0 is seen"
    bars = [bar for part in axes.collections for bar in part.get_segments()]
    assert sum(np.isfinite(bar).all() and len(bar) == 2 for bar in bars) == len(ZOO), "train alone"
    claim = judged(LI, ZOO, scores, metrics).loc["auc-or-resnet101-test"]
    assert claim["obtained"] == "0.000 (no interval)"
    assert claim["verdict"] == "cannot be checked"


def test_the_answer_names_the_best_network_of_each_set() -> None:
    scores, metrics = li()
    people = scores.drop_duplicates("patient_id")
    cohort = Cohort("mine", "Mine", "own", "Made up.", people.assign(image_id="i"), (),
                    pd.DataFrame(), "x")  # fmt: skip
    checks = pd.DataFrame({"random": [0.1, 0.3], "shuffled": [0.4, 0.6]})
    text = words.answer(cohort, metrics, comparisons.gaps(scores), checks)
    best = metrics[metrics["split"] == "test"].sort_values("auc")["model"].iloc[-1]
    assert f"Of 3 models, the highest AUC has **{best}**" in text
    assert "140 patients, 70 with the outcome" in text
    assert "0.20 with the map of random weights and 0.50 with that of a network" in text
    flat = checks * np.nan
    assert "correlation" not in words.answer(cohort, metrics, comparisons.gaps(scores), flat)
    assert text.count("\n- ") == 4
