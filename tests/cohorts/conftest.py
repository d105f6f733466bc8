"""The command ``ptclnm data``, run as from a terminal."""

from collections.abc import Callable

import pytest

from ptclnm.cli import main


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Give the exit code of a command and all that it says."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["ptclnm", "data", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, "".join(capfd.readouterr())

    return run
