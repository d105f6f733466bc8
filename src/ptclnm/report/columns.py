"""One heading for each column of a table, in the whole book."""

HEADINGS = {
    "above": "Above 0.75", "accuracy": "Acc.",
    "auc": "AUC", "auc_a": "AUC", "auc_high": "AUC, to",
    "auc_low": "AUC, from", "auc_b": "AUC of the other", "auc_base": "AUC of the base",
    "auc_with": "AUC with it", "chi2": "χ²",
    "ddti_high": "DDTI, 97.5 %",
    "ddti_low": "DDTI, 2.5 %", "ddti_median": "DDTI, median", "degenerate": "No variance",
    "df": "Degrees of freedom", "draws": "Resamples", "evaluation_set": "Set",
    "events": "With outcome", "f1": "F1", "fn": "FN", "fp": "FP", "high": "to",
    "holds": "Interval holds the AUC",
    "ici": "ICI", "icc": "ICC(A,1)", "index": "Measure", "inner_auc": "AUC on the rest",
    "kappa": "κ", "logit_high": "to", "logit_low": "Logit scale, from",
    "low": "95 % from", "mean": "Mean AUC", "mean_minus_sd": "Mean − SD", "minimum": "Needed",
    "model_a": "Model", "model_b": "Against", "n": "Patients",
    "npv": "NPV", "one_level": "Share of images in one bin",
    "only_a": "Model alone right", "only_b": "Other alone right", "p": "p",
    "p_corrected": "p, corrected", "p_exact": "p, exact", "p_here": "p at ours",
    "p_holm": "p, Holm", "p_unpaired": "p, unpaired", "p_variable": "p of the variable",
    "paired": "Test", "positives": "With outcome", "power_here": "Chance of p < 0.05",
    "ppv": "PPV", "psnr": "PSNR (dB)", "r2": "Cox–Snell R²", "random": "ρ, random weights",
    "rho": "ρ", "sd": "SD", "sensitivity": "Sens.", "set_a": "Set", "set_b": "Against set",
    "sharpness": "Edge slope (grey/px)", "shift": "Shift (SD)", "shuffled": "ρ, shuffled labels",
    "sim_median": "Simulated, median", "slope_high": "to", "slope_low": "95 % from",
    "smd": "SMD", "specificity": "Spec.", "split": "Set", "ssim": "SSIM",
    "title": "In full", "tn": "TN", "tp": "TP", "verdicts": "Gravest verdict", "vif": "VIF",
    "width": "Median width of the interval",
    "what": "Pictures", "whose": "From", "z": "z",
}  # fmt: skip


def heading(column: str) -> str:
    """Head a column: as the table above says, else by its own name, e.g. ``Odds ratio``."""
    return HEADINGS.get(column, column[:1].upper() + column[1:].replace("_", " "))
