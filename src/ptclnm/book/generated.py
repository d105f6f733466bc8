"""Pages of the book that no one writes: verdicts, all claims, execution status."""

import platform
import shlex
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from ptclnm import __version__
from ptclnm.book.profiles import Profile
from ptclnm.report.claims import (
    claims_html,
    counts_markdown,
    escape_markdown,
    headline_markdown,
    markdown_table,
)
from ptclnm.report.sentences import listing

if TYPE_CHECKING:
    from ptclnm.book.stage import ExecutedPage

LIBRARIES = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "scikit-learn",
    "pyradiomics",
    "SimpleITK",
    "torch",
    "mlscorecheck",
    "tableone",
    "papermill",
    "jupyter-book",
)


def command(notebook: str, given: Mapping[str, Any]) -> str:
    """Give the papermill command that runs a notebook with these values."""
    words = ["papermill", f"notebooks/{notebook}.ipynb", "out.ipynb"]
    for name, value in given.items():
        if isinstance(value, list):
            flow = yaml.safe_dump({name: value}, default_flow_style=True, width=10_000)
            words += ["-y", flow.strip()]
        else:
            words += ["-r" if _would_be_converted(value) else "-p", name, str(value)]
    return shlex.join(words)


def _would_be_converted(value: Any) -> bool:
    """Whether papermill's ``-p`` would not leave this text a text."""
    if not isinstance(value, str):
        return False
    if value in {"True", "False", "None"}:
        return True
    try:
        float(value)
    except ValueError:
        return False
    return True


def verdicts_fragment(claims: pd.DataFrame) -> str:
    """Lay out the counts of verdicts and the headline claims, for the front page."""
    if claims.empty:
        return "No page of this profile makes a claim.\n"
    parts = [counts_markdown(claims)]
    if claims["headline"].any():
        parts.append(headline_markdown(claims, for_book=True))
    return "\n\n".join(parts) + "\n"


def claims_page(claims: pd.DataFrame, pages: list["ExecutedPage"]) -> str:
    """Lay out the page of all claims, and name the pages that had no data to judge any."""
    table = claims_html(claims) if len(claims) else "No page of this profile makes a claim."
    return (
        "---\nhtml_theme.sidebar_secondary.remove: true\n---\n\n# All claims\n\n"
        "Every number that a page of this book compares with what a paper reports. The verdict "
        "is computed from the two numbers by a rule; nobody types it in. A premise that the paper "
        "does not print stands with the verdict. "
        "The same table as a file: {download}`claims.csv <_generated/claims.csv>`.\n\n"
        f"{_left_out(pages)}{table}\n"
    )


def _left_out(pages: list["ExecutedPage"]) -> str:
    names = [
        f"[{escape_markdown(page.spec.page)}]({page.spec.page}.ipynb)"
        for page in pages
        if page.ended is not None
    ]
    if not names:
        return ""
    return (
        f"**Pages without their data in this run: {listing(names)}.** They judge no claim here; "
        "each says at its top how to get the data.\n\n"
    )


def status_page(pages: list["ExecutedPage"], profile: Profile) -> str:
    """Lay out when and how each page ran, and with which versions."""
    rows = [
        [
            f"[{escape_markdown(page.spec.page)}]({page.spec.page}.ipynb)",
            escape_markdown(_values(page)),
            f"{page.seconds:.1f}",
            _finished(page),
        ]
        for page in pages
    ]
    versions = [["ptclnm", __version__], ["python", platform.python_version()]]
    versions += [[name, version(name)] for name in LIBRARIES]
    total = sum(page.seconds for page in pages)
    return (
        "# Execution status\n\n"
        f"Profile *{profile.name}* ({escape_markdown(profile.title)}): {len(pages)} pages, "
        f"{total:.0f} s in all. A book is built only if every page ran to its end.\n\n"
        + markdown_table(["page", "parameters", "run time (s)", "finished (UTC)"], rows)
        + "\n\n## Versions\n\n"
        + markdown_table(["library", "version"], versions)
        + "\n"
    )


def _values(page: "ExecutedPage") -> str:
    own = {name: parameter.default for name, parameter in page.declared.items()}
    values = {name: value for name, value in {**own, **page.given}.items() if value != ""}
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _finished(page: "ExecutedPage") -> str:
    record = page.notebook.metadata.get("papermill", {})
    return str(record.get("end_time") or "")[:16].replace("T", " ")
