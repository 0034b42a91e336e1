"""Which blocks are copied, chosen and priced as the product's encoder does (codec/SPEC.md, section 5.3; `codec/entropy/copied-coder.ts`)."""
import numpy as np
import torch

from training.model.copying import change_levels

TOTAL = 1 << 14
# Chance in thousandths that a block is copied, by left + up, then the frame before (0, 1, none), then the level of the base's change.
COPIED = (
    (71, 55, 104, 70), (770, 642, 504, 354), (516, 233, 296, 106),
    (232, 231, 218, 148), (905, 834, 703, 564), (455, 518, 478, 284),
    (474, 680, 509, 357), (918, 928, 858, 735), (917, 798, 651, 554),
)  # fmt: skip


def shift_of(seen):
    return 3 if seen < 2 else 4 if seen < 14 else 5 if seen < 38 else 6


class Flags:
    """The flags of one clip from its intra frame on."""

    def __init__(self):
        self.chance = [TOTAL * c // 1000 for row in COPIED for c in row]
        self.seen, self.previous = [0] * len(self.chance), None

    def choose(self, gains, levels):
        """gains [h,w] in bits without the flag's, levels [h,w]: (flags, their bits)."""
        h, w = gains.shape
        flags, bits = np.zeros((h, w), int), 0.0
        for y in range(h):
            for x in range(w):
                around = (flags[y, x - 1] if x else 0) + (flags[y - 1, x] if y else 0)
                before = 2 if self.previous is None else self.previous[y, x]
                i = 4 * (3 * around + before) + levels[y, x]
                costs = -np.log2(np.array((TOTAL - self.chance[i], self.chance[i])) / TOTAL)
                flag = int(gains[y, x] + costs[0] - costs[1] > 0)
                flags[y, x], bits = flag, bits + costs[flag]
                self.chance[i] += ((TOTAL - 1 if flag else 1) - self.chance[i]) >> shift_of(self.seen[i])
                self.seen[i] += 1
        self.previous = flags
        return flags, bits


class CopyChoice:
    """`copying` of `Enhancement.forward` for a batch of clips, or qualities of one."""

    def __init__(self, batch):
        self.flags = [Flags() for _ in range(batch)]

    def __call__(self, gains, cue):
        levels = change_levels(cue)[:, 0].cpu().numpy()
        chosen = [f.choose(g, level) for f, g, level in zip(self.flags, gains[:, 0].cpu().numpy(), levels)]
        flags = torch.from_numpy(np.stack([c[0] for c in chosen]))[:, None].to(gains)
        return flags, torch.tensor([c[1] for c in chosen]).to(gains)
