"""Page 06: what is fitted on whom, printed numbers beside ours, claims, errors before any work."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptclnm import published
from ptclnm.book.parameters import declared
from ptclnm.cohorts.schema import SPLITS, Cohort
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.evaluation.clinical import join_rare
from ptclnm.evaluation.logistic import ModelError, fit_logistic
from ptclnm.evaluation.nomogram.study import fit_study, nomogram_predictions
from ptclnm.models.classifiers import NAMES
from ptclnm.paths import NOTEBOOKS, ROOT
from ptclnm.report import nomogram_page, nomogram_scores, verdict, whose
from ptclnm.report.nomogram_claims import _accuracies, claims_table
from ptclnm.report.nomogram_drawing import label_sides
from ptclnm.schedulers import SCHEDULERS

NOTEBOOK = NOTEBOOKS / "06_nomogram.ipynb"
CLINICAL = ("age", "size", "foci", "margin")


def oracle_patients() -> pd.DataFrame:
    table = pd.read_csv(ROOT / "tests" / "oracles" / "nomogram_input.csv")
    table["patient_id"] = [f"p{i:03d}" for i in range(len(table))]
    return table.assign(split=np.where(table.index % 3 == 0, "test", "train"), image_id="",
                        image="", mask="", center="A")  # fmt: skip


@pytest.fixture
def cohort() -> Cohort:
    """Patients with clinical columns and a deep signature of somebody else's."""
    table = oracle_patients().rename(columns={"signature": "dl_signature"})
    table["sure"] = np.where((table["label"] == 1) & (table.index % 5 == 0), "yes", "no")
    return Cohort(
        name="mine", title="Mine", evidence="own", endpoint="Any metastasis.", table=table,
        clinical=(*CLINICAL, "sure"), flow=pd.DataFrame(), fingerprint="f",
    )  # fmt: skip


def parameters(**changed: object) -> dict[str, object]:
    values = {name: entry.default for name, entry in declared(NOTEBOOK).items()}
    return values | {"bootstraps": 4, "n_patients": 0, "cohort": "mine"} | changed


@pytest.fixture
def opened(cohort, monkeypatch):
    monkeypatch.setattr(nomogram_page.cohorts, "open", lambda *_, **__: cohort)
    return cohort


def test_choices_of_the_notebook_are_those_of_the_package() -> None:
    own = declared(NOTEBOOK)
    assert own["classifier"].choices == own["classifiers"].choices == NAMES
    assert own["families"].choices == nomogram_scores.FAMILIES
    assert own["fit_on"].choices == SPLITS
    assert own["scheduler"].choices == SCHEDULERS


def test_nothing_of_the_other_patients_reaches_the_fit(opened) -> None:
    first = nomogram_page.view(parameters())
    table = opened.table
    other = table["split"] == "test"
    table.loc[other, "label"] = 1 - table.loc[other, "label"]
    table.loc[other, "size"] *= 7
    again = nomogram_page.view(parameters())
    for name in ("screen", "coefficients", "validation", "corrected"):
        pd.testing.assert_frame_equal(first.tables[name], again.tables[name])


def test_sets_that_change_places_are_fitted_and_judged_the_other_way_round(opened) -> None:
    there = nomogram_page.view(parameters(fit_on="test"))
    opened.table["split"] = opened.table["split"].map({"train": "test", "test": "train"})
    here = nomogram_page.view(parameters())
    pd.testing.assert_frame_equal(there.tables["coefficients"], here.tables["coefficients"])
    columns = ["model", "auc", "cutoff", "accuracy", "reported_auc"]
    judged = [v.tables["metrics"].query("split == @s")[columns].reset_index(drop=True)
              for v, s in ((there, "train"), (here, "test"))]  # fmt: skip
    pd.testing.assert_frame_equal(*judged)


def test_a_column_that_separates_is_named_and_the_others_stay(opened) -> None:
    found = nomogram_page.view(parameters())
    assert "sure" not in found.fitted.predictors
    assert "Sure (separation" in nomogram_page.write(found, "screen")
    with pytest.raises(ModelError, match=r"(?s)Nomogram_B.*'sure: yes'"):
        nomogram_page.view(parameters(predictors=["age", "sure"]))


def test_what_cannot_be_built_is_named_with_its_reason(opened) -> None:
    found = nomogram_page.view(parameters(predictors=["size"]))
    assert [one.name for one in found.fitted.built] == ["Nomogram_B", "Nomogram_C"]
    assert "`radiomics` needs pictures" in found.scores.left_out["Nomogram_A"]
    assert found.scores.left_out["Nomogram_A"] in nomogram_page.summary(found)
    fewer = nomogram_page.view(parameters(families=["radiomics"], predictors=["size"]))
    assert [one.name for one in fewer.fitted.built] == ["Nomogram_C"]


def test_every_table_the_book_promises_is_written(opened, tmp_path) -> None:
    found = nomogram_page.view(parameters())
    written = {}
    page = SimpleNamespace(
        results=tmp_path, save_table=lambda table, name: written.update({name: table})
    )
    nomogram_page.save(page, found)
    promised = {"coefficients", "points", "validation", "calibration", "decision"}
    assert promised <= set(written) and all(len(written[name]) for name in promised)
    kept = pd.read_parquet(tmp_path / "predictions.parquet")
    assert list(kept.columns) == ["study", "model", "split", "patient_id", "label", "score"]


def test_without_the_data_the_page_says_how_to_get_them(monkeypatch) -> None:
    def absent(*_, **__):
        raise MissingDataError("Fetch them.")

    monkeypatch.setattr(nomogram_page.cohorts, "open", absent)
    found = nomogram_page.view(parameters())
    assert "Fetch them." in nomogram_page.summary(found)
    assert nomogram_page.claims(found).empty
    for name in nomogram_page.TEXTS:
        assert nomogram_page.write(found, name) == whose.LEFT_OUT
    assert whose.LEFT_OUT in nomogram_page.calculate(found).data


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cutoff": "youden"}, "did you mean 'youden-"),
        ({"threshold_low": 0.0}, "0 < low < high < 1"),
        ({"threshold_high": 0.01}, "0 < low < high < 1"),
    ],
)
def test_what_is_misspelt_is_named_before_any_work(changed, message, monkeypatch) -> None:
    def work(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(nomogram_page.cohorts, "open", work)
    with pytest.raises(ParameterError, match=message):
        nomogram_page.view(parameters(**changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"predictors": ["ages"]}, "no clinical column 'ages'; did you mean 'age'"),
        ({"candidates": ["sizes"]}, "no clinical column 'sizes'"),
        ({"fewest": 0}, "fewest"),
    ],
)
def test_columns_that_are_not_there_are_named(opened, changed, message) -> None:
    with pytest.raises(ParameterError, match=message):
        nomogram_page.view(parameters(**changed))


class Remembering:
    """A family of models that know their training patients by heart and others hardly."""

    def __init__(self, cohort: Cohort) -> None:
        rng = np.random.default_rng(3)
        table = cohort.patients.assign(model="SVM", study="li2024")
        weak = 0.4 * table["label"] + rng.normal(size=len(table))
        known = table["split"] == "train"
        self.honest = table.assign(score=weak)[known]
        self.plain = table.assign(score=np.where(known, 3 * table["label"] + weak, weak))

    def predictions(self, family: str, *_: object) -> pd.DataFrame:
        return self.plain

    def out_of_fold(self, family: str, *_: object) -> pd.DataFrame:
        return self.honest


def test_a_signature_that_remembers_is_not_believed(opened, monkeypatch) -> None:
    family = Remembering(opened)
    monkeypatch.setattr(nomogram_scores.sources, "available", lambda _: ("radiomics",))
    monkeypatch.setattr(nomogram_scores.sources, "predictions", family.predictions)
    monkeypatch.setattr(nomogram_scores.sources, "out_of_fold", family.out_of_fold)
    found = nomogram_page.view(parameters(families=["radiomics"], predictors=["age", "size"]))
    table = found.tables["train_scores"].set_index(["train_scores", "split"])
    assert table.loc[("resubstituted", "train"), "auc"] > 0.95
    assert table.loc[("resubstituted", "test"), "slope"] < 0.5
    assert table.loc[("out-of-fold", "test"), "slope"] > 0.6
    own = found.tables["metrics"].set_index(["model", "split"])["auc"]
    assert own["Nomogram_A", "train"] == table.loc[("out-of-fold", "train"), "auc"]
    flattered = nomogram_page.view(
        parameters(families=["radiomics"], predictors=["age", "size"], train_scores="resubstituted")
    )
    again = flattered.tables["metrics"].set_index(["model", "split"])["auc"]
    assert again["Nomogram_A", "train"] == table.loc[("resubstituted", "train"), "auc"]
    with pytest.raises(ParameterError, match="fitted on the set 'train'"):
        nomogram_page.view(parameters(families=["radiomics"], fit_on="test"))


def test_a_model_is_taken_by_its_name_or_by_the_name_with_a_remark(cohort) -> None:
    table = cohort.patients.assign(study="li2024", score=0.5)
    source = nomogram_scores.Source("deep", "deep")
    made = table.assign(model="ResNet50 (from scratch)")
    assert len(nomogram_scores._of_model(made, "ResNet50", source)) == len(table)
    with pytest.raises(ParameterError, match="has no model 'ResNet5'"):
        nomogram_scores._of_model(made, "ResNet5", source)


def test_claims_on_a_nomogram_with_other_variables_cannot_be_checked(opened) -> None:
    found = nomogram_page.view(parameters())
    claims = nomogram_page.claims(found).set_index("claim_id")
    row = claims.loc["nomogram-li2024-mine-auc-nomogram-c-test"]
    assert row["reported"].startswith("0.880 (0.826")
    assert row["verdict"] == "cannot be checked" and "nodule diameter" in row["note"]
    assert claims["evidence"].eq("own").all()
    pair = claims.loc["nomogram-li2024-mine-difference-nomogram-b-nomogram-c-test"]
    test = found.tables["differences"].query("model_a == 'Nomogram_B'").iloc[0]
    assert pair["obtained"].startswith(f"{test['difference']:+.3f}")
    assert pair["reported"] == "-0.012, not significant"


def test_claims_of_the_papers_own_variables_are_judged_by_the_intervals() -> None:
    table = oracle_patients().rename(
        columns={"size": "diameter_mm", "foci": "multifocality", "signature": "radiomics score"}
    )
    names = ["age", "diameter_mm", "margin", "multifocality"]
    signatures = {"Nomogram_A": "radiomics score", "Nomogram_C": ""}
    fitted = fit_study(table, names, signatures, names)
    paper = published.load("li2024")
    scores = nomogram_scores.Scores(table, signatures, pd.DataFrame(), {}, {}, {})
    predictions = nomogram_predictions(fitted).assign(study="li2024")
    made = nomogram_page.tables.make_tables(fitted, scores, predictions, paper, parameters())
    claims = claims_table(paper, "mine", "own", "", fitted, made).set_index("claim_id")
    row = made["metrics"].query("model == 'Nomogram_A' and split == 'test'").iloc[0]
    inside = row["auc_low"] <= 0.930 <= row["auc_high"]
    claim = claims.loc["nomogram-li2024-mine-auc-nomogram-a-test"]
    assert claim["verdict"] == ("consistent" if inside else "not consistent")
    assert claims.loc["nomogram-li2024-mine-factor-age", "verdict"] == "consistent"
    hosmer = claims.filter(like="hosmer", axis=0)
    assert len(hosmer) == 4 and hosmer["obtained"].str.contains("of 11").all()


@pytest.mark.parametrize(
    ("tp", "tn", "reported", "expected"),
    [(10, 64, 0.76, "too wide to tell"), (25, 65, 0.92, "consistent"),
     (10, 64, 0.92, "not consistent")],
)  # fmt: skip
def test_an_accuracy_is_judged_against_calling_nobody_positive(tp, tn, reported, expected) -> None:
    row = {"study": "s", "model": "Reader", "split": "test", "n": 100, "positives": 30, "tp": tp,
           "fn": 30 - tp, "tn": tn, "fp": 70 - tn, "accuracy": (tp + tn) / 100,
           "reported_accuracy": reported}  # fmt: skip
    nobody = SimpleNamespace(built=[], predictors=())
    (claim,) = _accuracies(nobody, {"metrics": pd.DataFrame([row])})
    assert claim[5] == expected


def test_levels_of_few_patients_join_the_commonest() -> None:
    table = pd.DataFrame({"site": list("aaaaabbbbbc") + ["d"], "age": range(12)})
    counted = np.r_[np.ones(11, dtype=bool), False]
    joined, list_ = join_rare(table, ["site", "age"], counted, 2)
    assert joined["site"].tolist() == list("aaaaabbbbb") + ["a", "a"]
    assert list_[["level", "n"]].to_numpy().tolist() == [["c", 1], ["d", 0]]
    only_unseen, _ = join_rare(table, ["site"], counted, 1)
    assert only_unseen["site"].tolist() == list("aaaaabbbbbca")
    model = fit_logistic(only_unseen[counted], [0, 1] * 5 + [0], ["age"])
    assert model.n == 11


def test_a_choice_the_paper_leaves_open_is_made_in_every_way() -> None:
    assert verdict.for_every_choice([True, True]) == "consistent"
    assert verdict.for_every_choice([False, False]) == "not consistent"
    assert verdict.for_every_choice([True, False]) == "cannot be checked"
    assert verdict.for_every_choice([]) == "cannot be checked"


def test_no_effect_found_is_not_none_there() -> None:
    assert verdict.shown(0.01) == "consistent"
    assert verdict.shown(0.3) == "too wide to tell"
    assert verdict.shown(float("nan")) == "cannot be checked"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=15), st.floats(0.001, 0.3), st.integers(1, 2))
def test_labels_of_ticks_never_touch(at: list[float], width: float, lines: int) -> None:
    sides = np.array(label_sides(np.array(at), [width] * len(at), lines))
    for side in (1, -1, 2, -2):
        places = np.sort(np.array(at)[sides == side])
        assert (np.diff(places) >= width - 1e-12).all()
    assert sides[np.argmin(at)] == 1
