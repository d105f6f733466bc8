"""DDTI's crops and masks on disk: made once for each setting, whole or not at all."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd

from ptclnm.cohorts.datasets import require, sha256
from ptclnm.cohorts.ddti.cases import drop_outside, picture_table, read_cases, select
from ptclnm.cohorts.ddti.crops import choose, crop_box, crosses, rasterise, seam, write_png
from ptclnm.cohorts.flow import Flow
from ptclnm.errors import ManifestError
from ptclnm.imaging.read import read_image
from ptclnm.report.files import write_json, write_table

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
    root: Path, cache: Path, contents: Mapping[str, str], settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    """Return the crops of one setting, made where they are not there.

    Parameters
    ----------
    root : Path
        DDTI's folder, with ``images`` and ``xml``.
    cache : Path
        Folder of all settings.
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
    text = json.dumps([_code(), dict(contents), dict(settings)], sort_keys=True)
    folder = cache / hashlib.sha256(text.encode()).hexdigest()[:16]
    if not _whole(folder):
        with _new_folder(folder) as fresh:
            _make(root, contents, settings, fresh)
    text_columns = {name: str for name in ("patient_id", "image_id", "grade", "reason")}
    table = pd.read_csv(folder / "table.csv", dtype=text_columns)
    flow = pd.read_csv(folder / "flow.csv", dtype=text_columns, keep_default_na=False)
    return table, flow, folder


def _code() -> dict[str, str]:
    """Hash the code that makes the crops, so that no older crop is taken for a new one."""
    return {path.name: sha256(path) for path in sorted(Path(__file__).parent.glob("*.py"))}


def _whole(folder: Path) -> bool:
    """Tell whether every file that the folder's table names is there."""
    if not (folder / "table.csv").is_file():
        return False
    names = pd.read_csv(folder / "table.csv", usecols=["image", "mask"]).to_numpy().ravel()
    return all((folder / name).is_file() for name in names)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside `folder`; give it the name if the block succeeds."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield fresh
        # Another process may have made the same crops meanwhile; then its folder stays.
        if not _whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _make(root: Path, contents: Mapping[str, str], settings: Mapping[str, Any], to: Path) -> None:
    """Write crops, masks, table and flow of one setting to a folder."""
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
    write_table(flow.frame(), to / "flow.csv")
    write_json(dict(settings), to / "settings.json")
    write_table(made, to / "table.csv")


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
