"""What the tests share: the import path, small synthetic clips."""
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def moving_clip(frames=4, height=64, width=96, dx=2, dy=-1, seed=1):
    """A smooth random texture that moves by (dx, dy) whole samples a frame: y, uv."""
    rng = np.random.default_rng(seed)
    big = rng.integers(0, 256, (height + 64, width + 64)).astype(np.float64)
    for _ in range(3):
        big = sum(np.roll(big, (j, i), (0, 1)) for j in (-1, 0, 1) for i in (-1, 0, 1)) / 9
    big = np.clip((big - 128) * 4 + 128, 0, 255).astype(np.uint8)
    y = np.stack([big[32 - t * dy:32 - t * dy + height, 32 - t * dx:32 - t * dx + width] for t in range(frames)])
    uv = np.stack([y[:, ::2, ::2], 255 - y[:, ::2, ::2]], 1)
    return y, uv


def run(module):
    """Runs a test module as a plain script: every function named test_*."""
    for name, test in list(vars(module).items()):
        if name.startswith("test_"):
            test()
            print(f"{name}: ok")
