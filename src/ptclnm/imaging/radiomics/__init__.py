"""Radiomics features: pyradiomics' values, each to the last digits, in a fraction of the time.

`extract` gives the features table of a cohort; `measure` the features of one picture.
"""

from ptclnm.imaging.radiomics.cohort import Extraction, extract, extract_all
from ptclnm.imaging.radiomics.engine import Measured, measure
from ptclnm.imaging.radiomics.errors import ExtractionError, RegionError
from ptclnm.imaging.radiomics.settings import DECLARED, Settings, load_settings

__all__ = [
    "DECLARED",
    "Extraction",
    "ExtractionError",
    "Measured",
    "RegionError",
    "Settings",
    "extract",
    "extract_all",
    "load_settings",
    "measure",
]
