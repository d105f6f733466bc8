"""The command ``ptclnm data``: list, check and fetch what cohorts are made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ptclnm.cohorts.datasets import check_files, dataset, datasets, locate
from ptclnm.cohorts.fetch import fetch
from ptclnm.cohorts.registry import is_manifest
from ptclnm.errors import MissingDataError, ProblemsError, PtclnmError

app = typer.Typer(no_args_is_help=True, help="What cohorts are made of: list, check, fetch.")


@contextmanager
def _named_errors() -> Iterator[None]:
    """Print a named error without its traceback, and leave with exit code 2."""
    try:
        yield
    except PtclnmError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


@app.command("list")
def list_datasets() -> None:
    """Show every dataset: evidence, size, endpoint, licence, and where it is."""
    with _named_errors():
        for name, entry in datasets().items():
            typer.echo(f"{name}: {entry.title}")
            typer.echo(f"  {entry.evidence}; files: {entry.files}, MB: {entry.bytes / 1e6:.2f}")
            typer.echo(f"  endpoint: {entry.endpoint}. Not: {entry.endpoint_is_not}")
            typer.echo(f"  licence: {entry.licence} {entry.use}")
            typer.echo(f"  {_place(name)}")


def _place(name: str) -> str:
    """Phrase where a dataset is."""
    try:
        return f"here: {locate(name)}"
    except MissingDataError:
        return f"not here; get it by: ptclnm data fetch {name}"


@app.command()
def check(
    target: Annotated[str, typer.Argument(help="A dataset's name, or a manifest's path.")],
) -> None:
    """Compare a dataset with its recorded hashes, or check a manifest and all it names."""
    with _named_errors():
        if is_manifest(target):
            _check_manifest(Path(target))
            return
        problems = check_files(target)
        if problems:
            raise ProblemsError(f"{target} in {locate(target)}", problems)
        typer.echo(
            f"{target}: all files as recorded ({dataset(target).files}), in {locate(target)}"
        )


def _check_manifest(path: Path) -> None:
    """Check the reader's own cohort, and print errors and warnings alike."""
    from ptclnm.cohorts.own import check_manifest

    report = check_manifest(path)
    typer.echo(str(report), err=not report.ok)
    if not report.ok:
        raise typer.Exit(2)


@app.command("fetch")
def fetch_dataset(
    name: Annotated[str, typer.Argument(help="A dataset's name.")],
    dest: Annotated[
        Path | None, typer.Option(help="Folder for its files; by default the user's cache.")
    ] = None,
) -> None:
    """Download a dataset, check every file, and say where it is."""
    with _named_errors():
        folder = fetch(dataset(name), dest, _report)
        typer.echo(f"{name}: complete in {folder}")
        if dest:
            typer.echo(
                f"It is found there if the folder is called {name} and PTCLNM_DATA names "
                "the folder above it."
            )


def _report(name: str, number: int, total: int) -> None:
    """Print a line for the first, each hundredth and the last file."""
    if number in (1, total) or number % 100 == 0:
        typer.echo(f"  {number}/{total} {name}", err=True)


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="New folder to write into.")],
    seed: Annotated[int, typer.Option(help="Seed of the made-up patients.")] = 0,
) -> None:
    """Write a complete small cohort of made-up patients, with its manifest, to start from."""
    from ptclnm.cohorts.own.example import write_example

    with _named_errors():
        typer.echo(f"Written: {write_example(folder, seed=seed)}")
