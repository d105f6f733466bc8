"""The book: parameters, profiles, running pages, staging, building."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptclnm.book.quiet import keep_off

if TYPE_CHECKING:
    from ptclnm.book.project import Project
    from ptclnm.report.page import Page

__all__ = ["start_page"]


def start_page(
    notebook: str, namespace: Mapping[str, Any], project: "Project | None" = None
) -> "Page":
    """Start the page of a running notebook; call it right after its parameters are set.

    From here on the page shows what the notebook's own cells show, and nothing that other code
    writes, not even while it is imported, see :mod:`ptclnm.book.quiet`.

    Parameters, result and errors are those of :func:`ptclnm.book.page.start_page`.
    """
    keep_off(namespace)
    from ptclnm.book import page

    return page.start_page(notebook, namespace, project)
