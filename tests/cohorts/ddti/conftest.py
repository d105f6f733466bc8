"""A small DDTI: drawn pictures and case files as the source has them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pooch
import pytest
from PIL import Image

from ptclnm import store
from ptclnm.cohorts.datasets import Dataset

FIELDS = ("age", "sex", "composition", "echogenicity", "margins", "calcifications")


def picture(seed: int) -> np.ndarray:
    """Draw a sector of speckle on black with a line of text below it."""
    noise = np.random.default_rng(seed).normal(0, 25, (300, 428))
    smooth = np.apply_along_axis(np.convolve, 1, noise, np.ones(9) / 3, "valid")
    canvas = np.zeros((360, 560))
    canvas[10:310, 60:480] = (110 + smooth).clip(40, 220)
    canvas[330:340, 80:200] = 255
    return canvas.astype(np.uint8)


@dataclass
class Source:
    """Writes cases; the seed decides the picture, so that equal seeds are equal pictures."""

    root: Path

    def case(self, number: int, grade: str, pictures: dict[int, tuple[int, str]], **fields):
        marks = []
        for image, (seed, text) in pictures.items():
            Image.fromarray(picture(seed)).save(self.root / f"images/{number}_{image}.jpg")
            marks.append(f"<mark><image>{image}</image><svg>{text}</svg></mark>")
        told = "".join(f"<{f}>{fields.get(f, '')}</{f}>" for f in FIELDS)
        (self.root / f"xml/{number}.xml").write_text(
            f"<case><number>{number}</number>{told}<tirads>{grade}</tirads>{''.join(marks)}</case>"
        )


@pytest.fixture
def source(tmp_path, monkeypatch) -> Source:
    root = tmp_path / "data" / "ddti"
    (root / "images").mkdir(parents=True)
    (root / "xml").mkdir()
    monkeypatch.setenv("PTCLNM_DATA", str(root.parent))
    monkeypatch.setattr(store, "FOLDER", tmp_path / "cache")
    monkeypatch.setattr(Dataset, "registry", lambda _: recorded(root))
    return Source(root)


def recorded(root: Path) -> dict[str, str]:
    """What is here, as if it were what was recorded."""
    paths = sorted([*root.glob("images/*.jpg"), *root.glob("xml/*.xml")])
    return {str(path.relative_to(root)): pooch.file_hash(path) for path in paths}
