"""Clips of known motion from photographs: pans, zooms, rotations, moving occluders, fades.

    python3 training/data/synthetic.py --source ../shared/data/train --out training/runs/clips [--limit 50]

Sharp pictures with motion that real packs have little of: large, rotating, uncovering. Writes the folders of prepare.py.
"""
import argparse
import math
import os
import random
import sys
import tarfile
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from training.data.prepare import MOTION_LAMBDAS, arrays_of, build_motion_program, chosen_crfs, planes_of, write_clip  # noqa: E402

WIDTH, HEIGHT, FRAMES, FPS = 384, 256, 8, 25
HERE = Path(__file__).resolve().parent


class Camera:
    """A view of a photograph that drifts, turns and zooms steadily; no view enlarges the photograph."""

    def __init__(self, rng, w, h, speed):
        self.scale = rng.uniform(1.0, max(1.0, min(1.8, 0.85 * min(w / WIDTH, h / HEIGHT))))  # photograph samples per sample
        self.zoom = 1 + rng.choice((0, 0, 1)) * rng.uniform(-0.015, 0.025)
        self.angle, self.turn = rng.choice((0, 0, 1)) * rng.uniform(-0.2, 0.2), rng.choice((0, 0, 1)) * rng.uniform(-0.02, 0.02)
        heading, pace = rng.uniform(0, 2 * math.pi), speed * rng.random() ** 2
        self.dx, self.dy = pace * math.cos(heading), pace * math.sin(heading)
        self.x, self.y = w / 2 + rng.uniform(-0.1, 0.1) * w - self.dx * FRAMES / 2, h / 2 + rng.uniform(-0.1, 0.1) * h - self.dy * FRAMES / 2

    def matrix(self, t):
        """Affine map from picture to photograph coordinates at frame t."""
        s, a = max(1.0, self.scale * self.zoom**t), self.angle + self.turn * t
        c, n = s * math.cos(a), s * math.sin(a)
        x, y = self.x + self.dx * t, self.y + self.dy * t
        return np.array([[c, -n, x - c * WIDTH / 2 + n * HEIGHT / 2], [n, c, y - n * WIDTH / 2 - c * HEIGHT / 2]])


def view(photo, matrix):
    """The picture that `matrix` sees; the edge of the photograph is mirrored."""
    return cv2.warpAffine(photo, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101)


def render(photo, other, rng):
    """FRAMES pictures of `photo`, `other` passing in front of it in some: BGR float32."""
    h, w = photo.shape[:2]
    camera = Camera(rng, w, h, speed=24)
    occluder = Camera(rng, other.shape[1], other.shape[0], speed=4) if rng.random() < 0.5 else None
    shape = np.zeros((HEIGHT, WIDTH), np.float32)
    if occluder:
        centre = (rng.randrange(WIDTH), rng.randrange(HEIGHT))
        axes = (rng.randrange(20, 90), rng.randrange(20, 90))
        cv2.ellipse(shape, centre, axes, rng.randrange(180), 0, 360, 1, -1, cv2.LINE_AA)
        drift = (rng.uniform(-14, 14), rng.uniform(-8, 8))
    fade = rng.choice((0, 0, 0, 1)) * rng.uniform(-0.07, 0.07)
    pictures = []
    for t in range(FRAMES):
        # Sharper than the grid can hold would shimmer: a little blur where the photograph is seen smaller.
        sigma = 0.4 * max(0.0, camera.scale * camera.zoom**t - 1)
        picture = view(cv2.GaussianBlur(photo, (0, 0), sigma) if sigma > 0.05 else photo, camera.matrix(t)).astype(np.float32)
        if occluder:
            move = np.array([[1, 0, drift[0] * (t - FRAMES / 2)], [0, 1, drift[1] * (t - FRAMES / 2)]], np.float32)
            mask = cv2.warpAffine(shape, move, (WIDTH, HEIGHT))[..., None]
            body = cv2.warpAffine(view(other, occluder.matrix(0)), move, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
            picture += mask * (body.astype(np.float32) - picture)
        pictures.append(picture * (1 + fade * (t - FRAMES / 2)))
    return np.clip(np.stack(pictures), 0, 255)


def synthesize(job):
    """One photograph to one clip folder; returns its name."""
    name, other_name, source, out, program = job
    photos = []
    with tarfile.open(source) as tar:
        for n in (name, other_name):
            photos.append(cv2.imdecode(np.frombuffer(tar.extractfile(n).read(), np.uint8), cv2.IMREAD_COLOR))
    clip = Path(name).stem
    if min(photos[0].shape[0] / HEIGHT, photos[0].shape[1] / WIDTH) < 1:
        return f"{clip} is too small"
    rng = random.Random(clip)
    pictures = render(*photos, rng)
    noise = rng.choice((0, 0, 1.0, 2.0))
    grain = np.random.default_rng(rng.randrange(2**32)).normal(0, 1, pictures.shape) * noise
    pictures = np.clip(pictures + grain + 0.5, 0, 255).astype(np.uint8)
    raw = b"".join(cv2.cvtColor(p, cv2.COLOR_BGR2YUV_I420).tobytes() for p in pictures)
    y, uv = planes_of(raw, WIDTH, HEIGHT)
    crfs = chosen_crfs(clip)
    arrays, streams = arrays_of(y, uv, FPS, crfs, program)
    meta = dict(name=clip, pack="photos", scene=clip, fps=FPS, width=WIDTH, height=HEIGHT, frames=FRAMES, crfs=crfs, motion_lambdas=MOTION_LAMBDAS,
                base_bytes=[len(s) for s in streams])
    write_clip(out, clip, arrays, meta)
    return clip


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=str(HERE.parents[2] / "shared/data/train"))
    parser.add_argument("--out", default=str(HERE.parent / "work/clips"))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--nice", type=int, default=10)
    options = parser.parse_args(argv)
    os.nice(options.nice)
    cv2.setNumThreads(1)
    source, out = Path(options.source, "photos-00.tar"), Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(source) as tar:
        names = sorted(n for n in tar.getnames() if n.endswith(".webp"))
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.processes) as pool:
        program = build_motion_program(folder)
        jobs = [(n, names[(i * 7 + 3) % len(names)], source, out, program) for i, n in enumerate(names)]
        jobs = [j for j in jobs if not (out / Path(j[0]).stem / "meta.json").exists()][:options.limit]
        for i, name in enumerate(pool.map(synthesize, jobs)):
            print(f"{i + 1}/{len(jobs)} {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
