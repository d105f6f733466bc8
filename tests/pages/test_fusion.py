"""Page 05's sentences follow from its numbers; claims, and errors before any work."""

from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from IPython.display import Markdown

from ptclnm import cohorts, published
from ptclnm.book.parameters import declared
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.evaluation.sets import pairs_by_set, unseen
from ptclnm.models.classifiers import NAMES
from ptclnm.models.data import ImageData
from ptclnm.models.deep.plan import POOLED, DeepPlan
from ptclnm.models.fusion.source import ALONE, FUSED, NETWORK
from ptclnm.models.sources import Plans
from ptclnm.models.zoo import Plan
from ptclnm.pages.fusion import claims, words
from ptclnm.paths import NOTEBOOKS
from ptclnm.report import page as page_module
from ptclnm.report.beside import read_beside
from ptclnm.report.metrics import beside_paper
from ptclnm.schema import Cohort

NOTEBOOK = NOTEBOOKS / "05_fusion.ipynb"


def predictions(texture: float, shape: float, n: int = 900, seed: int = 0) -> pd.DataFrame:
    """Scores of three models: one signal in texture, one in shape, and their sum when fused."""
    rng = np.random.default_rng(seed)
    parts = []
    for split in ("train", "internal", "external"):
        label = (np.arange(n) % 3 == 0).astype(int)
        one, two = (signal * label + rng.normal(size=n) for signal in (texture, shape))
        weights = np.array([texture, shape]) / (texture + shape)
        both = weights[0] * one + weights[1] * two
        for model, score in ((FUSED, both), (ALONE, one), (NETWORK, two)):
            columns = {"model": model, "split": split, "label": label, "score": score}
            ids = [f"{split}{i:03d}" for i in range(n)]
            parts.append(pd.DataFrame(columns | {"patient_id": ids}))
    return pd.concat(parts, ignore_index=True).assign(study="ni2024")


def test_the_page_says_that_fusion_beats_both_parts_only_where_both_know_something() -> None:
    two = words.fusion(pairs_by_set(unseen(predictions(0.9, 0.9))))
    assert two.count("beats both of its parts") == 2
    one = words.fusion(pairs_by_set(unseen(predictions(0.9, 1e-6))))
    assert "beats both" not in one
    assert one.count(f"fusion beats {NETWORK}, but **is not shown to beat {ALONE}**") == 2


def test_the_page_says_when_fusion_is_worse_than_a_part() -> None:
    table = predictions(0.9, 0.9)
    noise = np.random.default_rng(1).normal(size=len(table))
    table["score"] = np.where(table["model"] == FUSED, noise, table["score"])
    text = words.fusion(pairs_by_set(unseen(table)))
    assert text.count(f"**worse than {ALONE} and {NETWORK}**") == 2


def test_pairs_are_of_the_same_patients_and_leave_the_training_set_out() -> None:
    pairs = pairs_by_set(unseen(predictions(0.9, 0.5)))
    assert set(pairs["split"]) == {"internal", "external"} and set(pairs["paired"]) == {"paired"}
    assert (pairs["n"] == 900).all() and pairs["model_a"].tolist()[:2] == [FUSED, FUSED]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("DenseNet121", "imagenet", False), ""),
        (("DenseNet121", "none", False), "started from somewhere."),
        (("EfficientNet-Lite0", "imagenet", False), "**EfficientNet-Lite0**, layer *pooled*"),
        (("DenseNet121", "imagenet", True), "last layer"),
    ],
)
def test_another_network_than_the_papers_is_said_loudly(settings, told: str) -> None:
    name, weights, freeze = settings
    plan = DeepPlan(name, weights, freeze=freeze)
    names = ("original_glcm_Idm", "dl_0000", "dl_0001")
    features = ImageData(np.zeros((0, 3)), names, *[np.zeros(0)] * 3)
    text = words.network(plan, "pooled", {"origin": "somewhere"}, features)
    assert text.startswith("Features: radiomics (1), DL (2).")
    assert told in text and (":class: danger" in text) == bool(told)


def zoo(kept: list[int], deep: list[int]) -> dict[str, pd.DataFrame]:
    names = [f"original_glcm_F{i}" for i in range(6)] + ["dl_pc001", "dl_pc004"]
    cv = pd.DataFrame([(n, f, 0.6 + 0.01 * (n == "MLP")) for n in ("LR", "MLP") for f in (0, 1)],
                      columns=["classifier", "fold", "auc"])  # fmt: skip
    return {
        "coefficients": pd.DataFrame({"feature": names, "coefficient": 0.1, "survival": 0.5}),
        "resamples": pd.DataFrame({"draw": range(len(kept)), "kept": kept, "deep": deep}),
        "survival": pd.DataFrame({"feature": names, "share": 0.6}), "cv": cv,
        "inner": pd.concat([cv.assign(outer=o) for o in (0, 1)]),
    }  # fmt: skip


def test_kept_features_are_counted_by_part_beside_the_papers_seven_and_three() -> None:
    table = claims.counts(zoo([9, 10, 11], [1, 2, 3]), published.load("ni2024"))
    assert table[["reported", "obtained"]].to_numpy().tolist() == [[7, 6], [3, 2]]
    assert table["median"].tolist() == [8, 2]


MINE = Cohort("mine", "Mine", "own", "Any.", pd.DataFrame(), (), pd.DataFrame(), "f")


def judged(made: dict[str, pd.DataFrame], scores: pd.DataFrame) -> pd.DataFrame:
    """Claims of the page by the last part of their ids."""
    paper, network = published.load("ni2024"), DeepPlan("DenseNet121", "imagenet")
    beside = read_beside(paper, "fusion")
    metrics = beside_paper(metrics_table(scores, "youden-train"), paper, beside)
    table = claims.table(paper, MINE, network, made, unseen(scores), metrics, beside)
    prefix = "fusion-ni2024-mine-"
    return table.assign(claim_id=table["claim_id"].str.removeprefix(prefix)).set_index("claim_id")


def test_claims_follow_from_intervals() -> None:
    scores = predictions(0.9, 0.9)
    table = judged(zoo([9, 10, 11], [0, 1, 1]), scores)
    assert table.loc["kept-dl", "verdict"] == "not consistent"
    assert table.loc["best", "verdict"] == "consistent"
    auc = metrics_table(scores, "youden-train").set_index(["model", "split"])
    for split, printed in (("internal", 0.839), ("external", 0.789)):
        row = auc.loc[(FUSED, split)]
        inside = row["auc_low"] <= printed <= row["auc_high"]
        claim = table.loc[f"auc-thy-dl-radiomics-{split}"]
        assert claim["reported"].startswith(str(printed))
        assert claim["verdict"] == ("consistent" if inside else "not consistent")
    gain = table.loc["better-than-thy-radiomics"]
    assert gain["reported"] == "+0.052" and "paired DeLong" in gain["quantity"]
    assert len([name for name in table.index if name.startswith("auc-")]) == 2, "not the parts'"


def test_a_best_classifier_that_only_some_folds_choose_is_too_wide_to_tell() -> None:
    scores, made = predictions(0.9, 0.9), zoo([9, 10, 41], [0, 1, 1])
    cv, inner = made["cv"], made["inner"]
    other = cv.assign(auc=0.6 + 0.01 * (cv["classifier"] == "LR"))
    for folds, expected in (
        (inner, "too wide to tell"),
        (other.assign(outer=0), "not consistent"),
    ):
        table = judged(made | {"cv": other, "inner": folds}, scores)
        best = table.loc["best"]
        assert best["verdict"] == expected
        changes = best["note"].startswith("The choice changes with the folds.")
        assert changes == (folds is inner)
    kept = table.loc["kept-radiomics"]
    assert kept["verdict"] == "not consistent", "7 is outside 9 to 38"
    assert "Resamples" not in kept["note"]
    kept = judged(zoo([5, 6, 41], [0, 1, 1]), scores).loc["kept-radiomics"]
    assert kept["verdict"] == "too wide to tell"
    assert kept["note"].startswith("Resamples keep from 5 to 38: few numbers")


def test_another_network_than_the_papers_is_noted_beside_every_verdict() -> None:
    paper, scores = published.load("ni2024"), predictions(0.9, 0.9)
    beside = read_beside(paper, "fusion")
    metrics = beside_paper(metrics_table(scores, "youden-train"), paper, beside)
    made, network = zoo([9], [1]), DeepPlan("DenseNet121", "none")
    table = claims.table(paper, MINE, network, made, unseen(scores), metrics, beside)
    told = "Deep features of DenseNet121 from other than ImageNet's weights here."
    assert table["note"].str.contains(told).all()
    assert not judged(made, scores)["note"].str.contains("Deep features").any()


def test_what_the_network_remembers_stands_beside_new_patients() -> None:
    table = pd.DataFrame({"model": NETWORK, "split": ["train", "internal"], "auc": [0.95, 0.7]})
    fused = table.assign(model=FUSED, auc=[1.0, 0.71])
    choice = pd.DataFrame({"classifier": ["RF"], "mean": [0.96], "chosen": [True]})
    text = words.memory(pd.concat([table, fused]), choice)
    assert "0.950 on the patients" in text and "of 0.700 in internal" in text
    assert "0.960 for the chosen RF, against 0.710 in internal" in text


def test_parameters_of_the_page_are_those_of_the_package() -> None:
    parameters = declared(NOTEBOOK)
    assert parameters["classifiers"].choices == NAMES
    own = {name: parameter.default for name, parameter in parameters.items()}
    assert own["layer"] == POOLED and own["resamples"] == Plans.resamples
    assert own["network"] == f"{Plans.fused.architecture}@{Plans.fused.weights}"
    assert (own["folds"], own["seed"]) == (Plan.folds, Plan.seed)
    assert own["scheduler"] == Plans.scheduler


@pytest.mark.parametrize("page", ["02_radiomics_zoo", "03_dl_zoo"])
def test_what_earlier_pages_computed_is_found_again(page: str) -> None:
    own, other = declared(NOTEBOOK), declared(NOTEBOOKS / f"{page}.ipynb")
    shared = set(own) & set(other) - {"results_dir"}
    assert {n: own[n].default for n in shared} == {n: other[n].default for n in shared}


def run_cells(opened, folder: Path, **changed: Any) -> None:
    """Run the notebook's cells with a cohort opened by this function."""
    parameters, *others = [c for c in nbformat.read(NOTEBOOK, 4).cells if c.cell_type == "code"]
    space: dict[str, Any] = {"__name__": "notebook"}
    exec(parameters.source, space)
    space |= {"results_dir": str(folder)} | changed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohorts, "open", opened)
        for cell in others:
            exec(cell.source, space)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"network": "DensNet121"}, "did you mean 'DenseNet121'"),
        ({"layer": "growth"}, "layer is 'growth'"),
        ({"classifiers": ["SVN"]}, "'SVN'"),
        ({"resamples": -1}, "resamples is -1"),
        ({"most_habitats": 1}, "most_habitats is 1"),
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"study": "li2024"}, "prints no combined model"),
        ({"image_size": 20}, "image_size is 20"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(
    changed: dict, message: str, tmp_path: Path
) -> None:
    def opened(*_, **__):
        raise AssertionError("work was begun")

    with pytest.raises(ParameterError, match=message):
        run_cells(opened, tmp_path, **changed)


def test_without_data_the_page_says_how_to_get_them_and_judges_no_claim(
    monkeypatch, tmp_path: Path
) -> None:
    def refuse(*_, **__):
        raise MissingDataError("Get them there.")

    said: list[Markdown] = []
    monkeypatch.setattr(page_module, "display", said.append)
    with pytest.raises(SystemExit, match="0"):
        run_cells(refuse, tmp_path)
    assert "Get them there." in said[0].data
    assert pd.read_csv(tmp_path / "claims.csv").empty


def test_the_answer_says_on_whom_and_what_came_out_in_five_lines() -> None:
    paper, scores = published.load("ni2024"), predictions(0.9, 0.9)
    patients = scores.drop_duplicates("patient_id")
    cohort = Cohort("mine", "Mine", "own", "Any.", patients, (), pd.DataFrame(), "f")
    metrics = beside_paper(metrics_table(scores), paper, read_beside(paper, "fusion"))
    said = words.answer(cohort, metrics, pairs_by_set(unseen(scores)))
    lines = [line for line in said.splitlines() if line.startswith("- ")]
    assert len(lines) == 3
    assert "2,700 patients, 900 with the outcome" in lines[0] and "evidence: own" in lines[0]
    auc = metrics.set_index(["model", "split"]).loc[(FUSED, "internal"), "auc"]
    assert f"{auc:.3f}" in lines[1] and "the paper prints 0.839" in lines[1]
    assert all("beats both of its parts" in line for line in lines[1:])


def test_without_an_internal_set_the_gain_is_judged_on_the_set_that_is_there() -> None:
    scores = predictions(0.9, 0.9)
    scores = scores[scores["split"] != "internal"].replace({"split": {"external": "test"}})
    table = judged(zoo([9], [1]), scores)
    assert "in the test set" in table.loc["better-than-thy-dl", "quantity"]
    assert not [name for name in table.index if name.startswith("auc-")]
