"""Progress is seen by whoever waits, and is on no page."""

import io
import os
import pty
import sys

from ptclnm.compute import parallel_map
from ptclnm.progress import TERMINAL, own_terminal, tell, terminal


def square(x: int) -> int:
    return x * x


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_one_line_in_a_terminal_and_nothing_elsewhere(monkeypatch):
    terminal, file = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    parallel_map(square, range(3), 1, "patients")
    first, *_, last = terminal.getvalue().strip("\r\n").split("\r")
    assert first.startswith("patients:   0%") and " 0/3 " in first
    assert last.startswith("patients: 100%") and " 3/3 " in last
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stderr", file)
    parallel_map(square, range(3), 1, "patients")
    assert file.getvalue() == ""


def test_a_page_tells_the_terminal_of_the_command_that_runs_it(monkeypatch, tmp_path):
    watched = tmp_path / "terminal"
    monkeypatch.setenv(TERMINAL, str(watched))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    parallel_map(square, range(2), 1, "patients")
    assert "patients: 100%" in watched.read_text()
    tell("training")
    assert watched.read_text() == "training\n"
    monkeypatch.setenv(TERMINAL, str(tmp_path / "gone" / "terminal"))
    tell("nobody sees this")
    with terminal() as stream:
        assert stream is None


def test_the_terminal_has_a_path_where_there_is_one(monkeypatch):
    assert own_terminal() == "" or sys.stderr.isatty()
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        assert own_terminal() == os.ttyname(theirs)
    os.close(ours)
