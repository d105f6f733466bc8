"""Recount the printed numbers of a paper: do they follow from each other."""

from recount.audit import Audit, audit, claims
from recount.comparisons import paired_p, power
from recount.features import deep_tensors, part_readings, printed_features
from recount.printed import decimals
from recount.pvalues import p_values
from recount.schema import CELL_METRICS, METRICS, RecordError
from recount.stated import confirmed
from recount.tables import Study, load
from recount.verdicts import AGREES, CONFLICTS, CONTRADICTS, OPEN

__all__ = [
    "AGREES", "CELL_METRICS", "CONFLICTS", "CONTRADICTS", "METRICS", "OPEN", "Audit", "RecordError",
    "Study", "audit", "claims", "confirmed", "decimals", "deep_tensors", "load", "p_values",
    "paired_p", "part_readings", "power", "printed_features",
]  # fmt: skip
