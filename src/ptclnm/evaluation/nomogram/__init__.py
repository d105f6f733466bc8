"""The nomogram of a fitted logistic regression: points, validation, calibration."""

from ptclnm.evaluation.nomogram.points import Nomogram, nomogram
from ptclnm.evaluation.nomogram.resampling import corrected_calibration, validate

__all__ = ["Nomogram", "corrected_calibration", "nomogram", "validate"]
