"""Paths of the machine that ran a page, kept out of what the page shows."""

import copy
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from ptclnm.book.project import Project


def places(project: Project) -> dict[str, str]:
    """Give folders whose paths say who ran a page and where, with what to write instead."""
    return {
        str(project.build): "_build",
        str(project.root.resolve()): ".",
        sys.prefix: "<python>",
        str(Path.home()): "~",
    }


def without_places(cells: list[NotebookNode], known: Mapping[str, str]) -> list[NotebookNode]:
    """Replace known folders in the text that cells put out; pictures are left alone.

    Parameters
    ----------
    cells : list of NotebookNode
        Executed cells; they are not changed.
    known : mapping of str to str
        What to write for each folder.
    """
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"({'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)")

    def mend(text: str) -> str:
        return pattern.sub(lambda match: known[match[1]], text)

    cells = copy.deepcopy(cells)
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if "text" in output:
            output.text = mend(output.text)
        data = output.get("data", {})
        data.update({kind: mend(data[kind]) for kind in data if kind.startswith("text/")})
    return cells
