"""Ultrasound pictures of thyroid nodules by acoustic simulation, with everything known of them."""

from echophantom.drivers import Drivers, Scanner, examination
from echophantom.nodule import drawn_outline
from echophantom.patients import Block, Signals, Stratum, Streams, make_block
from echophantom.render import Picture, RenderError, Truth, render_plane
from echophantom.steps import Steps, explain

__all__ = [
    "Block",
    "Drivers",
    "Picture",
    "RenderError",
    "Scanner",
    "Signals",
    "Steps",
    "Stratum",
    "Streams",
    "Truth",
    "drawn_outline",
    "examination",
    "explain",
    "make_block",
    "render_plane",
]
