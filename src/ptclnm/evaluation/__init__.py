"""What is judged: ROC curves and their comparison, operating points.

Calibration, decision curves, clinical regression and nomograms are modules of their own, imported
when needed: their libraries take seconds to load.
"""

from ptclnm.evaluation.delong import Curves, OneClassError, ScoresError, delong
from ptclnm.evaluation.operating import mcnemar_table, metrics_table
from ptclnm.evaluation.pairs import (
    Contrast,
    NestedModelsWarning,
    auc_table,
    compare,
    contrast_test,
    nested_pairs,
    paired_tests,
    pairs_table,
)
from ptclnm.evaluation.resampling import bootstrap_pairs

__all__ = [
    "Contrast",
    "Curves",
    "NestedModelsWarning",
    "OneClassError",
    "ScoresError",
    "auc_table",
    "bootstrap_pairs",
    "compare",
    "contrast_test",
    "delong",
    "mcnemar_table",
    "metrics_table",
    "nested_pairs",
    "paired_tests",
    "pairs_table",
]
