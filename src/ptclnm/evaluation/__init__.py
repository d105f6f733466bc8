"""What is judged: ROC curves and their comparison, operating points.

Calibration, decision curves, clinical regression and nomograms are modules of their own, imported
when needed: their libraries take seconds to load.
"""

from ptclnm.evaluation.delong import Curves, OneClassError, ScoresError, delong
from ptclnm.evaluation.operating import mcnemar_table, metrics_table
from ptclnm.evaluation.pairs import (
    auc_table,
    compare,
    contrast_test,
    mark_nested,
    paired_tests,
    pairs_table,
)

__all__ = [
    "Curves",
    "OneClassError",
    "ScoresError",
    "auc_table",
    "compare",
    "contrast_test",
    "delong",
    "mark_nested",
    "mcnemar_table",
    "metrics_table",
    "paired_tests",
    "pairs_table",
]
