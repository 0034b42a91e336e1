"""Motion compensation for training (codec/SPEC.md, sections 4.3 and 4.4): exact up to float rounding, differentiable.

`motion` is [B,3,H/8,W/8] (moved, x, y), vectors in quarter luma samples. `training/export/simulate.py` has the integer twins.
"""
import torch
import torch.nn.functional as F

from .fixed import floor_through

LUMA_TAPS = torch.tensor(
    [[0.0, 0, 64, 0, 0, 0], [3, -10, 58, 17, -5, 1], [3, -11, 40, 40, -11, 3], [1, -5, 17, 58, -10, 3]]
)
MARGIN = 4  # planes are extended so far that every tap beyond reads the repeated edge


def nearest(x, r):
    return F.interpolate(x, scale_factor=r, mode="nearest") if r > 1 else x


def bilinear(x, motion):
    """x [B,C,h,w] moved by `motion` [B,2,h,w] in cells."""
    _, _, h, w = x.shape
    ys = torch.arange(h, device=x.device, dtype=x.dtype)
    xs = torch.arange(w, device=x.device, dtype=x.dtype)
    gx = (xs[None, None, :] + motion[:, 0]) * (2 / (w - 1)) - 1
    gy = (ys[None, :, None] + motion[:, 1]) * (2 / (h - 1)) - 1
    return F.grid_sample(x, torch.stack((gx, gy), -1), mode="bilinear", padding_mode="border", align_corners=True)


def warp_luma(luma, vectors):
    """luma [B,1,H,W] by vectors [B,2,H/8,W/8]: the six-tap filter, not rounded."""
    b, _, h, w = luma.shape
    taps = LUMA_TAPS.to(luma) / 64
    m = MARGIN
    x = F.pad(luma, (m + 2, m + 3, m + 2, m + 3), mode="replicate")
    x = F.conv2d(x, taps[:, None, None, :])  # [B,4,...]: phases across
    b4 = x.reshape(b * 4, 1, x.shape[2], x.shape[3])
    x = F.conv2d(b4, taps[:, None, :, None])  # [B*4,4,...]: phases down
    hp, wp = h + 2 * m, w + 2 * m
    planes = x[:, :, :hp, :wp].reshape(b, 16 * hp * wp)  # phase = 4 * across + down
    v = nearest(vectors, 8).round().long()
    across, down = v[:, 0], v[:, 1]
    ys = torch.arange(h, device=luma.device)[None, :, None] + (down >> 2)
    xs = torch.arange(w, device=luma.device)[None, None, :] + (across >> 2)
    ys, xs = (ys + m).clamp(0, hp - 1), (xs + m).clamp(0, wp - 1)
    index = (((across & 3) * 4 + (down & 3)) * hp + ys) * wp + xs
    return planes.gather(1, index.reshape(b, -1)).reshape(b, 1, h, w)


def warp_picture(luma, chroma, motion):
    """The previous picture (real, planes) moved by block motion, rounded to samples and bounded."""
    vectors = motion[:, 1:]
    planes = warp_luma(luma, vectors), bilinear(chroma, nearest(vectors, 4) / 8)
    return [floor_through(p.clamp(-0.5, 127 / 256) * 256 + 0.5) / 256 for p in planes]


def warp_base(luma, chroma, motion):
    """The previous base picture (real, planes) moved by block motion."""
    vectors = motion[:, 1:]
    return bilinear(luma, nearest(vectors, 2) / 16), bilinear(chroma, vectors / 32)
