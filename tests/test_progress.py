"""Progress is seen by whoever waits, and is on no page."""

import io
import os
import pty
import sys
import time

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
    monkeypatch.setattr(time, "monotonic", iter([0, 4000, 4200]).__next__)
    parallel_map(square, range(3), 1, "patients")
    lines = [line.rstrip(" ") for line in terminal.getvalue().split("\r")]
    first, second = "1/3 patients, 2 h 13 min left", "2/3 patients, 35 min 0 s left"
    assert lines[:3] == ["", first, second]
    assert lines[3].split() == ["3/3", "patients"] and lines[3].endswith("\n")
    # A shorter line leaves nothing of a longer one.
    assert len(terminal.getvalue().split("\r")[3].rstrip("\n")) >= len(first)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stderr", file)
    parallel_map(square, range(3), 1, "patients")
    assert file.getvalue() == ""


def test_a_page_tells_the_terminal_of_the_command_that_runs_it(monkeypatch, tmp_path):
    watched = tmp_path / "terminal"
    monkeypatch.setenv(TERMINAL, str(watched))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    parallel_map(square, range(2), 1, "patients")
    assert watched.read_text().split()[-2:] == ["2/2", "patients"]
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
