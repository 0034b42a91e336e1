"""What symbols cost: Laplace tables indexed by a scale index (codec/SPEC.md, section 5)."""
import math

import torch

SCALES = 64
SMALLEST, LARGEST = 0.06, 40.0
LOG_STEP = math.log(LARGEST / SMALLEST) / (SCALES - 1)


def log_scale(index):
    """Natural logarithm of the Laplace scale of a (fractional) scale index."""
    return math.log(SMALLEST) + LOG_STEP * index


def laplace_bits(d, index, noise=False):
    """Bits of the differences `d` (integers, or real with additive uniform noise) under the scale index."""
    s = torch.exp(log_scale(index))
    if noise:
        d = d + torch.empty_like(d).uniform_(-0.5, 0.5)
    d = d.abs()
    near = torch.where(d < 0.5, -torch.expm1(-(0.5 - d).clamp(min=0) / s), 0.0 * d)
    # mass of (d - 1/2, d + 1/2): two branches meet at d = 1/2
    inner = 0.5 * near + 0.5 * -torch.expm1(-(d.clamp(max=0.5) + 0.5) / s)
    outer = torch.exp(-(d.clamp(min=0.5) - 0.5) / s) * 0.5 * -torch.expm1(-1 / s)
    return -torch.log2(torch.where(d < 0.5, inner, outer).clamp(min=2.0**-28))
