"""Replication of two studies on lymph-node metastasis of papillary thyroid carcinoma."""

__version__ = "0.1.0"
