"""DDTI's crops and masks on disk: made once for each setting."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptclnm import store
from ptclnm.cohorts.datasets import require, sha256
from ptclnm.cohorts.ddti.cases import drop_outside, picture_table, read_cases, select
from ptclnm.cohorts.ddti.crops import choose, crop_box, crosses, rasterise, seam, write_png
from ptclnm.cohorts.flow import Flow
from ptclnm.errors import ManifestError
from ptclnm.imaging.read import read_image

SIZE = (360, 560)


def source_contents(root: Path) -> dict[str, str]:
    """Hash every picture and case file of the source folder by its path below it.

    Raises
    ------
    MissingDataError
        If there is no picture, or a case's file is not there.
    """
    paths = sorted([*(root / "images").glob("*.jpg"), *(root / "xml").glob("*.xml")])
    if not paths:
        require(root, "xml/1.xml")
    return {str(path.relative_to(root)): sha256(path) for path in paths}


def prepared(
    root: Path, contents: Mapping[str, str], settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    """Return the crops of one setting, made where they are not there.

    Parameters
    ----------
    root : Path
        DDTI's folder, with ``images`` and ``xml``.
    contents : mapping
        As :func:`source_contents` returns it.
    settings : mapping
        ``polygons``, ``duplicates`` and ``margin``.

    Returns
    -------
    table : DataFrame
        One row a crop; ``image`` and ``mask`` are file names, ``source`` is the picture's name.
    flow : DataFrame
        What was lost on the way.
    folder : Path
        Where the crops and masks are.
    """
    entry = store.FOLDER / "cohorts" / store.key(_make, contents, settings)
    tables = store.read(
        store.keep(entry, lambda beside, _: _make(root, contents, settings, beside))
    )
    return tables["table"], tables["flow"], entry


def _make(
    root: Path, contents: Mapping[str, str], settings: Mapping[str, Any], to: Path
) -> store.Tables:
    """Write crops and masks of one setting to a folder, and give its table and flow."""
    pictures = {name.removeprefix("images/"): digest for name, digest in contents.items()}
    table = picture_table(read_cases(root / "xml"), pictures)
    for name in table.loc[table["content"].isna(), "image"]:
        require(root, f"images/{name}")
    chosen, flow = select(drop_outside(table, SIZE[1], SIZE[0]), settings["duplicates"])
    rows = [
        row for picture in chosen.to_dict("records") for row in _cut(picture, root, settings, to)
    ]
    drop = ["polygons", "state", "content", "case"]
    made = pd.DataFrame(rows).drop(columns=drop).rename(columns={"image": "source"})
    made = made.rename(columns={"crop": "image"})
    _note(flow, chosen, made)
    return {"table": made, "flow": flow.frame()}


def _cut(
    picture: dict[str, Any], root: Path, settings: Mapping[str, Any], to: Path
) -> list[dict[str, Any]]:
    """Cut every nodule of one picture out, write crop and mask, and return their rows."""
    grey = read_image(root / "images" / picture["image"]).array
    if grey.shape != SIZE:
        found = f"{picture['image']}: {grey.shape[1]} x {grey.shape[0]} pixels"
        remedy = f"DDTI's are {SIZE[1]} x {SIZE[0]}; run `ptclnm data fetch ddti`"
        raise ManifestError(str(root), [f"{found}; {remedy}"])
    at_seam = seam(grey)
    drawn = [rasterise(polygon, grey.shape) for polygon in picture["polygons"]]
    masks = choose([m for m in drawn if not crosses(m, at_seam)], settings["polygons"])
    rows = []
    for number, mask in enumerate(masks, start=1):
        name = Path(picture["image"]).stem + (f"-{number}" if len(masks) > 1 else "")
        box = crop_box(grey, mask, settings["margin"], at_seam)
        write_png(box.of(grey), str(to / f"{name}.png"))
        write_png(np.where(box.of(mask), 255, 0), str(to / f"{name}_mask.png"))
        files = {"image_id": name, "crop": f"{name}.png", "mask": f"{name}_mask.png"}
        rows.append(picture | files | {"views": 1 if at_seam is None else 2})
    return rows


def _note(flow: Flow, chosen: pd.DataFrame, made: pd.DataFrame) -> None:
    """Note what the pictures themselves cost, and the rows that several contours add."""
    by_source = made.assign(image=made["source"])
    cut = chosen[chosen["image"].isin(made["source"])]
    flow.lost("contour", chosen, cut, "contour drawn across two views side by side")
    if len(by_source) > len(cut):
        flow.there("one row a contour", by_source)
