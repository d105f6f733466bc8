"""Building the staged book, and putting it in the place of the former one."""

import os
import re
import subprocess
import sys
from pathlib import Path

from ptclnm.book.folders import fresh, swap
from ptclnm.book.project import BuildError, Project

COMMAND = "from jupyter_book.cli.main import main; main()"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WARNING = re.compile(r"WARNING|ERROR|CRITICAL|Exception|Error:", re.IGNORECASE)


def build_book(tree: Path, project: Project, profile: str) -> Path:
    """Build the HTML of a staged tree; publish it only if that gives no warning.

    Parameters
    ----------
    tree : Path
        Folder made by `ptclnm.book.stage.stage_book`.
    project : Project
        Its ``html`` folder is replaced.
    profile : str
        Name of the profile.

    Returns
    -------
    Path
        The folder of the published book.

    Raises
    ------
    BuildError
        With the warnings; the former book stays.
    """
    output = fresh(project.stage(profile) / "output")
    options = ["--path-output", str(output), "-W", "--keep-going", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "build", str(tree), *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
    )
    html = output / "_build" / "html"
    if done.returncode or not (html / "index.html").is_file():
        raise BuildError(
            f"The book could not be built from {tree}; the former one stays.\n"
            + _told(done.stdout + done.stderr, tree)
        )
    swap(html, project.html)
    return project.html


def _told(output: str, tree: Path) -> str:
    """Keep the lines that say what is wrong, with paths relative to the tree."""
    output = ANSI.sub("", output)
    lines = [line.replace(f"{tree}/", "") for line in output.splitlines() if line.strip()]
    told = [line for line in lines if WARNING.search(line)]
    return "\n".join(dict.fromkeys(told or lines[-20:]))
