"""Convolutions of the same weights and results, computed in ways that processors do faster."""

from torch import Tensor, autocast, nn
from torch.nn.functional import linear


class Pointwise(nn.Conv2d):
    """A convolution of one pixel: a product of matrices, with pixels in rows."""

    def forward(self, input: Tensor) -> Tensor:
        """Give what ``Conv2d`` gives, channels last in memory."""
        images, channels, height, width = input.shape
        rows = input.permute(0, 2, 3, 1).reshape(-1, channels)
        made = linear(rows, self.weight.view(self.out_channels, channels), self.bias)
        return made.view(images, height, width, self.out_channels).permute(0, 3, 1, 2)


class InFloat32(nn.Conv2d):
    """A convolution that autocast leaves alone: in bfloat16, grouped ones are slower backwards."""

    def forward(self, input: Tensor) -> Tensor:
        """Give what the convolution gives in float32."""
        with autocast(input.device.type, enabled=False):
            return super().forward(input.float())


def faster(network: nn.Module) -> nn.Module:
    """Turn convolutions of one pixel, and grouped ones, into the faster kind.

    Parameters
    ----------
    network : Module
        Changed in place; the names and values of its weights stay.

    Returns
    -------
    Module
        The same network.
    """
    for layer in network.modules():
        if type(layer) is nn.Conv2d and layer.groups > 1:
            layer.__class__ = InFloat32
        elif type(layer) is nn.Conv2d and _is_pointwise(layer):
            layer.__class__ = Pointwise
        elif type(layer).__name__ == "Conv2dSame" and layer.groups > 1:
            from ptclnm.models.deep.same_padding import InFloat32Same  # timm takes a second or two

            layer.__class__ = InFloat32Same
    return network


def _is_pointwise(layer: nn.Conv2d) -> bool:
    sizes = (layer.kernel_size, layer.stride, layer.padding)
    return sizes == ((1, 1), (1, 1), (0, 0))
