"""Execution of one notebook by the interpreter that runs this."""

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from ptclnm.book.project import PageError
from ptclnm.progress import TERMINAL, own_terminal

START_SECONDS = 180
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class OwnInterpreter(AsyncKernelManager):
    """Starts the running interpreter, whatever kernel is registered as ``python3``.

    What libraries write to the kernel process's own streams goes to `log_file`, which is
    no part of the page.
    """

    log_file: Path

    @property
    def kernel_spec(self) -> KernelSpec:
        """Kernel specification of the running interpreter."""
        return KernelSpec(**get_kernel_dict())

    async def start_kernel(self, **options: Any) -> None:
        """Start the kernel with its streams in the log; progress goes to this terminal."""
        options["env"] = {**os.environ, **(options.get("env") or {}), TERMINAL: own_terminal()}
        with self.log_file.open("wb") as log:
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
        Receives what the kernel process writes to its own streams.

    Raises
    ------
    PageError
        With number of the code cell, error and traceback, or the end of the log where the
        kernel died.
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
