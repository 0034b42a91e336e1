"""Copied blocks: 16x16 blocks of an inter frame taken over from the previous picture by block motion (codec/SPEC.md, section 4.5).

Nothing is coded for them, and nothing fades: picture and features are those of the previous frame, moved.
"""
import torch
import torch.nn.functional as F

BLOCK_CELLS = 2  # 8x8 cells along a block
PATIENCE = 2.0  # an error that stays is worth so many of one frame: later frames inherit it
CHANGE_STEPS = (1, 3, 7)  # of the base's change, in samples: contexts of a block's flag


def cell_errors(difference, luma_channels, luma_weight, chroma_weight):
    """Weighted squared error of a folded difference [B,24,H/4,W/4] per 8x8 cell, [B,1,H/8,W/8]: its mean over cells is 64 times the mean error."""
    squares = difference**2
    luma, chroma = (4 * F.avg_pool2d(part.sum(1, keepdim=True), 2) for part in (squares[:, :luma_channels], squares[:, luma_channels:]))
    return luma_weight * luma + 2 * chroma_weight * chroma


def block_gains(bits, error_added, price):
    """What copying saves, in bits: [B,1,h,w] bits of the coded cells less `PATIENCE * price` of the error added."""
    return F.avg_pool2d(bits - PATIENCE * price * error_added, BLOCK_CELLS) * BLOCK_CELLS**2


def to_cells(flags):
    """Flags of blocks [B,1,h,w] as 0 or 1 of each cell, [B,1,2h,2w]."""
    return F.interpolate(flags, scale_factor=BLOCK_CELLS)


def change_levels(cue):
    """Levels 0..3 of the base's change in each block, from the prior's cues (`prior.cues`): [B,1,h,w]."""
    change = F.max_pool2d(cue[:, 12:18].amax(1, keepdim=True) * 128, BLOCK_CELLS)
    return sum((change > step).int() for step in CHANGE_STEPS)


def copy_where_it_saves(gains, cue):
    """A choice for training: flags whose cost is taken as one bit. (flags [B,1,h,w], their bits [B])."""
    return (gains > 1).float(), gains.new_zeros(len(gains))
