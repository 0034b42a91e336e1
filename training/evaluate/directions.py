"""What the directions of a bidirectional frame's blocks cost, as an estimate (codec/SPEC.md, section 4.7)."""
import numpy as np

CONTEXT_SAVING = 0.8  # of the entropy is left when the directions of the blocks before and above are known


def direction_bits(directions):
    """Bits of the directions [h,w] of one frame."""
    counts = np.bincount(directions.ravel())
    counts = counts[counts > 0]
    return CONTEXT_SAVING * float(-(counts * np.log2(counts / counts.sum())).sum())
