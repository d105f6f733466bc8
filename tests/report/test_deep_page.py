"""Page 03: printed numbers beside ours, claims by rule, and errors before any work."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ptclnm import published
from ptclnm.book.parameters import declared
from ptclnm.errors import ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.models.deep.architectures import ARCHITECTURES
from ptclnm.models.deep.plan import DeepPlan, plans
from ptclnm.models.deep.source import DEFAULTS, plans_of
from ptclnm.paths import NOTEBOOKS
from ptclnm.report import deep_page
from ptclnm.report import deep_tables as tables
from ptclnm.report import metrics as radiomics_tables
from ptclnm.report.deep_figures import gap_figure
from ptclnm.report.deep_look import look

NOTEBOOK = NOTEBOOKS / "03_dl_zoo.ipynb"


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


def li(apart: float = 0.8) -> tuple:
    paper = published.load("li2024")
    asked = plans(["DenseNet121", "ResNet101", "EfficientNet-Lite0@imagenet"],
                  DeepPlan("", "none", 96))  # fmt: skip
    made = predictions({plan.name: apart for plan in asked}).assign(study="li2024")
    names = tables.beside(paper, asked)
    metrics = radiomics_tables.beside_paper(metrics_table(made), paper, names)
    return paper, asked, made, metrics


def test_printed_numbers_stand_beside_their_network_and_set_only() -> None:
    _, _, _, metrics = li()
    found = metrics.set_index(["model", "split"])["reported_auc"]
    assert found["DenseNet121 (from scratch)", "test"] == 0.814
    assert found["ResNet101 (from scratch)", "train"] == 0.952
    assert found["EfficientNet-Lite0"].isna().all(), "never as one of the papers' models"


def test_every_network_of_a_paper_is_in_its_table() -> None:
    for study, names in tables.PAPER_NAMES.items():
        printed = set(published.load(study).performance["model"])
        assert set(names.values()) <= printed
        assert set(names) == {n for n, row in ARCHITECTURES.items() if study in row.papers}
        assert tables.CHOSEN[study] in names


def test_claims_are_judged_by_the_intervals_and_say_where_networks_start() -> None:
    paper, asked, made, metrics = li()
    found = tables.claims_table(paper, asked, "mine", "own", "A note.", made, metrics)
    found = found.set_index("claim_id")
    networks = ("or-densenet121", "or-resnet101")
    expected = [f"auc-{name}-{split}" for name in networks for split in ("train", "test")]
    expected += ["difference", *(f"gap-{name}" for name in networks)]
    assert sorted(found.index) == sorted(f"deep-li2024-mine-{name}" for name in expected)
    assert found["note"].str.contains("Networks from random weights here").all()
    row = metrics.set_index(["model", "split"]).loc[("ResNet101 (from scratch)", "test")]
    inside = row["auc_low"] <= 0.751 <= row["auc_high"]
    verdict = found.loc["deep-li2024-mine-auc-or-resnet101-test", "verdict"]
    wide = "too wide to tell" if row["auc_low"] <= 0.5 else "consistent"
    assert verdict == (wide if inside else "not consistent")
    assert found.loc["deep-li2024-mine-difference", "reported"] == "-0.063"
    assert found.loc["deep-li2024-mine-gap-or-resnet101", "reported"] == "+0.201"
    far = li(apart=4.0)
    other = tables.claims_table(far[0], asked, "mine", "own", "", far[2], far[3])
    other = other.set_index("claim_id").filter(like="-auc-", axis=0)
    own = other[other.index.str.endswith("-train")]
    assert own["obtained"].tolist() == ["1.000 (no interval)"] * 2
    assert set(own["verdict"]) == {"cannot be checked"}
    assert set(other.drop(own.index)["verdict"]) == {"not consistent"}


def test_the_best_of_several_is_judged_by_how_often_it_is() -> None:
    paper, sets = published.load("ni2024"), ("train", "internal", "external")
    asked = plans(["AlexNet", "DenseNet121", "ResNet50"], DeepPlan("", "imagenet", 96))
    for apart, expected in ((0.0, "not consistent"), (1.5, "consistent")):
        models = {"AlexNet": 1.5, "DenseNet121": apart, "ResNet50": 0.0}
        made = predictions(models, sets).assign(study="ni2024")
        metrics = radiomics_tables.beside_paper(
            metrics_table(made), paper, tables.beside(paper, asked)
        )
        found = tables.claims_table(paper, asked, "mine", "own", "", made, metrics)
        assert found.set_index("claim_id").loc["deep-ni2024-mine-best", "verdict"] == expected
    part = made[made["split"] == "internal"]
    share = tables.best_in_draws(part, seed=1, draws=300)
    assert share.sum() == pytest.approx(1) and share["ResNet50"] < 0.01


def test_gaps_and_transfer_are_delong_differences() -> None:
    asked = plans(["EfficientNet-Lite0@imagenet", "EfficientNet-Lite0@none"], DeepPlan("", "none"))
    made = predictions({"EfficientNet-Lite0": 2.0, "EfficientNet-Lite0 (from scratch)": 0.0})
    row = tables.transfer_table(made, asked).iloc[0]
    assert row["paired"] == "paired" and row["split"] == "test" and row["n"] == 60
    assert row["low"] > 0 and row["p"] < 0.001
    assert tables.transfer_table(made, asked[:1]).empty
    gap = tables.gap_table(made)
    assert (gap["difference"] > 0).all() and (gap["auc_train"] > gap["auc"]).all()


def test_what_is_declared_is_what_the_source_leaves_to_the_page() -> None:
    parameters = declared(NOTEBOOK)
    assert {name: parameters[name].default for name in DEFAULTS} == DEFAULTS
    values = {name: parameter.default for name, parameter in parameters.items()}
    assert plans_of(values) == plans_of({"study": "ni2024"})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"models": ["DenseNet"]}, "no model 'DenseNet'; did you mean 'DenseNet121'"),
        ({"image_size": 40}, "image_size is 40, which AlexNet cannot take"),
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"lr": 0.0}, "lr is 0.0; allowed: above 0"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(
    changed: dict, message: str, monkeypatch
) -> None:
    def opened(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(deep_page.cohorts, "open", opened)
    values = {name: parameter.default for name, parameter in declared(NOTEBOOK).items()}
    with pytest.raises(ParameterError, match=message):
        deep_page.view(values | changed)


def test_random_weights_are_said_loudly_and_imagenets_are_not() -> None:
    paper, asked, *_ = li()
    none = pd.DataFrame()
    view = deep_page.DeepView(paper, None, asked, None, {}, none, none, none, None, "youden-train")
    text = deep_page.weights_text(view)
    assert text.startswith(":::{admonition}") and ":class: danger" in text
    assert "DenseNet121 and ResNet101 start from random weights" in text
    assert "behind EfficientNet-Lite0, which the papers do not use" in text
    known = plans(["ResNet50"], DeepPlan("", "imagenet"))
    assert deep_page.weights_text(replace(view, plans=known)) == ""


def test_calls_under_the_maps_are_those_of_patients(monkeypatch) -> None:
    from ptclnm.models.deep.crops import Crops
    from ptclnm.report import deep_look

    ids = np.array(["a1", "a2", "b1"])
    pixels, masks = np.zeros((3, 4, 4), np.float32), np.ones((3, 4, 4), bool)
    patients, labels = np.array(["a", "a", "b"]), np.array([1, 1, 0])
    crops = Crops(pixels, masks, ids, patients, labels, np.array(["test"] * 3))
    numbers = pd.DataFrame({"image_id": ids, "inside": 0.5, "area": 0.4})
    numbers = numbers.assign(random=0.1, shuffled=np.nan)
    asked = []
    monkeypatch.setattr(
        deep_look, "looked_at", lambda *given: (asked.append(given[3]), ({}, numbers.copy()))[1]
    )
    monkeypatch.setattr(deep_look, "remembered", lambda *_: 0.97)
    plan = DeepPlan("ResNet50", "none")
    images = pd.DataFrame({"model": plan.name, "patient_id": crops.patients, "image_id": ids,
                           "label": crops.labels, "score": [0.9, 0.3, 0.7]})  # fmt: skip
    metrics = pd.DataFrame({"model": [plan.name], "split": ["test"], "cutoff": [0.5],
                            "auc_low": [0.4]})  # fmt: skip
    found = look(crops, plan, images, metrics)
    assert asked[0].tolist() == [True, True, True], "the class that the patient is called"
    assert found.table["kind"].tolist() == ["true positive"] * 2 + ["false positive"]
    assert found.checks["kind"].tolist() == ["true positive", "false positive", "all"]
    assert "more than its area alone" in found.text
    assert "AUC of 0.97." in found.text and "hardly" not in found.text
    assert "0.55: it has hardly" in replace(found, remembered=0.55).text
    assert "also holds 0.5" in found.text


def test_a_set_without_interval_is_drawn_without_a_bar_and_named_without_limits() -> None:
    paper, asked, made, _ = li()
    test = made["split"] == "test"
    made.loc[test, "score"] = -made.loc[test, "label"].astype(float)
    metrics = radiomics_tables.beside_paper(metrics_table(made), paper, tables.beside(paper, asked))
    axes = gap_figure(metrics).axes[0]
    assert axes.get_xlim()[0] < 0, "an AUC of 0 is seen"
    assert len(axes.collections) == len(asked), "bars on train alone"
    claims = tables.claims_table(paper, asked, "mine", "own", "", made, metrics)
    claim = claims.set_index("claim_id").loc["deep-li2024-mine-auc-or-resnet101-test"]
    assert claim["obtained"] == "0.000 (no interval)"
    assert claim["verdict"] == "cannot be checked"
