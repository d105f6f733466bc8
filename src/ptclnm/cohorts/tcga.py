"""TCGA-THCA: operated patients of many hospitals, with the count of their positive nodes."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from ptclnm.cohorts.datasets import dataset, whole
from ptclnm.cohorts.tables import NO_PICTURES
from ptclnm.errors import ParameterError
from ptclnm.schema import COLUMNS, Cohort, Flow

TCGA = dataset("tcga_thca")
FILE = "nationwidechildrens.org_clinical_patient_thca.txt"
POSITIVE, EXAMINED = "number_of_lymphnodes_positive_by_he", "lymph_node_examined_count"
STAGE, HISTOLOGY, SITE = "pathologic_N", "histological_type", "tissue_source_site"
SIDE = "primary_thyroid_gland_neoplasm_location_anatomic_site"
AGE, SEX = "age_at_initial_pathologic_diagnosis", "gender"
DIMENSIONS = ["neoplasm_length", "neoplasm_width", "neoplasm_depth"]  # cm
PAPILLARY = "Thyroid Papillary Carcinoma - "
# How the table writes a missing value, with its reason.
NOT_KNOWN = [f"[{why}]" for why in ("Not Available", "Not Applicable", "Not Evaluated", "Unknown",
                                    "Discrepancy")]  # fmt: skip
LARGE_VOLUME = 5  # Ni et al. 2024: more than five nodes
ANY = "tcga_thca-any"
EXTENSION = {"None": "No", "Minimal (T3)": "Yes", "Moderate/Advanced (T4a)": "Yes",
             "Very Advanced (T4b)": "Yes"}  # fmt: skip
MULTIFOCAL = {"Unifocal": "No", "Multifocal": "Yes"}


def read(path: Path) -> pd.DataFrame:
    """Read the table, whose second line has the names, and the third none that is needed.

    Returns
    -------
    DataFrame
        Every column as text; what the table writes in square brackets is missing.
    """
    return pd.read_csv(path, sep="\t", header=1, skiprows=[2], dtype=str, keep_default_na=False,
                       na_values=NOT_KNOWN)  # fmt: skip


def open_tcga_thca(
    n_patients: int | None = None, seed: int = 0, more_than: int = LARGE_VOLUME
) -> Cohort:
    """Open the papillary carcinomas of TCGA-THCA whose positive nodes were counted.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label and hospital.
    seed : int
        Seed of the draw.
    more_than : int
        A patient with more positive nodes has the outcome. 5 is Ni et al.'s large volume; with 4,
        patients with exactly five have it too; with 0, any positive node counts, as in Li et al.

    Returns
    -------
    Cohort
        One row a patient. `clinical` holds what is known before surgery; multifocality, extension
        and variant, which the specimen showed, stand in `after_surgery`, the number of nodes in
        the table alone. The hospitals are put in order of their patients, and every second one is
        `external`.

    Raises
    ------
    MissingDataError
        If the table is not on this machine.
    FetchError
        If it is not the recorded one.
    ParameterError
        If `more_than` is negative.
    """
    if more_than < 0:
        raise ParameterError(TCGA.name, [f"more_than is {more_than}; allowed: from 0"])
    table, flow = select(read(whole(TCGA.name) / FILE), more_than)
    cohort = TCGA.drawn(
        table, flow, n_patients, seed, {"more_than": more_than},
        clinical=tuple(TCGA.clinical.values()), after_surgery=tuple(TCGA.after_surgery.values()),
    )  # fmt: skip
    return replace(cohort, warnings=(*cohort.warnings, *_limits(cohort.table, more_than)))


def _limits(table: pd.DataFrame, more_than: int) -> tuple[str, str]:
    """Count patients on the edge of the outcome, and those who could not have had it."""
    counted = "with" if more_than < LARGE_VOLUME else "without"
    others = table[table["label"] == 0]
    return (
        f"Patients with exactly {LARGE_VOLUME} positive nodes: "
        f"{table['positive_nodes'].eq(LARGE_VOLUME).sum()}; they count as {counted}.",
        f"Of {len(others)} patients without the outcome, "
        f"{others['nodes_examined'].le(more_than).sum()} had at most {more_than} nodes examined, "
        "and could not have had more positive ones.",
    )


def open_any(n_patients: int | None = None, seed: int = 0) -> Cohort:
    """Open the same patients with any positive node as outcome, as Li et al. 2024 have it."""
    cohort = open_tcga_thca(n_patients, seed, more_than=0)
    return replace(
        cohort, name=ANY, title=f"{TCGA.title}, any positive node",
        endpoint=f"Any positive lymph node of papillary thyroid carcinoma. Not: "
        f"{TCGA.endpoint_is_not}".rstrip("."),
    )  # fmt: skip


def select(raw: pd.DataFrame, more_than: int) -> tuple[pd.DataFrame, Flow]:
    """Keep patients whose outcome and size are known, and say what happened to the others.

    Parameters
    ----------
    raw : DataFrame
        From :func:`read`.
    more_than : int
        As in :func:`open_tcga_thca`.

    Returns
    -------
    table : DataFrame
        Cohort table.
    flow : Flow
        Its lines so far.
    """
    nodes, examined = (pd.to_numeric(raw[name]) for name in (POSITIVE, EXAMINED))
    # One depth is 0, which is no dimension.
    size = raw[DIMENSIONS].apply(pd.to_numeric).max(axis=1).replace(0, float("nan"))
    part = raw.assign(patient_id=raw["bcr_patient_barcode"], nodes=nodes, size_mm=10 * size)
    denied = raw[STAGE].eq("N0") & nodes.gt(0) | raw[STAGE].str.startswith("N1") & nodes.eq(0)
    flow = Flow()
    flow.there("TCGA-THCA, operated patients", part)
    for step, wrong, reason in (
        ("histology", ~raw[HISTOLOGY].str.startswith(PAPILLARY), "not one of the papillary types"),
        ("nodes", nodes.isna() | examined.eq(0), "positive nodes not counted, or none examined"),
        ("contradiction", denied | nodes.gt(examined), "the count denies the stage, or is more "
         "than the nodes examined"),
        ("size", size.isna(), "no dimension of the tumour is known"),
        ("side", raw[SIDE].isna(), "the side is not known"),
    ):  # fmt: skip
        part = flow.lost(step, part, part[~wrong.fillna(False)[part.index]], reason)
    return _table(part, more_than), flow


def _table(part: pd.DataFrame, more_than: int) -> pd.DataFrame:
    named = TCGA.clinical | TCGA.after_surgery
    table = part.drop(columns="size_mm").rename(columns=named).assign(
        size_mm=part["size_mm"], age=part[AGE].astype(int), sex=part[SEX].str.capitalize(),
        positive_nodes=part["nodes"].astype(int), nodes_examined=pd.to_numeric(part[EXAMINED]),
        center=part[SITE],
        label=(part["nodes"] > more_than).astype(int), **NO_PICTURES,
    )  # fmt: skip
    table["multifocality"] = table["multifocality"].map(MULTIFOCAL)
    table["extension"] = table["extension"].map(EXTENSION)
    table["variant"] = table["variant"].str.removeprefix(PAPILLARY).str.partition(" (")[0]
    sizes = table["center"].value_counts().rename_axis("center").reset_index()
    order = sizes.sort_values(["count", "center"], ascending=[False, True])["center"]
    external = table["center"].isin(set(order.iloc[1::2]))
    table["split"] = external.map({True: "external", False: "train"})
    columns = [
        *COLUMNS,
        *TCGA.clinical.values(),
        *TCGA.after_surgery.values(),
        "positive_nodes",
        "nodes_examined",
    ]
    return table[columns].reset_index(drop=True)
