"""Which cohorts there are, and how each is opened."""

from inspect import signature
from os import PathLike
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from ptclnm.errors import ParameterError, PtclnmError, nearest
from ptclnm.schema import Cohort, checked

# module:function, imported when the cohort is asked for. Each takes n_patients and seed, then
# settings of its own by keyword.
COHORTS: dict[str, str] = {
    "busbra": "ptclnm.cohorts.busbra:open_cohort",
    "clnm_ptc": "ptclnm.cohorts.tables:open_clnm_ptc",
    "ddti": "ptclnm.cohorts.ddti:open_cohort",
    "li2024-sim": "ptclnm.cohorts.simulate.cohort:open_li2024",
    "llnm_net": "ptclnm.cohorts.llnm:open_cohort",
    "llnm_net-readers": "ptclnm.cohorts.llnm:open_readers",
    "ni2024-sim": "ptclnm.cohorts.simulate.cohort:open_ni2024",
    "tcga_thca": "ptclnm.cohorts.tcga:open_tcga_thca",
    "tcga_thca-any": "ptclnm.cohorts.tcga:open_any",
    "uci_thyroid": "ptclnm.cohorts.tables:open_uci_thyroid",
}
MANIFEST = "ptclnm.cohorts.own:open_manifest"


def open_cohort(
    name_or_manifest: str | PathLike[str],
    n_patients: int | None = None,
    seed: int = 0,
    **settings: Any,
) -> Cohort:
    """Open a cohort by its name, or the reader's own by its manifest.

    Parameters
    ----------
    name_or_manifest : str or path
        A name of ``COHORTS``, or the path of a YAML file.
    n_patients : int, optional
        Keep as many patients only; all where left out.
    seed : int
        Seed of the draw and of the split.
    **settings
        Settings of the cohort's own, e.g. ``signal=0``.

    Returns
    -------
    Cohort
        Its table, endpoint, evidence, flow, warnings and fingerprint.

    Raises
    ------
    PtclnmError
        If there is no such cohort; the nearest name is given.
    ParameterError
        If the cohort has no such setting, or not such a value of it.
    MissingDataError
        If its data are not on this machine.
    """
    name = str(name_or_manifest)
    if is_manifest(name):
        return checked(resolve_name(MANIFEST)(Path(name), n_patients, seed, **settings))
    if name not in COHORTS:
        raise PtclnmError(
            f"No cohort is called {name!r}: {nearest(name, COHORTS)} "
            "A cohort of your own is opened by the path of its .yml file."
        )
    opener = resolve_name(COHORTS[name])
    allowed = [p for p in signature(opener).parameters if p not in ("n_patients", "seed")]
    unknown = [key for key in settings if key not in allowed]
    if unknown:
        raise ParameterError(name, [f"no setting {k!r}: {nearest(k, allowed)}" for k in unknown])
    return checked(opener(n_patients=n_patients, seed=seed, **settings))


def is_manifest(name: str) -> bool:
    """Tell a manifest's path from a cohort's name."""
    return name.endswith((".yml", ".yaml")) or "/" in name
