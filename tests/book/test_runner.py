"""What a run leaves behind: complete pages and a whole book, or the former ones."""

import json
import os
import re
import signal
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from ptclnm.book.project import Project


def contents(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def wait_for(path: Path) -> str:
    """Give a file's text once it has some."""
    for _ in range(600):
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.1)
    raise AssertionError(f"{path} did not appear")


def test_a_run_leaves_pages_results_claims_and_a_book(ran_once: Project) -> None:
    for page in ("one", "two"):
        assert (ran_once.runs("quick") / f"{page}.ipynb").is_file()
        html = (ran_once.html / f"{page}.html").read_text()
        assert f"Title of {page}" in html
        assert "Heading of the notebook" not in html
        assert str(ran_once.root) not in html
    claims = pd.read_csv(ran_once.results("quick") / "claims.csv")
    assert list(claims.claim_id) == ["one-1", "two-1"]
    assert list(claims.columns[-2:]) == ["page", "headline"]
    assert "contradicts" in (ran_once.html / "index.html").read_text()
    assert not [*ran_once.build.rglob(".partial-*"), *ran_once.build.rglob(".old-*")]


def test_a_page_without_its_data_has_no_figure_and_is_not_found_but_reached(
    small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    monkeypatch.setenv("PTCLNM_FETCHED", str(tmp_path))
    drawn = "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')"
    small.notebook_of("absent", drawn, "page.open('ddti')")
    small.profile_of(small.entry("one", "first", study="a"), small.entry("two", "absent"))
    done = small.run()
    assert done.returncode == 0, done.stdout + done.stderr
    html = (small.html / "two.html").read_text()
    article = html[html.index("<article") : html.index("</article>")]
    assert "suspicion" in article and "data fetch ddti" in re.sub("<[^>]*>", "", article)
    assert not re.search("<(svg|img|figure|figcaption|pre)|nosearch", article)
    index = (small.html / "searchindex.js").read_text()
    assert '"Title of one"' in index and "suspicion" not in index and "Title of two" not in index
    assert 'href="two.html"' in (small.html / "one.html").read_text()
    assert (small.runs("quick") / "two.ipynb").read_text().count("image/svg+xml") == 1


def test_a_page_is_one_line_with_its_time(small: Project) -> None:
    done = small.run("--no-build")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [(line[0], line[1], line[3]) for line in lines] == [
        ("[1/2]", "one", "s"),
        ("[2/2]", "two", "s"),
    ]
    assert done.stderr == ""


def test_a_misspelt_parameter_stops_before_anything_runs(small: Project) -> None:
    done = small.run("--param", "studdy=b", "--param", "number=12")
    assert done.returncode == 2
    assert "did you mean 'study'" in done.stderr
    assert "page one: number is 12" in done.stderr
    assert "Traceback" not in done.stderr
    assert not small.build.exists()


def test_an_unknown_page_is_named_with_the_nearest(small: Project) -> None:
    done = small.run("--only", "onne")
    assert done.returncode == 2
    assert "did you mean 'one'" in done.stderr


def test_a_value_by_hand_goes_before_the_profile_and_to_those_that_declare_it(
    small: Project,
) -> None:
    lines = 'other: int = 1  # another\nresults_dir: str = ""  # folder'
    small.notebook_of("second", small.saves.replace("study=study", 'study="b"'), parameters=lines)
    one, two = small.entry("one", "first", number=2, study="a"), small.entry("two", "second")
    small.profile_of(one, two)
    done = small.run("--param", "number=3", "--no-build")
    assert done.returncode == 0, done.stderr
    given = [
        nbformat.read(small.runs("quick") / f"{page}.ipynb", 4).metadata.papermill.parameters
        for page in ("one", "two")
    ]
    given = [{k: v for k, v in values.items() if k != "results_dir"} for values in given]
    assert given == [{"number": 3, "study": "a"}, {}]


def test_a_failing_cell_is_named_and_no_book_is_published(ran: Project) -> None:
    before = contents(ran.html)
    former = (ran.runs("quick") / "two.ipynb").read_bytes()
    ran.notebook_of("second", "1 / 0", "print('never reached')")
    done = ran.run()
    assert done.returncode == 1
    assert "page two, code cell" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "1 / 0" in done.stderr
    assert (ran.runs("quick") / "one.ipynb").is_file()
    assert (ran.runs("quick") / "two.ipynb").read_bytes() == former
    assert "ZeroDivisionError" in (ran.runs("quick") / "two.failed.ipynb").read_text()
    assert contents(ran.html) == before
    again = ran.run("--only", "one")
    assert "two: failed when it last ran" in again.stdout
    assert contents(ran.html) == before


def test_a_kernel_that_dies_is_a_failed_page(small: Project) -> None:
    small.notebook_of("first", "import os", "os._exit(3)")
    done = small.run("--only", "one")
    assert done.returncode == 1
    assert "page one, the kernel died" in done.stderr


def test_a_page_that_writes_no_results_is_a_failed_page(ran: Project) -> None:
    before = contents(ran.results("quick"))
    ran.notebook_of("first", "1 + 1")
    done = ran.run("--only", "one")
    assert done.returncode == 1
    assert "page one, it has written no results" in done.stderr
    assert (ran.runs("quick") / "one.failed.ipynb").is_file()
    assert contents(ran.results("quick")) == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_the_former_page_whole(
    ran: Project, sent: signal.Signals
) -> None:
    before = contents(ran.runs("quick")) | contents(ran.results("quick"))
    marker = ran.root / "started"
    wait = f"import os, time\nPath({str(marker)!r}).write_text(str(os.getpid()))\ntime.sleep(300)"
    ran.notebook_of("second", 'page.save_table(pd.DataFrame({"n": [1]}), "half")', wait)
    process = ran.start("--only", "two")
    kernel = int(wait_for(marker))
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert contents(ran.runs("quick")) | contents(ran.results("quick")) == before
    assert not list(ran.build.rglob(".partial-*"))
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


def test_two_runs_of_a_profile_do_not_meet(small: Project) -> None:
    with small.alone("quick"):
        done = small.run("--no-build")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "profile quick is being run into" in done.stderr and "--build-dir" in done.stderr
    assert small.run("--no-build", "--only", "one").returncode == 0


def test_only_runs_one_page_and_takes_the_others_as_they_were(small: Project) -> None:
    first = small.run("--only", "two")
    assert first.returncode == 0
    assert "one: has not run" in first.stdout
    assert not small.html.exists()
    assert small.run("--only", "one", "--param", "number=7").returncode == 0
    page = (small.html / "one.html").read_text()
    assert "number: 7" in re.sub("<[^>]+>", "", page)
    assert (small.html / "two.html").is_file()


def test_a_warning_of_sphinx_makes_the_run_fail(ran: Project) -> None:
    before = contents(ran.html)
    index = ran.book / "index.md"
    index.write_text(index.read_text() + "\nSee {doc}`nowhere`.\n")
    done = ran.run("--only", "one")
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert contents(ran.html) == before


def test_missing_prose_is_named(ran: Project) -> None:
    toc = ran.book / "_toc.yml"
    toc.write_text(toc.read_text() + "      - file: glossary\n      - file: checklists\n")
    done = ran.run("--only", "two")
    assert done.returncode == 1
    assert "glossary" in done.stderr and "checklists" in done.stderr


def test_the_running_interpreter_is_the_kernel_whatever_is_registered(
    small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "share" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    done = small.run("--only", "one", "--no-build")
    assert done.returncode == 0, done.stderr
