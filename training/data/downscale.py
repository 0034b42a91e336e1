"""The 1/4-size source of the base layer: an anti-aliased bicubic of integer taps.

The product does the same in codec/picture/downscale.ts; downscale_vector.json beside this file holds a picture for both.
"""
import numpy as np

# round(256 * cubic(d / 4) / 4) at d = -7.5 .. 7.5 (bicubic, a = -0.5); the two taps that were rounded up furthest
# (46.5625) are rounded down instead, so that the sum is 256.
TAPS = (0, -3, -5, -3, 6, 25, 46, 62, 62, 46, 25, 6, -3, -5, -3, 0)
BEFORE = 6  # taps left of the first of the four samples that an output covers


def downscale_by_4(planes):
    """uint8 [..., H, W] (multiples of 4) to [..., H/4, W/4]; edges repeat; both directions before the one rounding."""
    h, w = planes.shape[-2:]
    if h % 4 or w % 4:
        raise ValueError(f"{w}x{h} is not a multiple of 4")
    lead = [(0, 0)] * (planes.ndim - 2)
    across = np.pad(planes, lead + [(0, 0), (BEFORE, BEFORE)], mode="edge").astype(np.int32)
    across = sum(t * across[..., i:i + w:4] for i, t in enumerate(TAPS))
    down = np.pad(across, lead + [(BEFORE, BEFORE), (0, 0)], mode="edge")
    down = sum(t * down[..., i:i + h:4, :] for i, t in enumerate(TAPS))
    return np.clip((down + 32768) >> 16, 0, 255).astype(np.uint8)
