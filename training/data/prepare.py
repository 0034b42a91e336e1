"""Makes training clips: pictures, decoded base pictures at several qualities, block motion, as arrays ready to crop.

    /usr/bin/python3 training/data/prepare.py --source ../shared/data/train --out training/runs/clips [--limit 60]

Each clip is a folder (written under a dotted name, renamed when complete, so a trainer may start on what is there):

    y.npy       uint8 [T, H, W]                    H, W multiples of 32
    uv.npy      uint8 [T, 2, H/2, W/2]
    base_y.npy  uint8 [K, T, H/4, W/4]             K qualities of the base stream
    base_uv.npy uint8 [K, T, 2, H/8, W/8]
    motion.npy  int16 [L, T, H/8, W/8, 3]          moved, x, y (quarter luma samples); frame 0 is zero
    bits.npy    float32 [L, T]                     estimated bits of the motion
    motion_two.npy, motion_ahead.npy               as motion.npy, from two pictures before and from the next one: what streams with
                                                   bidirectional frames need. Frames that have no such picture are zero
    meta.json   name, pack, scene, fps, size, crfs [K], motion_lambdas [L] (squared error a bit), base_bytes [K]

    /usr/bin/python3 training/data/prepare.py --add-bidirectional --out training/runs/clips

gives older clip folders the last two arrays; it may be stopped and started again, and run beside a trainer.
"""
import argparse
import csv
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from training.data.downscale import downscale_by_4  # noqa: E402

HERE = Path(__file__).resolve().parent
CRFS = (20, 26, 32, 38)
CRFS_PER_CLIP = 3
# Spread over 65025 / lambda_rd * 1.3 for the rate-distortion lambdas 40..1600 of the model.
MOTION_LAMBDAS = (80, 300, 1100)
CLEAN_PACKS = ("pack-00.tar", "pack-01.tar", "pack-02.tar")
SECOND_PACKS = ("pack-03.tar",)


class Search(NamedTuple):
    """Where a picture's motion comes from, and what it may cost."""

    distance: int  # pictures before its own; below 0: after it
    price: int  # factor on the squared error per bit


# The arrays of motion. That of a bidirectional frame leads into the next picture and serves the one before as well, turned round:
# vectors that follow noise instead of motion are wrong there, and a higher price keeps them out.
SEARCHES = dict(motion=Search(1, 1), motion_two=Search(2, 1), motion_ahead=Search(-1, 3))
BIDIRECTIONAL_ARRAYS = ("motion_two", "motion_ahead")


def build_motion_program(folder):
    """Compiles block_motion.c for this machine; returns the program's path."""
    program = Path(folder) / "block_motion"
    subprocess.run(["gcc", "-O3", "-march=native", "-o", program, HERE / "block_motion.c", "-lm"], check=True)
    return program


def run_ffmpeg(arguments, data):
    done = subprocess.run(["ffmpeg", "-v", "error", "-threads", "1", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError(f"ffmpeg {' '.join(map(str, arguments))}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def planes_of(raw, w, h):
    """Raw I420 pictures to y [T, h, w] and uv [T, 2, h/2, w/2]."""
    frames = np.frombuffer(raw, np.uint8).reshape(-1, w * h * 3 // 2)
    return frames[:, :w * h].reshape(-1, h, w), frames[:, w * h:].reshape(-1, 2, h // 2, w // 2)


def raw_of(y, uv):
    """The inverse of planes_of."""
    return np.concatenate((y.reshape(len(y), -1), uv.reshape(len(uv), -1)), 1).tobytes()


def crop_to_blocks(y, uv):
    """Centre crop to multiples of 32 (offsets even, so that chroma stays in place)."""
    h, w = y.shape[-2:]
    H, W = h // 32 * 32, w // 32 * 32
    top, left = (h - H) // 4 * 2, (w - W) // 4 * 2
    y = y[:, top:top + H, left:left + W]
    return y, uv[:, :, top // 2:(top + H) // 2, left // 2:(left + W) // 2]


def encode_base(y, uv, fps, crf):
    """Base source pictures to an H.264 byte stream as a realtime encoder makes it: one I frame, then P frames."""
    h, w = y.shape[-2:]
    size = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{w}x{h}", "-r", str(fps), "-i", "-"]
    x264 = ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-bf", "0", "-g", "999", "-sc_threshold", "0", "-crf", str(crf), "-threads", "1"]
    return run_ffmpeg([*size, *x264, "-f", "h264", "-"], raw_of(y, uv))


def decode_stream(stream, w, h):
    """An H.264 byte stream to planes."""
    return planes_of(run_ffmpeg(["-f", "h264", "-i", "-", "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"], stream), w, h)


def find_motion(program, y, uv, lambdas=MOTION_LAMBDAS, name="motion"):
    """Block motion of the clip, the array `name` of SEARCHES: int16 [L, T, H/8, W/8, 3] and estimated bits float32 [L, T]."""
    frames, h, w = y.shape
    distance, price = SEARCHES[name]
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "source.yuv"), Path(folder, "motion.bin")
        source.write_bytes(raw_of(y, uv))
        prices = [str(price * l) for l in lambdas]
        subprocess.run([program, source, str(w), str(h), str(frames), out, str(distance), *prices], check=True, stdout=subprocess.DEVNULL)
        data = out.read_bytes()
    shape = (len(lambdas), frames, h // 8, w // 8, 3)
    split = 2 * int(np.prod(shape))
    return np.frombuffer(data[:split], np.int16).reshape(shape), np.frombuffer(data[split:], np.float32).reshape(len(lambdas), frames)


def motions_of(program, y, uv):
    """All arrays of motion of a clip folder, and the bits of `motion`."""
    found = {name: find_motion(program, y, uv, name=name) for name in SEARCHES}
    return dict({name: motion for name, (motion, _) in found.items()}, bits=found["motion"][1])


def arrays_of(y, uv, fps, crfs, program):
    """Everything a clip folder holds but meta.json, and the bytes of the base streams."""
    base_y, base_uv = downscale_by_4(y), downscale_by_4(uv)
    streams = [encode_base(base_y, base_uv, fps, crf) for crf in crfs]
    decoded = [decode_stream(s, y.shape[2] // 4, y.shape[1] // 4) for s in streams]
    for planes, _ in decoded:
        if len(planes) != len(y):
            raise RuntimeError(f"base stream of {len(planes)} frames, {len(y)} expected")
    arrays = dict(y=y, uv=uv, base_y=np.stack([d[0] for d in decoded]), base_uv=np.stack([d[1] for d in decoded]), **motions_of(program, y, uv))
    return arrays, streams


def write_clip(out, name, arrays, meta):
    """Writes a clip folder so that it appears complete or not at all."""
    draft, final = Path(out, f".{name}.{os.getpid()}"), Path(out, name)
    draft.mkdir(parents=True)
    for key, value in arrays.items():
        np.save(draft / f"{key}.npy", np.ascontiguousarray(value))
    (draft / "meta.json").write_text(json.dumps(meta))
    if final.exists():
        shutil.rmtree(draft)
    else:
        draft.rename(final)


def has_bidirectional(folder):
    """Whether a clip folder has all of BIDIRECTIONAL_ARRAYS."""
    return all(Path(folder, f"{name}.npy").exists() for name in BIDIRECTIONAL_ARRAYS)


def add_bidirectional(job):
    """Gives one clip folder BIDIRECTIONAL_ARRAYS, each complete or not there; returns its name."""
    folder, program = job
    y, uv = (np.load(folder / f"{key}.npy") for key in ("y", "uv"))
    lambdas = json.loads((folder / "meta.json").read_text())["motion_lambdas"]
    for name in BIDIRECTIONAL_ARRAYS:
        motion, _ = find_motion(program, y, uv, lambdas, name)
        draft = folder / f".{name}.{os.getpid()}.npy"
        np.save(draft, motion)
        draft.rename(folder / f"{name}.npy")
    return folder.name


def chosen_crfs(name):
    """Three of the four qualities, by the clip's name: all clips together have all of them."""
    skip = hashlib.sha256(name.encode()).digest()[0] % len(CRFS)
    return tuple(c for i, c in enumerate(CRFS) if i != skip)[:CRFS_PER_CLIP]


def enlarged_window(width, height):
    """ffmpeg's filter that shows the middle of a picture twice as large, and the size that comes out."""
    w, h = width // 4 * 2, height // 4 * 2
    return f"crop={w}:{h},scale={2 * w}:{2 * h}:flags=bicubic", 2 * w, 2 * h


def prepare_clip(job):
    """One row of the manifest to one clip folder; returns the line to print.

    `enlarged`: the middle of its pictures, twice as large. The clips are films made small, sharp to the last sample; what people film is
    softer than its size says.
    """
    row, source, out, program, enlarged = job
    name = clip_name(row, enlarged)
    width, height, window = int(row["width"]), int(row["height"]), []
    if enlarged:
        shown, width, height = enlarged_window(width, height)
        window = ["-vf", shown]
    with tarfile.open(Path(source, row["pack"] + ".tar")) as pack:
        data = pack.extractfile(row["file"]).read()
    with tempfile.NamedTemporaryFile(suffix=".mp4") as video:
        video.write(data)
        video.flush()
        raw = run_ffmpeg(["-i", video.name, *window, "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"], None)
    y, uv = crop_to_blocks(*planes_of(raw, width, height))
    fps, crfs = float(row["fps"]), chosen_crfs(name)
    arrays, streams = arrays_of(y, uv, fps, crfs, program)
    meta = dict(name=name, pack="enlarged" if enlarged else row["pack"], scene=row["scene"], fps=fps, width=y.shape[2], height=y.shape[1], frames=len(y), crfs=crfs,
                motion_lambdas=MOTION_LAMBDAS, base_bytes=[len(s) for s in streams])
    write_clip(out, name, arrays, meta)
    return f"{name} {y.shape[2]}x{y.shape[1]} {len(y)} frames, base bytes {meta['base_bytes']}"


def clip_name(row, enlarged):
    """The folder of a row's clip; that of its enlarged middle stands beside it."""
    return Path(row["file"]).stem + ("_enlarged" if enlarged else "")


def interleave(rows, seed):
    """One clip of every scene, then a second of every scene, and so on: an early start has variety."""
    rng, scenes = random.Random(seed), {}
    for row in rows:
        scenes.setdefault(row["scene"], []).append(row)
    order = list(scenes.values())
    rng.shuffle(order)
    for clips in order:
        rng.shuffle(clips)
    return [clips[i] for i in range(max(map(len, order), default=0)) for clips in order if i < len(clips)]


def read_manifest(source):
    """Rows of clips, the clean packs first, each part interleaved over scenes."""
    with open(Path(source, "MANIFEST.tsv"), newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["file"].endswith(".mp4")]
    parts = [[r for r in rows if f"{r['pack']}.tar" in packs] for packs in (CLEAN_PACKS, SECOND_PACKS)]
    return [row for seed, part in enumerate(parts) for row in interleave(part, seed)]


def run_all(work, jobs, processes):
    """work(job) for each of the named jobs, printing what it returns; the exit code."""
    failed = 0
    with ProcessPoolExecutor(processes) as pool:
        running = {name: pool.submit(work, job) for name, job in jobs.items()}
        for i, (name, job) in enumerate(running.items()):
            try:
                print(f"{i + 1}/{len(jobs)} {job.result()}", flush=True)
            except Exception as error:  # one bad clip must not cost the rest; it is named, and the exit code says so
                failed += 1
                print(f"{i + 1}/{len(jobs)} {name} failed: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=str(HERE.parents[2] / "shared/data/train"), help="folder of the tars and MANIFEST.tsv")
    parser.add_argument("--out", default=str(HERE.parent / "work/clips"), help="folder of the clip folders")
    parser.add_argument("--limit", type=int, help="the first so many clips only")
    parser.add_argument("--enlarged", type=int, default=80, help="so many of the first clips once more, their middle twice as large")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--nice", type=int, default=10)
    parser.add_argument("--add-bidirectional", action="store_true", help="give the clips that are there the motion of bidirectional frames, in random order")
    options = parser.parse_args(argv)
    os.nice(options.nice)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        program = build_motion_program(folder)
        if options.add_bidirectional:
            clips = [p.parent for p in sorted(out.glob("[!.]*/meta.json")) if not has_bidirectional(p.parent)]
            random.shuffle(clips)
            return run_all(add_bidirectional, {c.name: (c, program) for c in clips[:options.limit]}, options.processes)
        rows = read_manifest(options.source)[:options.limit]
        todo = [(r, False) for r in rows] + [(r, True) for r in rows[:options.enlarged]]
        jobs = {clip_name(r, enlarged): (r, options.source, out, program, enlarged) for r, enlarged in todo}
        return run_all(prepare_clip, {name: job for name, job in jobs.items() if not (out / name / "meta.json").exists()}, options.processes)


if __name__ == "__main__":
    sys.exit(main())
