"""Pictures as tensors: folding, the fixed x4 enlargement and the colour weights (codec/SPEC.md, sections 1 and 2).

A *real* picture is `(sample - 128) / 256`; folded it has 24 channels on the 1/4 grid.
"""
import torch
import torch.nn.functional as F

LUMA_CHANNELS, PICTURE_CHANNELS = 16, 24

# Catmull-Rom (a = -0.5) at the four phases -3/8, -1/8, 1/8, 3/8 of a x4 enlargement, taps at -2..2, sums of 64.
ENLARGE_TAPS = torch.tensor(
    [
        [-3.0, 25.0, 47.0, -5.0, 0.0],
        [0.0, 6.0, 61.0, -3.0, 0.0],
        [0.0, -3.0, 61.0, 6.0, 0.0],
        [0.0, -5.0, 47.0, 25.0, -3.0],
    ]
)


def fold(luma, chroma):
    """[B,1,H,W] and [B,2,H/2,W/2] to the folded picture [B,24,H/4,W/4]."""
    return torch.cat((F.pixel_unshuffle(luma, 4), F.pixel_unshuffle(chroma, 2)), 1)


def unfold(picture):
    """The inverse of `fold`."""
    return F.pixel_shuffle(picture[:, :LUMA_CHANNELS], 4), F.pixel_shuffle(picture[:, LUMA_CHANNELS:], 2)


def to_real(samples):
    """8-bit samples to real values."""
    return (samples.float() - 128) / 256


def enlarge(luma, chroma):
    """A base picture four times larger, folded: real [B,1,h,w] and [B,2,h/2,w/2] to [B,24,h,w], not rounded.

    Each output phase is a 5x5 convolution with integer weights (their sum is 64 * 64) on the edge-extended plane.
    """
    taps = ENLARGE_TAPS.to(luma)
    kernel = (taps[:, None, :, None] * taps[None, :, None, :]).reshape(16, 1, 5, 5) / 4096
    large = F.conv2d(F.pad(luma, (2, 2, 2, 2), mode="replicate"), kernel)
    b, _, h, w = chroma.shape
    planes = F.conv2d(F.pad(chroma, (2, 2, 2, 2), mode="replicate").reshape(b * 2, 1, h + 4, w + 4), kernel)
    # sixteen phases on the 1/8 grid -> half-size plane -> four phases on the 1/4 grid
    planes = F.pixel_unshuffle(F.pixel_shuffle(planes, 4), 2).reshape(b, 8, 2 * h, 2 * w)
    return torch.cat((large, planes), 1)


def squared_errors(a, b):
    """Mean squared error of luma and of both chroma planes, real pictures folded, per picture: ([B], [B])."""
    d = (a - b) ** 2
    return d[:, :LUMA_CHANNELS].mean((1, 2, 3)), d[:, LUMA_CHANNELS:].mean((1, 2, 3))
