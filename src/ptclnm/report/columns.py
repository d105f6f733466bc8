"""Which columns of the audit's tables a page shows, and their headings."""

from collections.abc import Iterable

SPLIT_CHECKS = {
    "evaluation_set": "Set", "model": "Model", "found_positive": "With",
    "found_negative": "Without", "found_fit": "Cells that fit", "stated_positive": "With, stated",
    "stated_negative": "Without, stated", "stated_fit": "Cells that fit", "cells": "Cells",
    "as_images": "As images", "off_by": "Worst cell off by", "verdict": "Verdict",
    "found": "mlscorecheck, found", "stated": "stated",
}  # fmt: skip
CONFUSION = {
    "evaluation_set": "Set", "model": "Model", "tp": "TP", "fp": "FP", "fn": "FN", "tn": "TN",
}  # fmt: skip
FEATURES = {
    "quantity": "Check", "printed": "Printed", "follows": "Follows", "verdict": "Verdict",
}  # fmt: skip
READINGS = {
    "quantity": "Printed as", "printed": "Number", "image_types": "Image types",
    "per_image": "Features each", "classes": "Classes",
}  # fmt: skip
COMPARISONS = {
    "model_a": "Model", "set_a": "Set", "model_b": "Against", "set_b": "Set", "statistic": "Claim",
    "printed": "Printed", "follows": "Follows", "verdict": "Verdict",
}  # fmt: skip
DISCORDANCE = {
    "model_a": "Model", "model_b": "Against", "metric": "Metric", "follows": "Right, and p",
}  # fmt: skip
ERROR_RATES = {
    "kind": "Papers with", "papers": "Papers", "verdicts": "Gravest verdict", "share": "Share",
    "low": "From", "high": "To",
}  # fmt: skip
TENSORS = {"module": "Module of DenseNet121", "shape": "Shape for one image of 224 pixels"}
SAMPLE_SIZE = {
    "model": "Model", "patients": "Patients", "events": "With outcome", "predictors": "Candidates",
    "events_per_predictor": "Outcomes each", "r2": "Cox–Snell R²", "minimum": "Needed",
    "enough": "Enough",
}  # fmt: skip
CLAIMS = {
    "claim": "Claim", "reported": "Reported", "obtained": "Obtained", "verdict": "Verdict",
    "note": "What would settle it",
}  # fmt: skip


def same(names: Iterable[str]) -> dict[str, str]:
    """Head every column of a frame with its own name."""
    return {name: name for name in names}
