"""Convolutions of timm that pad as TensorFlow does; apart, as they need timm."""

from timm.layers import Conv2dSame

from ptclnm.models.deep.convolutions import InFloat32


class InFloat32Same(InFloat32, Conv2dSame):
    """A padded convolution that autocast leaves alone."""
