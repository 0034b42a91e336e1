"""What later pictures inherit from each 32x32 block, as the product's encoder sees it (`codec/enhancement/inheritance.ts`).

The search is exhaustive here and downhill there: a little better, and slower.
"""
import numpy as np

BLOCK, REACH, VECTOR_PRICE = 8, 7, 2
NOISE = BLOCK**2
WORTH = 5  # quality indices that a doubling is worth


def block_sums(x):
    h, w = x.shape
    return x.reshape(h // BLOCK, BLOCK, w // BLOCK, BLOCK).sum((1, 3))


def own_costs(y):
    """Sum of absolute differences from each block's mean."""
    mean = block_sums(y) / BLOCK**2
    return block_sums(np.abs(y - np.kron(mean, np.ones((BLOCK, BLOCK), np.float32))))


def moved_costs(y, before):
    """(costs from the picture before, dy, dx) of each block."""
    h, w = y.shape
    padded = np.pad(before, REACH, mode="edge")
    best, vy, vx = None, 0, 0
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            there = padded[REACH + dy:REACH + dy + h, REACH + dx:REACH + dx + w]
            cost = block_sums(np.abs(y - there)) + VECTOR_PRICE * (abs(dy) + abs(dx))
            better = np.ones_like(cost, bool) if best is None else cost < best
            best = cost if best is None else np.where(better, cost, best)
            vy, vx = np.where(better, dy, vy), np.where(better, dx, vx)
    return best, vy, vx


def passed_on(own, moved, vy, vx, inherited):
    """What blocks hold and have inherited, as far as it comes from the picture before, put where it comes from."""
    rows, columns = own.shape
    held = own + NOISE
    amount = (held + inherited) * np.clip(1 - moved / held, 0, 1)
    y = np.clip(np.arange(rows)[:, None] + vy / BLOCK, 0, rows - 1)
    x = np.clip(np.arange(columns)[None] + vx / BLOCK, 0, columns - 1)
    up, left = np.floor(y).astype(int), np.floor(x).astype(int)
    down, right = np.minimum(up + 1, rows - 1), np.minimum(left + 1, columns - 1)
    along, across = y - up, x - left
    to = np.zeros_like(own)
    for r, c, share in ((up, left, (1 - along) * (1 - across)), (up, right, (1 - along) * across),
                        (down, left, along * (1 - across)), (down, right, along * across)):
        np.add.at(to, (r, c), amount * share)
    return to


def inheritance(base, frames):
    """[T, H/32, W/32] of base pictures [T, H/4, W/4], one GOP, looking `frames` ahead: log2 of a factor."""
    y = base.astype(np.float32)
    own = [own_costs(picture) for picture in y]
    moved = [None, *(moved_costs(y[t], y[t - 1]) for t in range(1, len(y)))]
    result = []
    for t in range(len(y)):
        inherited = np.zeros_like(own[t])
        for u in range(min(t + frames, len(y) - 1), t, -1):
            inherited = passed_on(own[u], *moved[u], inherited)
        result.append(np.log2(1 + inherited / (own[t] + NOISE)))
    return np.stack(result).astype(np.float32)
