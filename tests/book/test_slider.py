"""The slider of page 04 obeys mouse and keyboard, and without scripts all pictures are there."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ptclnm.pages.superres.slider import ALT, comparison, surroundings
from ptclnm.paths import BOOK

pytestmark = pytest.mark.browser


def pictures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, x = np.mgrid[:300, :400]
    mask = np.hypot(y - 120, x - 260) < 60
    return np.full(mask.shape, 40.0), np.full(mask.shape, 200.0), mask


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = comparison(*pictures()).data
    parts = [(BOOK / "_static" / name).read_text(encoding="utf-8")
             for name in ("custom.css", "compare.js")]  # fmt: skip
    path = tmp_path_factory.mktemp("slider") / "page.html"
    path.write_text(
        f'<!doctype html><html lang="en"><title>t</title><style>{parts[0]}</style>{made}'
        f"<script>{parts[1]}</script></html>",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory():
        started = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    made = browser.new_page(viewport={"width": 900, "height": 900})
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.goto(file.as_uri())
    yield made
    made.close()
    assert problems == []


def border(page: Page) -> float:
    style = page.eval_on_selector(".compare-after", "e => getComputedStyle(e).clipPath")
    return float(style.removeprefix("inset(").split()[3].rstrip("%)px"))


def grey(page: Page, share: float, at: float = 0.5) -> int:
    """Grey level of a pixel of the stage, at a share of its width and height."""
    import io

    from PIL import Image

    shot = Image.open(io.BytesIO(page.locator(".compare-stage").screenshot())).convert("L")
    return shot.getpixel((int(share * (shot.width - 1)), int(at * (shot.height - 1))))


def test_original_is_left_of_the_border_and_made_is_right(page: Page) -> None:
    assert border(page) == 50
    assert grey(page, 0.25) == pytest.approx(40, abs=2)
    assert grey(page, 0.75) == pytest.approx(200, abs=2)


def test_keys_move_the_border(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "compare-border"
    page.keyboard.press("ArrowRight")
    assert border(page) == 51
    page.keyboard.press("End")
    assert border(page) == 100
    assert grey(page, 0.75) == pytest.approx(40, abs=2)
    page.keyboard.press("Home")
    assert border(page) == 0
    assert page.get_attribute(".compare-border", "aria-valuetext") == "0 percent"


def test_the_mouse_moves_the_border_on_the_picture_and_on_the_range(page: Page) -> None:
    box = page.locator(".compare-stage").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], y, steps=4)
    page.mouse.up()
    assert border(page) == pytest.approx(20, abs=1)
    page.mouse.move(box["x"] + 0.9 * box["width"], y)
    assert border(page) == pytest.approx(20, abs=1), "let go"
    ends = page.locator(".compare-border").bounding_box()
    page.mouse.click(ends["x"] + 0.8 * ends["width"], ends["y"] + ends["height"] / 2)
    assert border(page) == pytest.approx(80, abs=4)


def test_zoom_and_difference_work_by_keyboard(page: Page) -> None:
    page.focus(".compare-zoom")
    page.keyboard.press("End")
    scale = page.eval_on_selector(".compare-after img", "e => getComputedStyle(e).transform")
    assert scale.startswith("matrix(6, 0, 0, 6")
    page.focus(".compare-differ")
    page.keyboard.press("Space")
    assert grey(page, 0.25) == pytest.approx(255, abs=2), "the made picture is brighter everywhere"


def test_every_control_has_a_name_and_the_picture_a_description(page: Page) -> None:
    names = page.eval_on_selector_all(
        ".compare input", "all => all.map(e => e.ariaLabel || e.labels[0].textContent.trim())"
    )
    assert len(names) == 3 and all(len(name) > 8 for name in names)
    assert page.get_attribute(".compare-stage", "aria-label") == ALT


def test_without_scripts_all_three_pictures_are_there(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    made = context.new_page()
    made.goto(file.as_uri())
    assert made.locator(".compare-stage img:visible").count() == 3
    assert not made.locator(".compare-border").is_visible()
    context.close()


def test_what_is_shown_is_the_nodule_with_its_surroundings() -> None:
    _, _, mask = pictures()
    rows, cols = surroundings(mask)
    assert rows.start <= 60 and rows.stop >= 180 and cols.start <= 200 and cols.stop >= 320
    assert (rows.stop - rows.start) < 300 or (cols.stop - cols.start) < 400
