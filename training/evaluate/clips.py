"""Evaluation clips as the network meets them, and the x264 curves beside them; everything is made once and cached."""
import json
import math
import subprocess
from pathlib import Path

import numpy as np

from training.data.dataset import MOTION_SLOPE
from training.data.downscale import downscale_by_4
from training.data.prepare import decode_stream, encode_base, find_motion, planes_of, raw_of, run_ffmpeg

from .curves import frame_quality, ms_ssim

MOTION_SEARCH = Path(__file__).resolve().parents[1] / "data/block_motion.c"
ANCHOR_CRFS = (18, 22, 26, 30, 34, 38, 42)


def motion_lambda_of(q):
    """Squared error per bit of the motion search at q."""
    return round(65025 * MOTION_SLOPE / (40 * math.exp(math.log(40) * q / 63)))


def read_clip(path, frames, largest=None):
    """The first `frames` pictures, cut in the middle to multiples of 32 and at most `largest` (w, h): y, uv, fps."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height,r_frame_rate", "-of", "json", path]
    stream = json.loads(subprocess.run(probe, check=True, stdout=subprocess.PIPE).stdout)["streams"][0]
    w, h = stream["width"], stream["height"]
    W, H = w // 32 * 32, h // 32 * 32
    if largest:
        W, H = min(W, largest[0] // 32 * 32), min(H, largest[1] // 32 * 32)
    left, top = (w - W) // 4 * 2, (h - H) // 4 * 2
    cut = ["-vf", f"crop={W}:{H}:{left}:{top}:exact=1", "-frames:v", str(frames), "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    y, uv = planes_of(run_ffmpeg(["-i", str(path), *cut], None), W, H)
    a, b = map(int, stream["r_frame_rate"].split("/"))
    return y, uv, a / b


def build_one_size_program(folder, size):
    """The motion search of `data/block_motion.c` with blocks of one size; returns the program's path."""
    source = MOTION_SEARCH.read_text()
    sizes = "LARGEST = 32, SMALLEST = 8"
    if source.count(sizes) != 1:
        raise RuntimeError(f"{MOTION_SEARCH.name} does not say {sizes!r}")
    program, written = Path(folder) / f"block_motion_{size}", Path(folder) / f"block_motion_{size}.c"
    written.write_text(source.replace(sizes, f"LARGEST = {size}, SMALLEST = {size}"))
    subprocess.run(["gcc", "-O3", "-march=native", "-o", program, written, "-lm"], check=True, stdout=subprocess.DEVNULL)
    return program


class Clip:
    """One evaluation clip: pictures, and per q its base pictures and motion with their bits."""

    def __init__(self, path, frames, largest, cache, program, block=None):
        """program: the motion search; block: its one size of blocks, where it is not the quadtree's."""
        self.name = Path(path).stem.split("_")[0]
        self.y, self.uv, self.fps = read_clip(path, frames, largest)
        self.pixels = self.y[0].size
        self.key = f"{self.name}_{self.y.shape[2]}x{self.y.shape[1]}_{len(self.y)}"
        self.cache, self.program = Path(cache), program
        self.block = "" if block is None else f"{block}x{block}_"
        self.cache.mkdir(parents=True, exist_ok=True)

    def _cached(self, name, make):
        path = self.cache / f"{self.key}_{name}.npz"
        if not path.exists():
            draft = path.with_suffix(".part.npz")
            np.savez(draft, **make())
            draft.rename(path)
        with np.load(path) as arrays:
            return dict(arrays)

    def base(self, crf):
        """Decoded base pictures y, uv and their bits."""
        def make():
            stream = encode_base(downscale_by_4(self.y), downscale_by_4(self.uv), self.fps, crf)
            y, uv = decode_stream(stream, self.y.shape[2] // 4, self.y.shape[1] // 4)
            return dict(y=y, uv=uv, bits=8.0 * len(stream))
        return self._cached(f"base{crf:g}", make)

    def motion(self, motion_lambda, name="motion"):
        """Block motion [T, H/8, W/8, 3], the array `name` of `prepare.SEARCHES`, and its bits [T]."""
        def make():
            motion, bits = find_motion(self.program, self.y, self.uv, (motion_lambda,), name)
            return dict(motion=motion[0], bits=bits[0])
        return self._cached(f"{name}{self.block}{motion_lambda}", make)

    def anchor(self):
        """x264 veryfast zerolatency, one I frame: [(crf, bits per pixel, per-frame quality [T, 2], MS-SSIM in dB)]."""
        def make():
            h, w = self.y.shape[1:]
            rates, quality, similarity = [], [], []
            for crf in ANCHOR_CRFS:
                stream = encode_anchor(self.y, self.uv, self.fps, crf)
                rates.append(8 * len(stream) / self.y.size)
                y, uv = decode_stream(stream, w, h)
                quality.append(frame_quality(y, uv, self.y, self.uv))
                similarity.append(ms_ssim(y, self.y))
            return dict(rates=np.array(rates), quality=np.array(quality), similarity=np.array(similarity))
        data = self._cached("anchor", make)
        return list(zip(ANCHOR_CRFS, data["rates"], data["quality"], data["similarity"]))


def encode_anchor(y, uv, fps, crf):
    """The full-size clip by x264 -preset veryfast -tune zerolatency, in a GOP as long as the clip."""
    h, w = y.shape[1:]
    size = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{w}x{h}", "-r", str(fps), "-i", "-"]
    x264 = ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "999", "-sc_threshold", "0", "-crf", str(crf), "-threads", "1"]
    return run_ffmpeg([*size, *x264, "-f", "h264", "-"], raw_of(y, uv))
