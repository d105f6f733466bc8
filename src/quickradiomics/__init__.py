"""Radiomics features: pyradiomics' values, each to the last digits, in a fraction of the time."""

from quickradiomics.engine import Measured, measure
from quickradiomics.errors import RadiomicsError, RegionError, SettingsError
from quickradiomics.settings import Settings, from_content, load_settings

__all__ = [
    "Measured",
    "RadiomicsError",
    "RegionError",
    "Settings",
    "SettingsError",
    "from_content",
    "load_settings",
    "measure",
]
