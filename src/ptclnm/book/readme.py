"""The verdict table of README.md, written from the last run and never by hand."""

from pathlib import Path

from ptclnm.book.profiles import load_profile
from ptclnm.book.project import Project
from ptclnm.errors import MissingDataError
from ptclnm.files import write_text
from ptclnm.report.claims import collect, headline_markdown, replace_block


def verdict_block(profile_name: str, project: Project) -> str:
    """Lay out the headline claims of a profile's last run.

    Raises
    ------
    MissingDataError
        If a page of the profile has no results.
    """
    profile = load_profile(profile_name, project)
    folders = {s.page: project.results(profile.name) / s.page for s in profile.pages}
    if missing := [page for page, folder in folders.items() if not folder.is_dir()]:
        raise MissingDataError(
            f"No results of {', '.join(missing)}. Run: ptclnm run --profile {profile.name}"
        )
    return headline_markdown(collect(folders), for_book=False)


def write_readme(profile_name: str, project: Project) -> Path:
    """Put the headline claims into the project's README and return its path."""
    path = project.root / "README.md"
    text = path.read_text(encoding="utf-8")
    return write_text(replace_block(text, verdict_block(profile_name, project)), path)
