"""The papers' tables as frames, and the audit that checks them against each other."""

from ptclnm.published.audit import Audit, audit
from ptclnm.published.tables import Study, load, studies

__all__ = ["Audit", "Study", "audit", "load", "studies"]
