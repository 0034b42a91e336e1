"""Random crops of the clip folders that prepare.py and pack.py make."""
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch

from .prepare import BIDIRECTIONAL_ARRAYS, has_bidirectional

BLOCK = 32  # crops lie on the grid of the largest motion block
# How often a grade is drawn against the others that are there; packs not named here are clean.
GRADE_WEIGHTS = {"clean": 3.0, "pack-03": 1.0, "enlarged": 1.0, "photos": 0.6, "drawn": 0.5}
DRAWN_SCENES = ("sintel",)  # film that was drawn or rendered: rare among the clips, common among videos
FIRST_FRAME_SHARE = 0.25  # of the samples start where the base has its I frame, as every segment does
RESCAN_SECONDS = 60
MOTION_SLOPE = 2.6  # motion is searched at this part of the rate-distortion slope: fewer vectors than plain prediction would like
BASE_SPREAD = 5.0  # crf by which the base may stray from the one that goes with q, as a rule


def quality_of(motion_lambda):
    """The q (0..63, real) whose rate-distortion slope fits motion searched at `motion_lambda` squared error a bit."""
    return min(63.0, max(0.0, 63 * math.log(MOTION_SLOPE * 65025 / motion_lambda / 40) / math.log(40)))


def base_crf_of(q):
    """The quality of the base stream that goes with q, as codec/base/base-quality.ts has it."""
    return min(44.0, max(12.0, round(41 - 0.22 * q, 1)))


def grade_of(meta):
    """The grade (a key of GRADE_WEIGHTS) of a clip with this meta.json."""
    if meta["scene"].startswith(DRAWN_SCENES):
        return "drawn"
    return meta["pack"] if meta["pack"] in GRADE_WEIGHTS else "clean"


def flip_sideways(sample):
    """The mirrored sample: arrays end in x (those of motion: [n, 3, h, w]); the interpolation filters are symmetric, so it is exact."""
    flipped = {k: v[..., ::-1] for k, v in sample.items()}
    for name in ("motion", *BIDIRECTIONAL_ARRAYS):
        if name in flipped:
            flipped[name] = motion = flipped[name].copy()
            motion[:, 1] = np.clip(-motion[:, 1].astype(np.int32), -1024, 1023)
    return flipped


class ClipDataset(torch.utils.data.Dataset):
    """Sample i is a random crop of `frames` consecutive pictures of clip i, at a random base quality and motion lambda.

    y [n,1,h,w], uv [n,2,h/2,w/2], base_y [n,1,h/4,w/4], base_uv [n,2,h/8,w/8] (uint8), motion [n,3,h/8,w/8] (int16: moved,
    x, y in quarter luma samples; that of the first picture means nothing), q and crf (float32 scalars). `crop` is one
    number or (height, width), multiples of 32; clips that are smaller are left out. Clips that appear while training runs
    are found within a minute.

    `bidirectional`: only clips that have what bidirectional frames need, and with it: motion_two, motion_ahead, like motion.
    """

    def __init__(self, folder, frames=3, crop=128, flip=True, bidirectional=False):
        self.folder, self.frames, self.flip = Path(folder), frames, flip
        self.bidirectional = bidirectional
        self.crop = (crop, crop) if isinstance(crop, int) else tuple(crop)
        if any(c < BLOCK or c % BLOCK for c in self.crop):
            raise ValueError(f"crop {self.crop} is not a multiple of {BLOCK}")
        self.clips, self.seen = [], set()
        self.scan()
        if not self.clips:
            wanted, flag = ("clip with motion of bidirectional frames", " --add-bidirectional") if bidirectional else ("clip", "")
            raise FileNotFoundError(f"{folder} holds no {wanted} of {frames} frames and {self.crop[1]}x{self.crop[0]}: run training/data/prepare.py{flag}")

    def scan(self):
        """Looks for new clip folders; known clips keep their index."""
        self.scanned = time.monotonic()
        for path in sorted(self.folder.iterdir()):
            if path.name.startswith(".") or path in self.seen or not (path / "meta.json").exists():
                continue
            if self.bidirectional and not has_bidirectional(path):
                continue
            self.seen.add(path)
            meta = json.loads((path / "meta.json").read_text())
            if meta["height"] >= self.crop[0] and meta["width"] >= self.crop[1] and meta["frames"] >= self.frames:
                self.clips.append((path, meta))
        grades = [grade_of(meta) for _, meta in self.clips]
        total = sum(GRADE_WEIGHTS[g] for g in set(grades))
        # Per index: its grade's share of the samples, divided by the clips of that grade.
        self.weights = [GRADE_WEIGHTS[g] / total / grades.count(g) for g in grades]

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, index):
        while index >= len(self.clips):  # a worker's copy that has not seen the newest clips
            count = len(self.clips)
            self.scan()
            if len(self.clips) == count:
                raise IndexError(index)
        path, meta = self.clips[index]
        n, (h, w) = self.frames, self.crop
        t = 0 if random.random() < FIRST_FRAME_SHARE else random.randrange(meta["frames"] - n + 1)
        y0 = BLOCK * random.randrange((meta["height"] - h) // BLOCK + 1)
        x0 = BLOCK * random.randrange((meta["width"] - w) // BLOCK + 1)
        l = random.randrange(len(meta["motion_lambdas"]))
        fitting = base_crf_of(quality_of(meta["motion_lambdas"][l]))
        # Every base may meet every q, since viewers' encoders choose it, but mostly it is the one that the rule gives.
        near = [0.1 + math.exp(-abs(crf - fitting) / BASE_SPREAD) for crf in meta["crfs"]]
        (k,) = random.choices(range(len(near)), near)

        def cut(name, r, *lead):
            array = np.load(path / f"{name}.npy", mmap_mode="r")
            return array[(*lead, slice(t, t + n), ..., slice(y0 // r, (y0 + h) // r), slice(x0 // r, (x0 + w) // r))]

        def cut_motion(name):
            array = np.load(path / f"{name}.npy", mmap_mode="r")
            return array[l, t:t + n, y0 // 8:(y0 + h) // 8, x0 // 8:(x0 + w) // 8].transpose(0, 3, 1, 2)

        sample = dict(
            y=cut("y", 1)[:, None],
            uv=cut("uv", 2),
            base_y=cut("base_y", 4, k)[:, None],
            base_uv=cut("base_uv", 8, k),
            **{name: cut_motion(name) for name in ("motion", *(BIDIRECTIONAL_ARRAYS if self.bidirectional else ()))},
        )
        if self.flip and random.random() < 0.5:
            sample = flip_sideways(sample)
        tensors = {name: torch.from_numpy(np.array(array, order="C")) for name, array in sample.items()}
        tensors["q"] = torch.tensor(quality_of(meta["motion_lambdas"][l]))
        tensors["crf"] = torch.tensor(float(meta["crfs"][k]))
        return tensors

    def endless_sampler(self):
        """Indices without end, the clean packs three times as often as the second grade."""
        return EndlessSampler(self)


class EndlessSampler(torch.utils.data.Sampler):
    def __init__(self, dataset):
        self.dataset = dataset

    def __iter__(self):
        while True:
            if time.monotonic() - self.dataset.scanned > RESCAN_SECONDS:
                self.dataset.scan()
            yield from random.choices(range(len(self.dataset)), self.dataset.weights, k=64)
