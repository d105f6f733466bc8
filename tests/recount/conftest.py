"""A small third paper, written as CSVs, that tests plant errors in."""

from collections.abc import Callable
from pathlib import Path

import pytest

ABOUT = {
    "name": "demo", "title": "Demo", "citation": "demo", "doi": "10.0/demo",
    "endpoint": "metastasis", "positive": "present", "negative": "absent",
    "summary": "A made-up paper.", "text": "none.txt", "images_per_patient": "[1, 1]",
}  # fmt: skip
HEADERS = {
    "groups": "study,where,quote_hint,group,parent,role,n",
    "counts": "study,where,quote_hint,variable,level,group,statistic,value",
    "performance": "study,where,quote_hint,evaluation_set,set_stated,model,metric,value",
    "comparisons": "study,where,quote_hint,model_a,set_a,model_b,set_b,statistic,value",
    "claims": "claim_id,where,quantity,reported,check,combine,settled_by,headline",
    "relations": "study,where,quote_hint,quantity,total,parts",
    "statements": ("study,where,quote_hint,statement,evaluation_set,model_a,model_b,whole,premise"),
    "design": "study,where,quote_hint,model,training_group,predictors,auc,inputs",
    "features": "study,where,quote_hint,quantity,value",
}


def metric_lines(
    name: str, model: str, table: tuple[int, int, int, int], **changed: str
) -> list[str]:
    """Performance rows that a 2x2 table (tp, fp, fn, tn) gives, printed to three digits."""
    tp, fp, fn, tn = table
    exact = {
        "accuracy": (tp + tn) / sum(table), "sensitivity": tp / (tp + fn),
        "specificity": tn / (tn + fp), "ppv": tp / (tp + fp), "npv": tn / (tn + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
    }  # fmt: skip
    printed = {metric: f"{value:.3f}" for metric, value in exact.items()} | changed
    return [f"demo,Table 2,{model},{name},yes,{model},{m},{v}" for m, v in printed.items()]


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[..., Path]:
    """Write a study's folder from lists of CSV rows; returns the folder."""

    def write(about: dict[str, str] | None = None, **tables: list[str]) -> Path:
        folder = tmp_path / "demo"
        folder.mkdir(exist_ok=True)
        lines = [f"{key}: {value}" for key, value in (ABOUT | (about or {})).items()]
        (folder / "study.yml").write_text("\n".join(lines), encoding="utf-8")
        defaults = {"groups": [], "counts": [], "performance": []}
        for name, rows in (defaults | tables).items():
            text = "\n".join([HEADERS[name], *rows]) + "\n"
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder

    return write


GROUPS = [
    "demo,Table 1,h,all,,,300", "demo,Table 1,h,train,all,,200", "demo,Table 1,h,test,all,,100",
    "demo,Table 1,h,train_yes,train,positive,60", "demo,Table 1,h,train_no,train,negative,140",
    "demo,Table 1,h,test_yes,test,positive,30", "demo,Table 1,h,test_no,test,negative,70",
]  # fmt: skip
