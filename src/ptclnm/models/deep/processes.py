"""Several processes that train together, from a script or from a notebook."""

from pytorch_lightning.strategies import DDPStrategy
from pytorch_lightning.strategies.launchers.multiprocessing import _MultiProcessingLauncher


class _FromAnywhere(_MultiProcessingLauncher):
    """Starts processes by spawn, in a notebook too.

    Lightning forbids spawn there, since what a cell defines cannot be found by a new process.
    Everything that is trained here is defined in this package, which can.
    """

    @property
    def is_interactive_compatible(self) -> bool:
        """True: see the class."""
        return True


class Spawned(DDPStrategy):
    """DDP over gloo, its processes spawned.

    A fork of a process that has computed with several threads may wait for ever. The statistics
    of batch normalisation are not sent round at every step, since evaluation gives processes
    different numbers of batches; they are shared before each judgement, see ``Classifier``.
    """

    def __init__(self) -> None:
        super().__init__(
            start_method="spawn", process_group_backend="gloo", forward_sync_buffers=False
        )

    def _configure_launcher(self) -> None:
        self._launcher = _FromAnywhere(self, start_method="spawn")
