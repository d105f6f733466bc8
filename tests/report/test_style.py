"""The look of figures: colours that can be told apart, settings that do not leak."""

import re

import matplotlib as mpl

from ptclnm.paths import BOOK
from ptclnm.report.claims import VERDICTS, slug
from ptclnm.report.style import use_style


def test_every_verdict_has_its_own_colour_in_light_and_dark():
    css = (BOOK / "_static" / "custom.css").read_text(encoding="utf-8")
    names = [slug(word).strip("-") for word in VERDICTS]
    assert [n for n in names if f".verdict-{n} {{ color: var(--{n}); }}" not in css] == []
    light, dark = ([re.search(rf"--{name}: (#\w{{6}});", block)[1] for name in names]
                   for block in css.split('html[data-theme="dark"] {', 1))  # fmt: skip
    assert len(set(light)) == len(set(dark)) == len(VERDICTS)


def test_style_ends_with_its_block():
    before = dict(mpl.rcParams)
    with use_style():
        assert mpl.rcParams["axes.titleweight"] == "bold"
    assert dict(mpl.rcParams) == before
