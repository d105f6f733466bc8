"""Page 05's sentences follow from its numbers; claims and errors before any work."""

import numpy as np
import pandas as pd
import pytest

from ptclnm import published
from ptclnm.book.parameters import declared
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation import metrics_table
from ptclnm.models.classifiers import NAMES
from ptclnm.models.fusion.source import ALONE, DEFAULTS, FUSED, NETWORK
from ptclnm.models.validation import FoldsError
from ptclnm.paths import NOTEBOOKS
from ptclnm.report import fusion_page, fusion_tables, fusion_texts
from ptclnm.report import metrics as radiomics_tables

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
        for model, score in ((ALONE, one), (NETWORK, two), (FUSED, both)):
            columns = {"model": model, "split": split, "label": label, "score": score}
            ids = [f"{split}{i:03d}" for i in range(n)]
            parts.append(pd.DataFrame(columns | {"patient_id": ids}))
    return pd.concat(parts, ignore_index=True).assign(study="ni2024")


def test_the_page_says_that_fusion_beats_both_parts_only_where_both_know_something() -> None:
    two = fusion_texts.fusion_text(fusion_tables.pairs_by_set(predictions(0.9, 0.9)))
    assert two.count("beats both of its parts") == 2
    one = fusion_texts.fusion_text(fusion_tables.pairs_by_set(predictions(0.9, 1e-6)))
    assert "beats both" not in one
    assert one.count(f"fusion beats {NETWORK}, but **is not shown to beat {ALONE}**") == 2


def test_the_page_says_when_fusion_is_worse_than_a_part() -> None:
    table = predictions(0.9, 0.9)
    noise = np.random.default_rng(1).normal(size=len(table))
    table["score"] = np.where(table["model"] == FUSED, noise, table["score"])
    text = fusion_texts.fusion_text(fusion_tables.pairs_by_set(table))
    assert text.count(f"**worse than {ALONE} and {NETWORK}**") == 2


def test_pairs_are_of_the_same_patients_and_leave_the_training_set_out() -> None:
    pairs = fusion_tables.pairs_by_set(predictions(0.9, 0.5))
    assert set(pairs["split"]) == {"internal", "external"} and set(pairs["paired"]) == {"paired"}
    assert (pairs["n"] == 900).all() and pairs["model_a"].tolist()[:2] == [FUSED, FUSED]


@pytest.mark.parametrize(
    ("settings", "told", "silent"),
    [
        (("DenseNet121", "imagenet", False), "", "danger"),
        (("DenseNet121", "none", False), "No pretrained weights", "not of DenseNet121"),
        (("EfficientNet-Lite0", "imagenet", False), "**EfficientNet-Lite0**, not of", "No pretr"),
        (("DenseNet121", "imagenet", True), "last layer", "No pretrained"),
        (("DenseNet121", "mine.pt", False), "weights of your own", "No pretrained"),
    ],
)
def test_another_network_than_the_papers_is_said_loudly(settings, told: str, silent: str) -> None:
    text = fusion_texts.network_text(*settings, "pooled", {"origin": "somewhere"})
    assert told in text and silent not in text
    assert (":class: danger" in text) == bool(told)


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
    table = fusion_tables.counts_table(zoo([9, 10, 11], [1, 2, 3]), published.load("ni2024"))
    assert table[["reported", "obtained"]].to_numpy().tolist() == [[7, 6], [3, 2]]
    assert table["median"].tolist() == [8, 2]


def test_claims_follow_from_intervals() -> None:
    paper, scores = published.load("ni2024"), predictions(0.9, 0.9)
    metrics = radiomics_tables.beside_paper(
        metrics_table(scores, "youden-train"), paper, fusion_tables.PAPER
    )
    found = fusion_tables.claims_table(
        paper, "mine", "own", "A note.", zoo([9, 10, 11], [0, 1, 1]), scores, metrics
    ).set_index("claim_id")
    prefix = "fusion-ni2024-mine-"
    assert found.loc[f"{prefix}kept-dl", "verdict"] == "not consistent"
    assert found.loc[f"{prefix}best", "verdict"] == "consistent"
    for split, printed in (("internal", 0.839), ("external", 0.789)):
        row = metrics.set_index(["model", "split"]).loc[(FUSED, split)]
        inside = row["auc_low"] <= printed <= row["auc_high"]
        claim = found.loc[f"{prefix}auc-thy-dl-radiomics-{split}"]
        assert claim["reported"].startswith(str(printed))
        assert claim["verdict"] == ("consistent" if inside else "not consistent")
    gain = found.loc[f"{prefix}better-than-thy-radiomics"]
    assert gain["reported"] == "+0.052" and "paired DeLong" in gain["quantity"]
    assert len([name for name in found.index if "-auc-" in name]) == 2, "not the parts' own"


def test_a_best_classifier_that_only_some_folds_choose_is_too_wide_to_tell() -> None:
    paper, scores = published.load("ni2024"), predictions(0.9, 0.9)
    made = zoo([9, 10, 41], [0, 1, 1])
    cv, inner = made["cv"], made["inner"]
    metrics = radiomics_tables.beside_paper(metrics_table(scores), paper, fusion_tables.PAPER)
    other = cv.assign(auc=0.6 + 0.01 * (cv["classifier"] == "LR"))
    for folds, expected in (
        (inner, "too wide to tell"),
        (other.assign(outer=0), "not consistent"),
    ):
        tables = made | {"cv": other, "inner": folds}
        found = fusion_tables.claims_table(paper, "mine", "own", "", tables, scores, metrics)
        best = found.set_index("claim_id").loc["fusion-ni2024-mine-best"]
        assert best["verdict"] == expected
        assert best["note"] == ("The choice changes with the folds." if folds is inner else "")
    kept = found.set_index("claim_id").loc["fusion-ni2024-mine-kept-radiomics"]
    assert kept["verdict"] == "not consistent" and kept["note"] == "", "7 is outside 9 to 38"
    tables = zoo([5, 6, 41], [0, 1, 1])
    found = fusion_tables.claims_table(paper, "mine", "own", "", tables, scores, metrics)
    kept = found.set_index("claim_id").loc["fusion-ni2024-mine-kept-radiomics"]
    assert kept["verdict"] == "too wide to tell"
    assert kept["note"].startswith("Resamples keep from 5 to 38: few numbers")


def test_memory_is_said_only_where_the_network_knows_its_own_patients_better() -> None:
    table = pd.DataFrame({"model": NETWORK, "split": ["train", "internal"], "auc": [0.95, 0.7]})
    table["auc_low"] = table["auc"] - 0.1
    fused = table.assign(model=FUSED, auc=[1.0, 0.71])
    choice = pd.DataFrame({"classifier": ["RF"], "mean": [0.96], "chosen": [True]})
    text = fusion_texts.memory_text(pd.concat([table, fused]), choice)
    assert "what it remembers" in text
    assert "0.960 for the chosen RF, against 0.710 in internal" in text
    assert "No memory" in fusion_texts.memory_text(
        table.assign(auc=[0.6, 0.7], auc_low=[0.5, 0.6]), choice
    )
    close = table.assign(auc=[0.75, 0.7], auc_low=[0.65, 0.5])
    assert "No memory" in fusion_texts.memory_text(close, choice), "a gap within chance"
    unknown = fusion_texts.memory_text(table.assign(auc_low=np.nan), choice)
    assert "cannot be told" in unknown and "what it remembers" not in unknown


def test_parameters_of_the_page_are_those_of_the_package() -> None:
    parameters = declared(NOTEBOOK)
    assert parameters["classifiers"].choices == NAMES
    same = ("network", "layer", "folds", "seed", "settings", "scheduler", "stack", "resamples")
    assert {n: parameters[n].default for n in same} == {n: DEFAULTS[n] for n in same}


@pytest.mark.parametrize("page", ["02_radiomics_zoo", "03_dl_zoo"])
def test_what_earlier_pages_computed_is_found_again(page: str) -> None:
    own, other = declared(NOTEBOOK), declared(NOTEBOOKS / f"{page}.ipynb")
    shared = set(own) & set(other) - {"results_dir"}
    assert {n: own[n].default for n in shared} == {n: other[n].default for n in shared}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"network": "DensNet121"}, "did you mean 'DenseNet121'"),
        ({"layer": "growth"}, "EfficientNet-Lite0 has no layer 'growth'"),
        ({"classifiers": ["SVN"]}, "no classifier 'SVN'"),
        ({"resamples": -1}, "resamples is -1"),
        ({"fewest_habitats": 5, "most_habitats": 4}, "fewest_habitats is 5, most_habitats 4"),
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"study": "li2024"}, "prints no combined model"),
        ({"image_size": 20}, "image_size is 20"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(
    changed: dict, message: str, monkeypatch
) -> None:
    def opened(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(fusion_page.cohorts, "open", opened)
    values = {name: parameter.default for name, parameter in declared(NOTEBOOK).items()}
    with pytest.raises(ParameterError, match=message):
        fusion_page.view(values | changed)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MissingDataError("Get them there."), "Get them there."),
        (FoldsError("5 folds, but 1 patient with the outcome"), "5 folds, but 1"),
    ],
)
def test_without_data_or_with_too_few_patients_the_page_says_so(
    error: Exception, told: str, monkeypatch
) -> None:
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(fusion_page.cohorts, "open", refuse)
    values = {name: parameter.default for name, parameter in declared(NOTEBOOK).items()}
    found = fusion_page.view(values)
    assert told in fusion_page.summary(found)
    assert fusion_page.claims(found).empty
    assert fusion_page.draw(found, "roc").startswith("Left out")
    assert fusion_page.say_about(found, "fusion").startswith("Left out")
    assert "None." in fusion_page.lay_out(found, "pairs", "Pairs.").data


def test_without_an_internal_set_the_gain_is_judged_on_the_set_that_is_there() -> None:
    paper, scores = published.load("ni2024"), predictions(0.9, 0.9)
    scores = scores[scores["split"] != "internal"].replace({"split": {"external": "test"}})
    metrics = radiomics_tables.beside_paper(
        metrics_table(scores, "youden-train"), paper, fusion_tables.PAPER
    )
    found = fusion_tables.claims_table(
        paper, "mine", "public", "", zoo([9], [1]), scores, metrics
    ).set_index("claim_id")
    assert "in the test set" in found.loc["fusion-ni2024-mine-better-than-thy-dl", "quantity"]
    assert not [name for name in found.index if "-auc-" in name]
