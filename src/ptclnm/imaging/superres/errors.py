"""The named error of super-resolution."""

from ptclnm.errors import ProblemsError


class SuperResError(ProblemsError):
    """Pictures or weights that super-resolution cannot use."""
