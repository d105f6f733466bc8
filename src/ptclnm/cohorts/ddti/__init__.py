"""DDTI, the Digital Database of Thyroid Ultrasound Images: TI-RADS as a surrogate endpoint."""

from ptclnm.cohorts.ddti.cohort import open_cohort

__all__ = ["open_cohort"]
