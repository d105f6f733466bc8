"""The nomogram's calculator in a browser: what it says is what Python computes."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, sync_playwright

from ptclnm.evaluation.nomogram.study import Built, fit_nomograms
from ptclnm.pages.nomogram.calculator import WARNING, calculator, decimals_of
from ptclnm.pages.nomogram.drawing import LEFT, WIDTH, label_of
from ptclnm.paths import BOOK, ROOT

pytestmark = pytest.mark.browser

LEVELS = ["smooth", "irregular", "extrathyroidal"]
CLINICAL = ["age", "size", "foci", "margin"]


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    table = pd.read_csv(ROOT / "tests" / "oracles" / "nomogram_input.csv")
    margin = pd.Categorical(table["margin"], LEVELS)
    ids = [f"p{i}" for i in range(len(table))]
    return table.assign(margin=margin, patient_id=ids, split="train")


@pytest.fixture(scope="module")
def built(train) -> Built:
    return fit_nomograms(train, {"Nomogram_A": "signature"}, CLINICAL)[0]


@pytest.fixture
def page(chromium: str, built: Built, train: pd.DataFrame) -> Iterator[Page]:
    """The calculator on a page of its own; no complaint may have been heard when it closes."""
    static = BOOK / "_static"
    script = (static / "nomogram.js").read_text(encoding="utf-8")
    style = (static / "custom.css").read_text(encoding="utf-8")
    form = calculator(built, train, "Invented patients.").data
    heard: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        opened = browser.new_page()
        opened.on("console", lambda m: heard.append(m.text) if m.type == "error" else None)
        opened.on("pageerror", lambda error: heard.append(str(error)))
        opened.on("request", lambda request: heard.append(f"asked for {request.url}"))
        opened.set_content(
            f'<!doctype html><html lang="en"><style>{style}</style><body>{form}'
            f"<script>{script}</script></body></html>"
        )
        yield opened
        browser.close()
    assert heard == []


def values(page: Page, built: Built) -> pd.DataFrame:
    """What the controls say, as the regression takes it."""
    texts = page.eval_on_selector_all(
        "tbody input, tbody select", "nodes => nodes.map(node => node.value)"
    )
    variables = built.model.variables
    return pd.DataFrame(
        {
            v.name: [text if v.levels else float(text)]
            for v, text in zip(variables, texts, strict=True)
        }
    )


def check(page: Page, built: Built) -> None:
    """Compare risk, interval, points and markers with Python's."""
    row = values(page, built)
    said = page.eval_on_selector(".nomogram-risk", "node => ({...node.dataset})")
    low, high = built.model.interval(row)
    expected = [built.model.probability(row)[0], low[0], high[0]]
    got = [float(said[name]) for name in ("probability", "low", "high")]
    assert got == pytest.approx(expected, abs=1e-6)
    points = built.nomogram.points(row).iloc[0]
    assert float(said["total"]) == pytest.approx(points["total"], abs=1e-6)
    shown = [float(t) for t in page.locator(".nomogram-points").all_inner_texts()]
    assert shown == pytest.approx(points.drop("total").to_numpy(), abs=0.05 + 1e-9)
    places = page.eval_on_selector_all(
        ".marker[data-variable]", "nodes => nodes.map(node => Number(node.getAttribute('cx')))"
    )
    most = max(axis.points.max() for axis in built.nomogram.axes)
    inside = np.clip(points.drop("total").to_numpy(dtype=float) / most, 0, 1)
    assert places == pytest.approx((LEFT + WIDTH * inside).tolist(), abs=1e-6)


def test_every_control_moves_the_risk_to_what_python_computes(page: Page, built: Built) -> None:
    check(page, built)
    seen = {page.inner_text(".nomogram-risk")}
    for variable in built.model.variables:
        control = page.get_by_label(label_of(variable.name), exact=True)
        if control.evaluate("node => node.tagName") == "SELECT":
            options = control.locator("option").evaluate_all("nodes => nodes.map(n => n.value)")
            for option in options:
                control.select_option(option)
                check(page, built)
                seen.add(page.inner_text(".nomogram-risk"))
            continue
        for key in ("Home", "PageUp", "End", "ArrowLeft"):
            control.press(key)
            check(page, built)
            seen.add(page.inner_text(".nomogram-risk"))
    assert len(seen) > 12, "each control moves the risk"


def test_all_controls_are_reached_by_the_tab_key_and_have_names(page: Page, built: Built) -> None:
    names = []
    for _ in built.model.variables:
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.labels[0].textContent"))
    assert names == [label_of(name) for name in built.model.names]


def test_it_says_in_view_that_it_is_not_for_the_clinic(page: Page) -> None:
    assert page.get_by_text(WARNING).is_visible()
    assert page.locator(".nomogram-static").is_hidden()


def test_text_of_a_cohort_is_text_on_the_page(train) -> None:
    table = train.assign(**{"margin": train["margin"].astype(str) + "</script><b>"})
    built = fit_nomograms(table, {"Nomogram_C": ""}, ["margin"])[0]
    made = calculator(built, table, "A <b>sentence</b>.").data
    assert "<b>" not in made and made.count("</script>") == 1


def test_steps_are_as_fine_as_the_values(train) -> None:
    assert [decimals_of(train[n]) for n in ("age", "size", "signature")] == [0, 1, 3]
