"""The start of analysis and synthesis: an orthonormal DCT of 8x8 luma and of the two 4x4 chroma blocks below it."""
import math

import torch
import torch.nn.functional as F

from .picture import fold

LUMA_COEFFICIENTS, CHROMA_COEFFICIENTS = 64, 16
LATENTS = LUMA_COEFFICIENTS + 2 * CHROMA_COEFFICIENTS


def dct(n):
    """[n, n]: row k is the k-th basis function."""
    k = torch.arange(n).float()
    m = torch.cos(math.pi * (2 * k[None] + 1) * k[:, None] / (2 * n)) * math.sqrt(2 / n)
    m[0] /= math.sqrt(2)
    return m


def zigzag(n):
    """Row and column frequencies from low to high."""
    return sorted(
        ((i, j) for i in range(n) for j in range(n)),
        key=lambda p: (p[0] + p[1], p[0] if (p[0] + p[1]) % 2 else -p[0]),
    )


def dct_matrix():
    """[96, 96]: rows are basis pictures (64 luma, 16 U, 16 V, each in zigzag order) in folded, then unshuffled order."""
    rows = []

    def flat(luma, chroma):
        return F.pixel_unshuffle(fold(luma, chroma), 2).reshape(-1)

    d8, d4 = dct(8), dct(4)
    for i, j in zigzag(8):
        rows.append(flat((d8[i][:, None] * d8[j][None])[None, None], torch.zeros(1, 2, 4, 4)))
    for plane in (0, 1):
        for i, j in zigzag(4):
            chroma = torch.zeros(1, 2, 4, 4)
            chroma[0, plane] = d4[i][:, None] * d4[j][None]
            rows.append(flat(torch.zeros(1, 1, 8, 8), chroma))
    return torch.stack(rows)
