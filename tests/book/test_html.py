"""The built book opens in a browser with the network off, and everything in it is there."""

import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ptclnm.book.profiles import load_profile
from ptclnm.book.project import Project
from ptclnm.book.runner import verdict_block
from ptclnm.paths import BOOK, ROOT
from ptclnm.report.claims import VERDICTS, badge

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    # Every host but this machine's own address is unknown: the network is off.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def documents() -> list[str]:
    """Name every page that the book has to have: the prose, then those of the profile."""
    contents = (BOOK / "_toc.yml").read_text(encoding="utf-8")
    pages = [spec.page for spec in load_profile("tiny", Project()).pages]
    return [*re.findall(r"\b(?:root|file): (\S+)", contents), *pages]


class Silent(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def address(html: Path) -> Iterator[str]:
    """Serve the book on this machine alone."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=html))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start a browser."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


class Heard:
    """Everything that a page asked for and complained of while it was open."""

    def __init__(self, page: Page, address: str) -> None:
        self.problems: list[str] = []
        page.on("console", lambda m: self._add(m.type == "error", f"console: {m.text}"))
        page.on("pageerror", lambda error: self._add(True, f"script: {error}"))
        page.on("requestfailed", lambda r: self._add(True, f"failed: {r.url}"))
        page.on("response", lambda r: self._add(r.status >= 400, f"{r.status}: {r.url}"))
        own = (address, "data:", "blob:")
        page.on("request", lambda r: self._add(not r.url.startswith(own), f"abroad: {r.url}"))

    def _add(self, wrong: bool, line: str) -> None:
        if wrong:
            self.problems.append(line)


@pytest.fixture(params=documents())
def opened(
    request: pytest.FixtureRequest, browser: Browser, address: str
) -> Iterator[tuple[Page, Heard]]:
    """Open one page of the book and wait until it is at rest."""
    page = browser.new_page()
    heard = Heard(page, address)
    page.goto(f"{address}/{request.param}.html", wait_until="networkidle")
    yield page, heard
    page.close()


def test_a_page_opens_whole_without_the_network(opened: tuple[Page, Heard]) -> None:
    page, heard = opened
    formulas = page.locator(".math").count()
    if formulas:
        page.wait_for_selector("mjx-container", state="attached")
        page.wait_for_load_state("networkidle")
    assert heard.problems == []
    assert page.locator("article h1").count() == 1
    assert page.locator(".math:not(:has(mjx-container))").count() == 0
    assert page.locator("mjx-merror").count() == 0
    assert page.locator(".problematic, .system-message").count() == 0
    empty = "images => images.filter(i => !i.alt || !i.naturalWidth).map(i => i.src)"
    assert page.eval_on_selector_all("img:not([src=''])", empty) == []
    bare = ".cell_output img:not(figure img)"
    assert page.locator(bare).count() == 0, "a picture of a cell has a caption"
    assert page.locator(".glue-error").count() == 0


def test_no_page_shows_what_was_written_to_stdout_or_stderr(html: Path) -> None:
    executed = sorted((html.parent / "runs").glob("*/*.ipynb"))
    assert executed
    found = [
        f"{path.stem}, code cell {cell.execution_count}: {output.text.splitlines()[:1]}"
        for path in executed
        for cell in nbformat.read(path, 4).cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    ]
    assert found == []


def test_the_claims_can_be_filtered(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/claims.html")
    rows = page.locator("#claims-table tbody tr:visible")
    everything = rows.count()
    page.select_option("select[name=verdict]", "contradicts")
    shown = rows.locator("td:nth-child(7)").all_inner_texts()
    assert 0 < len(shown) < everything
    assert set(shown) == {"contradicts"}
    page.select_option("select[name=verdict]", "agrees")
    shown = rows.locator("td:nth-child(7)").all_inner_texts()
    assert shown and all(re.match("agrees(, if .+)?$", text) for text in shown)
    page.fill("input[name=text]", "no claim says this")
    assert rows.count() == 0
    page.close()


def test_nothing_of_the_machine_that_built_it_is_in_the_book(html: Path) -> None:
    places = [str(ROOT), sys.prefix, str(Path.home()), tempfile.gettempdir() + "/"]
    files = [p for p in html.rglob("*") if p.suffix in {".html", ".ipynb", ".md", ".csv", ".svg"}]
    assert files
    found = [
        f"{path.relative_to(html)}: {place}"
        for path in files
        for place in places
        if len(place) > 1 and place in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_badges_can_be_read_on_their_ground(browser: Browser, address: str, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(f"{address}/claims.html")
    first = page.locator("#claims-table td").first
    every = "".join(map(badge, VERDICTS))
    first.evaluate("(cell, badges) => cell.insertAdjacentHTML('beforeend', badges)", every)
    worst = page.evaluate(CONTRAST)
    assert worst >= 4.5, "WCAG AA"
    page.close()


CONTRAST = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const c = numbers(getComputedStyle(node).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ratios = [...document.querySelectorAll(".badge-verdict, .badge-evidence")].map((badge) => {
    const pair = [light(numbers(getComputedStyle(badge).color)), light(ground(badge))];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  });
  return Math.min(...ratios);
}"""


def test_the_readme_shows_what_the_printed_numbers_give(html: Path) -> None:
    """Verdicts on other patients depend on how many there are; those on print do not."""
    block = verdict_block("tiny", Project(build_dir=html.parent))
    printed = [line for line in block.splitlines() if "| published |" in line]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert printed
    assert [line for line in printed if line not in readme] == [], "run: make readme"
