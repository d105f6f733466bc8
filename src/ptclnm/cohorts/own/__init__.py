"""The reader's own cohort: one YAML manifest, one CSV, a folder of images and masks."""

from ptclnm.cohorts.own.cohort import check_manifest, open_manifest
from ptclnm.cohorts.own.problems import Problem, Report

__all__ = ["Problem", "Report", "check_manifest", "open_manifest"]
