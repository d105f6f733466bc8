"""A renderer that takes no time, for what is not about pictures."""

import numpy as np
import pytest

from echophantom.render import Picture, Truth
from ptclnm import store
from ptclnm.cohorts.simulate import truth


def quick_plane(drivers, scanner, rng, plane="transverse", resolution=1):
    """A noisy disc of the right size; the same random numbers give the same frame."""
    side = 160 * resolution
    pixel = 50.0 / side
    rows, cols = np.mgrid[:side, :side] - side / 2 + 0.5
    radius = drivers.diameter_mm / 2 / pixel
    mask = rows**2 + cols**2 <= max(radius, 4) ** 2
    echo = np.where(mask, drivers.echogenicity_db, 0.0).astype(np.float32)
    grey = 120 + 4 * echo + rng.normal(0, 8, (side, side))
    spots = rng.uniform(side * 0.4, side * 0.6, (drivers.microcalcifications, 2))
    angle = np.linspace(0, 2 * np.pi, 64)
    contour = side / 2 + radius * np.column_stack([np.sin(angle), np.cos(angle)])
    known = Truth(echo, spots, np.full(len(spots), 0.4), contour)
    return Picture(grey.clip(0, 255).astype(np.uint8), mask, pixel, known)


@pytest.fixture
def build(tmp_path, monkeypatch):
    """An empty place for everything generated."""
    monkeypatch.setattr(store, "FOLDER", tmp_path / "_build" / "cache")
    return tmp_path / "_build"


@pytest.fixture
def quick(monkeypatch):
    """Take the quick renderer, in one process."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(truth, "render_plane", quick_plane)
