"""The ``ptclnm`` command."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptclnm.errors import PtclnmError

if TYPE_CHECKING:
    from ptclnm.book.project import Project

app = typer.Typer(
    help="Re-run two papers on lymph-node metastasis, page by page.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ProfileOption = Annotated[str, typer.Option(help="Name of a file in book/profiles.")]
BuildDirOption = Annotated[
    Path | None, typer.Option(help="Folder for everything generated; _build where not given.")
]
RootOption = Annotated[
    Path | None, typer.Option(help="Folder of another project; this one where not given.")
]


@app.command()
def run(
    profile: ProfileOption = "quick",
    only: Annotated[list[str] | None, typer.Option(help="Page to run; repeatable.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="name=value for pages that declare it; repeatable.")
    ] = None,
    build: Annotated[bool, typer.Option(help="Build the book when all pages ran.")] = True,
    build_dir: BuildDirOption = None,
    root: RootOption = None,
) -> None:
    """Run the pages of a profile, then build the book into _build/html."""
    from ptclnm.book.runner import run as run_profile

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    overrides = read_overrides(param or [])
    run_profile(profile, _project(root, build_dir), only or [], overrides, build)


@app.command()
def readme(
    profile: ProfileOption = "quick",
    build_dir: BuildDirOption = None,
    root: RootOption = None,
) -> None:
    """Put the headline verdicts of the last run into README.md."""
    from ptclnm.book.runner import write_readme

    print(write_readme(profile, _project(root, build_dir)))


@app.command()
def compare(
    files: Annotated[list[Path], typer.Argument(help="CSV with patient_id, label and score.")],
    out: Annotated[Path | None, typer.Option(help="Folder for auc.csv and pairs.csv.")] = None,
) -> None:
    """Compare the AUCs of models by DeLong's test, paired as their patient_id says."""
    from ptclnm.report.score_files import compare_files

    print(compare_files(files, out))


@app.command()
def cache(
    older_than: Annotated[
        int | None, typer.Option(min=1, help="Remove what was not used for so many days.")
    ] = None,
) -> None:
    """Show what is kept between runs, or remove what is no longer used."""
    from ptclnm import store

    found = store.entries()
    if older_than is not None:
        found = found[found["days"] > older_than]
        store.clear(found)
    print(f"{'Kept' if older_than is None else 'Removed'}: {store.FOLDER}\n{store.overview(found)}")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def data(context: typer.Context) -> None:
    """List, check and fetch what cohorts are made of."""
    from ptclnm.cohorts.cli import app as data_app  # slow to import, and only wanted here

    data_app(args=context.args, prog_name="ptclnm data")


def _project(root: Path | None, build_dir: Path | None) -> "Project":
    from ptclnm.book.project import Project
    from ptclnm.paths import ROOT

    return Project(root.resolve() if root else ROOT, build_dir)


def read_overrides(words: list[str]) -> dict[str, object]:
    """Read ``name=value`` words of the command line, values as YAML.

    Raises
    ------
    ParameterError
        Listing every word that is not of that form.
    """
    from ptclnm.book.parameters import scalar
    from ptclnm.errors import ParameterError

    wrong = [word for word in words if not word.partition("=")[0].strip() or "=" not in word]
    if wrong:
        raise ParameterError("--param", [f"{word!r}: write name=value" for word in wrong])
    pairs = (word.split("=", 1) for word in words)
    return {name.strip(): scalar(value) for name, value in pairs}


def main() -> None:
    """Run the command; a named error is a message, not a traceback.

    Exits with 1 if a page or the book failed, 2 for input that can be mended, 130 after Ctrl-C.
    """
    try:
        app()
    except KeyboardInterrupt:
        print("Interrupted. Pages that were complete are kept.", file=sys.stderr)
        sys.exit(130)
    except PtclnmError as error:
        from ptclnm.book.project import BuildError, PageError

        print(error, file=sys.stderr)
        sys.exit(1 if isinstance(error, PageError | BuildError) else 2)


if __name__ == "__main__":
    main()
