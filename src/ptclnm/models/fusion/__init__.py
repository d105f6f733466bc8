"""Fusion: radiomics and deep features of the same images in one model, and what each adds."""

from ptclnm.models.fusion.join import MissingFeaturesError, fuse

__all__ = ["MissingFeaturesError", "fuse"]
