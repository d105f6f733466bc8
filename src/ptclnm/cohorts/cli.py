"""The command ``ptclnm data``: list, check, fetch and simulate what cohorts are made of."""

from pathlib import Path
from typing import Annotated

import typer

from ptclnm.cohorts.datasets import dataset, datasets, fetch, locate, whole
from ptclnm.cohorts.registry import is_manifest, open_cohort
from ptclnm.errors import MissingDataError, PtclnmError

app = typer.Typer(
    no_args_is_help=True, help="What cohorts are made of: list, check, fetch, simulate."
)


@app.command("list")
def list_datasets() -> None:
    """Show every dataset: evidence, size, endpoint, licence, and where it is."""
    for name, entry in datasets().items():
        try:
            place = f"here: {locate(name)}"
        except MissingDataError:
            place = f"not here; get it by: ptclnm data fetch {name}"
        typer.echo(
            f"{name}: {entry.title}\n"
            f"  {entry.evidence}; files: {entry.files}, MB: {entry.bytes / 1e6:.2f}\n"
            f"  endpoint: {entry.endpoint}. Not: {entry.endpoint_is_not}\n"
            f"  licence: {entry.licence} {entry.use}\n  {place}"
        )


@app.command()
def check(
    target: Annotated[str, typer.Argument(help="A dataset's name, or a manifest's path.")],
) -> None:
    """Compare a dataset with its recorded hashes, or check a manifest and all it names."""
    if is_manifest(target):
        from ptclnm.cohorts.own import check_manifest

        report = check_manifest(target)
        typer.echo(str(report), err=not report.ok)
        raise typer.Exit(0 if report.ok else 2)
    folder = whole(target)
    typer.echo(f"{target}: all files as recorded ({dataset(target).files}), in {folder}")


@app.command("fetch")
def fetch_dataset(
    name: Annotated[str, typer.Argument(help="A dataset's name.")],
) -> None:
    """Download a dataset, check every file, and say where it is."""
    typer.echo(f"{name}: complete in {fetch(dataset(name))}")


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="New folder to write into.")],
    seed: Annotated[int, typer.Option(help="Seed of the made-up patients.")] = 0,
) -> None:
    """Write a complete small cohort of made-up patients, with its manifest, to start from."""
    from ptclnm.cohorts.own.example import write_example

    typer.echo(f"Written: {write_example(folder, seed=seed)}")


@app.command()
def simulate(
    name: Annotated[str, typer.Argument(help="A simulated cohort, e.g. ni2024-sim.")],
    out: Annotated[Path, typer.Option(help="New folder for images, masks, CSV and manifest.")],
    n_patients: Annotated[
        int | None, typer.Option(help="Patients; by default as many as the paper's Table 1.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of patients and pictures.")] = 0,
    signal: Annotated[
        float, typer.Option(help="How much of the label shows, 0 to 3; 1 is as reported.")
    ] = 1.0,
) -> None:
    """Draw and render a cohort, and write what a hospital would hand over; the truth stays here."""
    from ptclnm.cohorts.simulate.cohort import export
    from ptclnm.cohorts.simulate.patients import study_of

    study_of(name)
    if out.exists():
        raise PtclnmError(f"{out} exists already. Name a folder that does not.")
    cohort = open_cohort(name, n_patients, seed, signal=signal)
    typer.echo(f"Written: {export(cohort, out)}")
    typer.echo(f"{cohort.patients.shape[0]} patients, {len(cohort.table)} pictures")
