"""Cohorts: one row per image, opened by name or by manifest."""

from ptclnm.cohorts.registry import open_cohort as open
from ptclnm.schema import Cohort

__all__ = ["Cohort", "open"]
