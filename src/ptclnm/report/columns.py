"""Which columns of the audit's tables a page shows, and their headings."""

P_VALUES = {
    "variable": "Variable", "group_a": "Group", "group_b": "against", "test": "Test", "p": "p",
    "printed": "Printed", "reproduces": "Same digits", "smd": "SMD",
}  # fmt: skip
SPLIT_CHECKS = {
    "evaluation_set": "Set", "model": "Model", "found_positive": "With",
    "found_negative": "Without", "found": "Split found", "stated_positive": "With, stated",
    "stated_negative": "Without, stated", "stated": "Split stated",
    "mlscorecheck_found": "mlscorecheck, found", "mlscorecheck_stated": "mlscorecheck, stated",
    "verdict": "Verdict",
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
TENSORS = {"module": "Module of DenseNet121", "shape": "Shape for one image of 224 pixels"}
SAMPLE_SIZE = {
    "model": "Model", "patients": "Patients", "events": "With outcome", "predictors": "Candidates",
    "events_per_predictor": "Outcomes each", "r2": "Cox–Snell R²", "minimum": "Needed",
    "enough": "Enough",
}  # fmt: skip
CLAIMS = {
    "quantity": "Claim", "reported": "Reported", "obtained": "Obtained", "verdict": "Verdict",
    "where": "Where", "note": "What would settle it",
}  # fmt: skip
