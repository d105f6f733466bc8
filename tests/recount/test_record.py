"""The two papers' record: transcribed as printed, and what is known to follow from it."""

import re

import pandas as pd
import pytest

import recount
from ptclnm import published
from ptclnm.paths import ROOT
from ptclnm.report.claims import check_claims
from recount import RecordError
from recount.audit import claims
from recount.features import GLCM, TEXTURE, network, tensors
from recount.stated import confirmed

from .conftest import GROUPS

PAPERS = ROOT.parent / "shared" / "papers"
TABLES = (
    "groups", "counts", "performance", "comparisons", "features", "design", "relations",
    "statements",
)  # fmt: skip
WORDS = {"3": "three", "4": "four", "5": "five", "7": "seven", "8": "eight", "9": "nine"}


@pytest.fixture(scope="module", params=["li2024", "ni2024"])
def study(request):
    return published.load(request.param)


@pytest.fixture(scope="module")
def audits():
    return {name: recount.audit(published.load(name)) for name in ("li2024", "ni2024")}


def paper_lines(study) -> list[str]:
    path = PAPERS / study.about["text"]
    if not path.is_file():
        pytest.skip(f"the papers' texts are not here: {path}")
    text = (
        path.read_text(encoding="utf-8").replace("\\%", "%").replace("<i>", "").replace("</i>", "")
    )
    lines = [" ".join(re.sub(r"[*$]", "", line).split()) for line in text.split("\n\n")]
    return lines + [" ".join(line.split()) for line in text.splitlines()]


def numbers(line: str) -> set[str]:
    found = re.findall(r"\d[\d,]*\.?\d*", line)
    return {n.replace(",", "").rstrip(".") for n in found} | set(
        re.findall(r"[a-z]+", line.lower())
    )


def values(frame: pd.DataFrame) -> pd.DataFrame:
    """Every transcribed number with the hint of its place."""
    columns = [c for c in ("value", "n", "predictors") if c in frame]
    long = frame.melt(id_vars=["quote_hint"], value_vars=columns, value_name="number")
    return long[long["number"] != ""].drop_duplicates(["quote_hint", "number"])


@pytest.mark.parametrize("table", TABLES)
def test_each_transcribed_number_stands_where_it_says(study, table):
    frame = getattr(study, table)
    if "basis" in frame:
        frame = frame[frame["basis"] == "printed"]
    if "value" in frame or "n" in frame or "predictors" in frame:
        lines = [(line.replace("*", ""), numbers(line)) for line in paper_lines(study)]
        for row in values(frame).itertuples():
            near = [found for line, found in lines if row.quote_hint.replace("*", "") in line]
            assert near, f"{table}: the hint {row.quote_hint!r} is not in the paper"
            known = set().union(*near)
            number = row.number.removeprefix("<")
            listed = str(row.quote_hint.count(",") + 1)  # "a, b, and c" stands for 3
            good = number in known or WORDS.get(number) in known or number == listed
            assert good, f"{row.quote_hint!r}: {number}"


def test_anticipated_aucs_are_printed_ones(study):
    assert set(study.design["auc"]) <= set(study.performance.query("metric == 'auc'")["value"])


@pytest.mark.parametrize("table", TABLES)
def test_hints_are_in_the_paper(study, table):
    lines = paper_lines(study)
    for hint in getattr(study, table)["quote_hint"].unique():
        assert any(hint.replace("*", "") in line.replace("*", "") for line in lines), hint


def test_every_number_of_the_performance_tables_is_transcribed(study):
    """No cell of a table with an AUC column is left out."""
    known = set(study.performance["value"])
    text = PAPERS / study.about["text"]
    if not text.is_file():
        pytest.skip(f"the papers' texts are not here: {text}")
    rows = [line for line in text.read_text(encoding="utf-8").splitlines() if line.count("\t") >= 7]
    rows = [line for line in rows if re.search(r"0\.\d+–0\.\d+", line)]
    assert len(rows) >= 9
    for line in rows:
        for number in re.findall(r"(?<![\w.])[01]?\.\d+", line):
            assert number in known, f"{number} of {line!r}"


EXPECTED = {
    "li2024": {("train", 128, 252): 9, ("test", 45, 119): 9},
    "ni2024": {("internal", 42, 220): 7, ("internal", 15, 135): 1, ("external", 42, 221): 1},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_splits_behind_the_printed_metrics(audits, name):
    checks = audits[name].split_checks
    found = checks.groupby(["evaluation_set", "found_positive", "found_negative"]).size().to_dict()
    assert found == EXPECTED[name]
    independent = confirmed(audits[name].splits)
    assert independent["found"].all() and not independent["stated"].any()


@pytest.mark.parametrize("name", EXPECTED)
def test_confusion_gives_back_every_printed_metric_but_the_cells_named(audits, name):
    audit = audits[name]
    printed = audit.study.performance.query("where in ['Table 2', 'Figure 5']")
    wrong = set(zip(audit.cells.evaluation_set, audit.cells.model, audit.cells.metric, strict=True))
    for row in audit.confusion.itertuples():
        exact = {
            "accuracy": (row.tp + row.tn) / (row.tp + row.fp + row.fn + row.tn),
            "sensitivity": row.tp / (row.tp + row.fn), "specificity": row.tn / (row.tn + row.fp),
            "ppv": row.tp / (row.tp + row.fp), "npv": row.tn / (row.tn + row.fn),
            "f1": 2 * row.tp / (2 * row.tp + row.fp + row.fn),
        }  # fmt: skip
        cells = printed.query("evaluation_set == @row.evaluation_set and model == @row.model")
        for metric, text in zip(cells.metric, cells.value, strict=True):
            if metric in exact:
                close = abs(exact[metric] - float(text)) <= 0.0005 + 1e-9
                assert close != ((row.evaluation_set, row.model, metric) in wrong), (row, metric)


def test_li_p_values_are_yates_for_two_by_two_and_plain_otherwise(audits):
    p = audits["li2024"].p_values
    good = p[p["reproduces"]].set_index("variable")["test"].to_dict()
    assert set(p["variable"]) - set(good) == {"Age", "Diameter"}
    sizes = p[p["kind"] == "count"].groupby("variable")["test"].nunique()
    assert all(good[v] == ("chi-square, Yates" if sizes[v] == 3 else "chi-square") for v in good)


def test_ni_cohort_does_not_add_up(audits):
    totals = audits["ni2024"].totals.set_index("key")
    assert totals.loc["groups:@all", "follows"] == "874"
    assert totals.loc["groups:@external", "follows"] == "354"
    assert (totals.loc[["groups:@all", "levels:Lymph-node metastasis@all"], "premise"] == "").all()
    age = totals.loc["means:mean:Age@all"]
    assert (age["verdict"], age["premise"]) == (
        "conflicts, if", "the printed groups hold every patient",
    )  # fmt: skip


def test_ni_npv_column_is_its_sensitivity_column(audits):
    cells = audits["ni2024"].cells.query("where == 'Table 2'")
    assert len(cells) == 5
    assert set(cells["metric"]) == {"npv"}
    assert set(cells["same_as"]) == {"sensitivity of the same row"}


def test_no_split_of_ni_is_an_unconditional_contradiction_and_every_one_of_li_is(audits):
    ni, li = audits["ni2024"].split_checks, audits["li2024"].split_checks
    assert set(ni["verdict"]) == {"conflicts, if"}
    assert all(premise.startswith("patients are counted, not images") for premise in ni["premise"])
    assert ni.set_index("key")["as_images"].to_dict() == {
        **{f"internal/{model}": "42/220" for model in ni["model"] if model != "Thy-DL-Radiomics"},
        "internal/Thy-DL-Radiomics": "30/270", "external/Thy-DL-Radiomics": "84/442",
    }  # fmt: skip
    assert set(li["verdict"]) == {"contradicts"} and (li["premise"] == "").all()
    models = li[li["model"] != "Radiologist"]
    assert models["off_by"].min() == pytest.approx(0.0052, abs=5e-5)
    assert models["off_by"].max() == pytest.approx(0.0215, abs=5e-5)


def test_rows_that_ni_compares_are_not_of_the_same_cases_whatever_is_counted(audits):
    shares = audits["ni2024"].shares.set_index(["evaluation_set", "model"])
    expected = {
        ("internal", "Thy-DL"): (15.98, 16.11), ("internal", "Thy-Radiomics"): (15.97, 16.09),
        ("external", "Thy-DL-Radiomics"): (15.96, 16.07),
        ("internal", "Thy-DL-Radiomics"): (9.94, 10.03),
    }  # fmt: skip
    for row, bounds in expected.items():
        found = 100 * shares.loc[row, ["low", "high"]].astype(float)
        assert tuple(found.round(2)) == bounds, row
    compared = audits["ni2024"].compared_shares
    assert set(compared["verdict"]) == {"contradicts"} and (compared["premise"] == "").all()
    assert set(audits["li2024"].compared_shares["verdict"]) == {"agrees"}


def test_an_unnamed_comparator_cannot_be_checked(audits):
    rows = audits["ni2024"].comparisons
    assert not rows["paired"].any()
    assert list(rows["verdict"]) == ["cannot be checked", "cannot be checked", "conflicts, if"]
    for words, row in zip(("0.60", "0.77", "0.361"), rows["follows"], strict=True):
        assert words in row
    assert audits["li2024"].comparisons["paired"].all()


def test_the_readers_auc_is_not_that_of_the_row_and_a_graded_reading_is_not_excluded(audits):
    auc = audits["li2024"].auc.set_index("key")
    row = auc.loc["test/Radiologist/Table 2"]
    assert row["verdict"] == "cannot be checked"
    assert "have 0.742; the printed AUC is higher" in row["follows"]
    assert "no yes/no reading of 164 patients" in row["follows"]


def test_feature_accounting(audits):
    li = audits["li2024"].features.set_index("key")
    assert li.loc["formula", "follows"].endswith("= 1561")
    assert li.loc["total", "follows"] == (
        "17 x (first order 18 + GLCM 22 + GLRLM 16 + GLSZM 16 + GLDM 14 + NGTDM 5)"
    ), "the only reading"
    ni = audits["ni2024"].features.set_index("key")
    wrong = ni[ni["verdict"] != "agrees"]["premise"]
    assert wrong.to_dict() == {
        "first_order": "the features are pyradiomics' own classes",
        "categories": "the features are pyradiomics' own classes",
        "deep_layer": "the network is densenet121 as published",
        "repeated:classifiers": "",
    }
    assert ni.loc["categories", "follows"] == "1343 is no multiple of 91, 92, 93, 94"
    assert "1,024" in ni.loc["deep_layer", "follows"]
    assert ni.loc["total", "follows"].startswith("17 x (first order 18 + GLCM 24 + GLRLM 16")


def test_feature_counts_are_those_of_pyradiomics():
    from radiomics import firstorder, glcm, gldm, glrlm, glszm, ngtdm, shape

    def count(cls) -> int:
        return sum(not deprecated for deprecated in cls.getFeatureNames().values())

    modules = {"GLRLM": glrlm.RadiomicsGLRLM, "GLSZM": glszm.RadiomicsGLSZM,
               "GLDM": gldm.RadiomicsGLDM, "NGTDM": ngtdm.RadiomicsNGTDM}  # fmt: skip
    assert {name: count(cls) for name, cls in modules.items()} == TEXTURE
    assert count(shape.RadiomicsShape) == 14
    assert count(glcm.RadiomicsGLCM) in GLCM
    assert count(firstorder.RadiomicsFirstOrder) == 18


def test_densenet_tensor_with_1568_values():
    model = network("densenet121")
    found = tensors(model, 1568)
    assert set(found["shape"]) == {"32 x 7 x 7"}
    assert found["module"].str.startswith("features.denseblock4.denselayer").all()
    assert list(tensors(model, 1000)["module"]) == ["classifier", ""]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_claim_gets_a_computed_verdict(audits, name):
    judged = claims(audits[name])
    checked = check_claims(judged.assign(evidence="published"), name)
    assert len(checked) == len(audits[name].study.claims)
    unchecked = audits[name].study.claims.set_index("claim_id")["check"] == ""
    verdicts = checked.set_index("claim_id")["verdict"]
    assert set(verdicts[unchecked]) == {"cannot be checked"}
    assert {"agrees", "contradicts", "conflicts, if"} <= set(verdicts[~unchecked])


def test_a_claim_on_a_row_that_does_not_exist_is_an_error(write_study):
    folder = write_study(
        groups=GROUPS,
        performance=["demo,T,h,test,yes,A,auc,0.8"],
        claims=["c1,T,q,1,totals:groups:@al,parts,,no"],
    )
    with pytest.raises(RecordError, match="groups:@al'.*groups:@all"):
        claims(recount.audit(published.load(folder)))


def test_planted_sums_are_found(write_study):
    counts = [
        "demo,Table 1,h,Sex,male,train,count,90", "demo,Table 1,h,Sex,female,train,count,111",
        "demo,Table 1,h,Sex,male,test,count,40", "demo,Table 1,h,Sex,female,test,count,60",
        "demo,Table 1,h,Sex,male,all,count,130", "demo,Table 1,h,Sex,female,all,count,171",
        "demo,Table 1,h,Sex,male,test,percent,40.1", "demo,Text,h,Sex,male,test,count,41",
        "demo,Table 1,h,Age,,train,mean,40.0", "demo,Table 1,h,Age,,train,sd,10.0",
        "demo,Table 1,h,Age,,test,mean,50.0", "demo,Table 1,h,Age,,test,sd,10.0",
        "demo,Table 1,h,Age,,all,mean,44.0", "demo,Table 1,h,Age,,all,sd,11.1",
    ]  # fmt: skip
    relations = ["demo,Table 1,h,men,Sex=male@all,Sex=male@train;Sex=male@test"]
    folder = write_study(
        groups=GROUPS, counts=counts, relations=relations,
        performance=["demo,T,h,test,yes,A,auc,0.8"],
    )  # fmt: skip
    rows = recount.audit(published.load(folder)).totals.set_index("key")
    totals = rows["verdict"]
    wrong = set(totals.index[totals == "contradicts"])
    assert wrong == {
        "levels:Sex@train", "levels:Sex@all", "percentages:Sex=male@test",
        "text:count:Sex=male@test",
    }  # fmt: skip
    doubtful = rows[totals == "conflicts, if"]["premise"]
    assert doubtful.to_dict() == {"means:mean:Age@all": "no value is missing"}
    assert totals["relations:Sex=male@all=Sex=male@train;Sex=male@test"] == "agrees"
