"""Adaptive quality: flat blocks finer, busy blocks coarser, as the eye and MS-SSIM see them (codec/SPEC.md, section 4.6).

A block of 32x32 luma samples has a quality index of its own: the frame's plus an offset in multiples of 4.
"""
import torch
import torch.nn.functional as F

from .picture import unfold

OFFSET_UNIT, LARGEST_OFFSET = 4, 16
QUALITIES = 64


def activity(source):
    """Mean over each 32x32 block of log2(1 + variance of 8x8 samples), [B,1,H/32,W/32]; source: real, folded."""
    luma, _ = unfold(source)
    luma = luma * 256
    mean = F.avg_pool2d(luma, 8)
    variance = (F.avg_pool2d(luma * luma, 8) - mean * mean).clamp(min=0)
    return F.avg_pool2d(torch.log2(1 + variance), 4)


def quality_map(source, q, strength, finer=0):
    """[B,1,H/32,W/32] of q [B], finer by `strength` [B] indices for each halving of a block's variance below the picture's.

    finer [B,1,H/32,W/32]: what else a block is worth, in indices; their mean changes nothing.
    """
    worth = finer - strength[:, None, None, None] * activity(source)
    offset = worth - worth.mean((2, 3), keepdim=True)
    offset = OFFSET_UNIT * torch.floor(offset / OFFSET_UNIT + 0.5)
    return (q[:, None, None, None] + offset.clamp(-LARGEST_OFFSET, LARGEST_OFFSET)).clamp(0, QUALITIES - 1)


def adaptive_strength(batch):
    """Strengths to train with: uniform quality for two fifths of the samples."""
    return 5 * torch.rand(batch) * (torch.rand(batch) > 0.4)
