"""Ultrasound pictures of thyroid nodules by acoustic simulation, with everything known of them."""

from echophantom.drivers import Drivers, Scanner
from echophantom.render import Picture, RenderError, Truth, render_plane
from echophantom.steps import Steps, explain

__all__ = [
    "Drivers",
    "Picture",
    "RenderError",
    "Scanner",
    "Steps",
    "Truth",
    "explain",
    "render_plane",
]
