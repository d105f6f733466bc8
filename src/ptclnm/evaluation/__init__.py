"""What is judged: ROC curves and their comparison, operating points, calibration, net benefit."""

from ptclnm.evaluation.calibration import (
    RiskError,
    calibration_curve,
    hosmer_lemeshow,
    hosmer_lemeshow_table,
)
from ptclnm.evaluation.clinical import screened, univariable, vif
from ptclnm.evaluation.decision import decision_curves, thresholds
from ptclnm.evaluation.delong import Curves, OneClassError, ScoresError, delong
from ptclnm.evaluation.logistic import LogisticModel, ModelError, SeparationError, fit_logistic
from ptclnm.evaluation.operating import metrics_table
from ptclnm.evaluation.pairs import auc_table, compare, paired_tests, pairs_table

__all__ = [
    "Curves",
    "LogisticModel",
    "ModelError",
    "OneClassError",
    "RiskError",
    "ScoresError",
    "SeparationError",
    "auc_table",
    "calibration_curve",
    "compare",
    "decision_curves",
    "delong",
    "fit_logistic",
    "hosmer_lemeshow",
    "hosmer_lemeshow_table",
    "metrics_table",
    "paired_tests",
    "pairs_table",
    "screened",
    "thresholds",
    "univariable",
    "vif",
]
