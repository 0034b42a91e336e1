"""Rate-distortion rounding: a symbol is one level nearer to 0 where the bits saved are worth more than the error added."""
import torch

from .enhancement import CHROMA_WEIGHT, LUMA_WEIGHT, lambda_of
from .rate import laplace_bits
from .transform import LATENTS, LUMA_COEFFICIENTS
from .warp import nearest

PATIENCE = 2.5  # an error is worth so many of one frame: later frames inherit it


class FrugalRounding:
    """Drops a level where the bits saved beat `patience` x lambda x the error added, as the encoder does.

    The prior calls it once per pass, with all positions.
    """

    def __init__(self, model, q, patience=PATIENCE):
        """q: [B,1,H/32,W/32], one a block."""
        weight = torch.full((LATENTS,), 2 * CHROMA_WEIGHT)
        weight[:LUMA_COEFFICIENTS] = LUMA_WEIGHT
        q8 = nearest(q, 4)
        with torch.no_grad():
            self.price = patience * lambda_of(q8) * weight[None, :, None, None].to(q) * (model.steps(q8) / 2048) ** 2

    def __call__(self, difference, index):
        with torch.no_grad():
            near = torch.floor(difference + 0.5)
            lower = near - torch.sign(near)
            saved = laplace_bits(near, index) - laplace_bits(lower, index)
            added = (difference - lower) ** 2 - (difference - near) ** 2
            drop = saved > self.price * added
            return torch.where(drop, lower, near)
