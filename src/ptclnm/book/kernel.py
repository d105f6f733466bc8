"""Execution of one notebook by the interpreter that runs this."""

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from ptclnm.book.project import PageError
from ptclnm.book.quiet import LOG
from ptclnm.progress import TERMINAL, own_terminal

START_SECONDS = 180
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# By default the kernel would show on the page what goes to the process's own streams.
OWN_STREAMS = ["--IPKernelApp.capture_fd_output=False"]


class OwnInterpreter(AsyncKernelManager):
    """Starts the running interpreter, whatever kernel is registered as ``python3``.

    What goes to the kernel process's own streams, and what a page keeps off, ends in `log_file`,
    which is no part of the page.
    """

    log_file: Path

    @property
    def kernel_spec(self) -> KernelSpec:
        """Kernel specification of the running interpreter."""
        return KernelSpec(**get_kernel_dict(OWN_STREAMS))

    async def start_kernel(self, **options: Any) -> None:
        """Start the kernel with its streams in the log; progress goes to this terminal."""
        places = {TERMINAL: own_terminal(), LOG: str(self.log_file)}
        options["env"] = {**os.environ, **(options.get("env") or {}), **places}
        with self.log_file.open("ab") as log:  # the page appends to it as well
            await super().start_kernel(stdout=log, stderr=log, **options)


def execute(notebook: Path, output: Path, parameters: Mapping[str, Any], *, log_file: Path) -> None:
    """Run a notebook with papermill.

    Parameters
    ----------
    notebook, output : Path
        What to run and where the executed notebook goes, also if it fails.
    parameters : mapping
        Checked values.
    log_file : Path
        Receives what is kept off the page.

    Raises
    ------
    PageError
        With number of the code cell, error and traceback, or the end of the log where the
        kernel died; or with the first line that a cell has written on the page.
    """
    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=START_SECONDS,
            cwd=output.parent,
            kernel_manager_class=type("Kernel", (OwnInterpreter,), {"log_file": log_file}),
        )
    except PapermillExecutionError as error:
        trace = ANSI.sub("", "\n".join(error.traceback))
        place = f"code cell {error.exec_count}"
        raise PageError(f"{place}: {error.ename}: {error.evalue}\n{trace}") from error
    except KeyboardInterrupt:
        # The waiting cell's task ends with the kernel, and asyncio would print that as an error.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        raise
    except DeadKernelError as error:
        tail = "\n".join(log_file.read_text("utf-8", "replace").splitlines()[-20:])
        raise PageError(f"the kernel died ({error})\n{tail}") from error
    if found := written(nbformat.read(output, as_version=4)):
        lines = "\n".join(f"code cell {cell} writes on the page: {line!r}" for cell, line in found)
        raise PageError(
            f"{lines}\nA page shows tables, figures and sentences only: make it the value of its "
            "cell, as in `say(...)`, or take it out."
        )


def written(notebook: NotebookNode) -> list[tuple[int, str]]:
    """List the code cells that show stdout or stderr in an executed notebook, with a first line."""
    texts = {
        cell.execution_count: "".join(o.text for o in cell.outputs if o.output_type == "stream")
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    return [(cell, text.strip().partition("\n")[0]) for cell, text in texts.items() if text]
