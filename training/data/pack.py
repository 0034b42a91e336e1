"""Carries prepared clips to a machine that has OpenCV and gcc but no ffmpeg.

    python3 training/data/pack.py pack --clips training/runs/clips --out training/runs/clips.tar [--limit-mib 55]
    python3 training/data/pack.py unpack --archive clips.tar --out clips [--processes 8]

OpenCV gives decoded pictures as BGR only, so planes travel as grey video: luma with both chroma planes under it, full range,
which comes back as it was encoded. Pictures are near lossless (crf 12), base pictures are lossless (they must be those of the
base stream), motion is searched again on the other side. `unpack` writes the same folders as prepare.py.
"""
import argparse
import io
import json
import os
import sys
import tarfile
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from training.data.prepare import MOTION_LAMBDAS, build_motion_program, interleave, motions_of, run_ffmpeg, write_clip  # noqa: E402

PICTURES = ("-preset", "medium", "-crf", "12")
LOSSLESS = ("-preset", "veryslow", "-qp", "0")


def to_grey(y, uv):
    """y [T,H,W], uv [T,2,H/2,W/2] to one plane [T,3H/2,W]: luma, U and V side by side below."""
    return np.concatenate((y, np.concatenate((uv[:, 0], uv[:, 1]), 2)), 1)


def from_grey(grey):
    """The inverse of to_grey."""
    h, w = grey.shape[1] * 2 // 3, grey.shape[2]
    return grey[:, :h], np.stack((grey[:, h:, :w // 2], grey[:, h:, w // 2:]), 1)


def encode_grey(grey, settings):
    """One plane a picture to an H.264 MP4 of full range without colour."""
    frames, h, w = grey.shape
    raw = np.concatenate((grey.reshape(frames, -1), np.full((frames, h * w // 2), 128, np.uint8)), 1)
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        size = ["-f", "rawvideo", "-pix_fmt", "yuvj420p", "-s", f"{w}x{h}", "-r", "25", "-i", "-"]
        run_ffmpeg([*size, "-c:v", "libx264", "-color_range", "pc", *settings, "-y", file.name], raw.tobytes())
        return Path(file.name).read_bytes()


def decode_grey(video):
    """An MP4 of encode_grey to [T,h,w], by OpenCV."""
    import cv2

    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(video)
        file.flush()
        capture, pictures = cv2.VideoCapture(file.name), []
        while True:
            more, picture = capture.read()
            if not more:
                break
            if not (picture[..., 0] == picture[..., 1]).all():
                raise RuntimeError("this OpenCV does not give full-range grey back as it was")
            pictures.append(picture[..., 1].copy())
    return np.stack(pictures)


def videos_of(folder):
    """The two videos of a clip folder."""
    y, uv, base_y, base_uv = (np.load(Path(folder, f"{k}.npy")) for k in ("y", "uv", "base_y", "base_uv"))
    base = np.concatenate([to_grey(base_y[k], base_uv[k]) for k in range(len(base_y))])
    return encode_grey(to_grey(y, uv), PICTURES), encode_grey(base, LOSSLESS)


def add(tar, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def pack(options):
    """Clean packs first and interleaved over scenes, until the archive is full."""
    metas = [json.loads(p.read_text()) for p in sorted(Path(options.clips).glob("[!.]*/meta.json"))]
    clean = [m for m in metas if m["pack"] not in ("pack-03", "photos")]
    rest = [m for m in metas if m["pack"] in ("pack-03", "photos")]
    order = interleave(clean, 0)
    # One of the rest after every fifth clean clip: nearly all scenes of the data are there.
    rest = interleave(rest, 1)
    for i in range(len(order) // 5):
        if i < len(rest):
            order.insert(6 * i + 5, rest[i])
    room, packed = int(options.limit_mib * 2**20) - 2**20, []
    draft = Path(str(options.out) + ".part")
    draft.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(draft, "w") as tar:
        for meta in order[:options.limit]:
            pictures, base = videos_of(Path(options.clips, meta["name"]))
            if len(pictures) + len(base) > 1.2e6:
                continue  # noise that a dozen other clips can have for its bytes
            room -= len(pictures) + len(base) + 3072
            if room < 0:
                break
            add(tar, f"{meta['name']}/pictures.mp4", pictures)
            add(tar, f"{meta['name']}/base.mp4", base)
            packed.append(meta)
            print(f"{len(packed)} {meta['name']} {len(pictures)} + {len(base)} bytes", flush=True)
        add(tar, "manifest.json", json.dumps(packed).encode())
    draft.rename(options.out)
    print(f"{len(packed)} clips, {Path(options.out).stat().st_size / 2**20:.1f} MiB")
    return 0 if packed else 1


def unpack_clip(job):
    """One clip of the archive to its folder."""
    meta, archive, out, program = job
    with tarfile.open(archive) as tar:
        pictures, base = (tar.extractfile(f"{meta['name']}/{k}.mp4").read() for k in ("pictures", "base"))
    y, uv = from_grey(decode_grey(pictures))
    base_y, base_uv = from_grey(decode_grey(base))
    count, frames = len(meta["crfs"]), meta["frames"]
    if len(y) != frames or len(base_y) != count * frames:
        raise RuntimeError(f"{meta['name']}: {len(y)} pictures and {len(base_y)} base pictures, {frames} and {count * frames} expected")
    arrays = dict(y=y, uv=uv, base_y=base_y.reshape(count, frames, *base_y.shape[1:]), base_uv=base_uv.reshape(count, frames, *base_uv.shape[1:]),
                  **motions_of(program, y, uv))
    write_clip(out, meta["name"], arrays, dict(meta, motion_lambdas=MOTION_LAMBDAS))
    return meta["name"]


def unpack(options):
    with tarfile.open(options.archive) as tar:
        metas = json.loads(tar.extractfile("manifest.json").read())
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.processes) as pool:
        program = build_motion_program(folder)
        jobs = [(m, options.archive, out, program) for m in metas if not (out / m["name"] / "meta.json").exists()]
        for i, name in enumerate(pool.map(unpack_clip, jobs)):
            print(f"{i + 1}/{len(jobs)} {name}", flush=True)
    return 0


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    p = verbs.add_parser("pack")
    p.set_defaults(run=pack)
    p.add_argument("--clips", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--limit-mib", type=float, default=55)
    p.add_argument("--limit", type=int)
    u = verbs.add_parser("unpack")
    u.set_defaults(run=unpack)
    u.add_argument("--archive", required=True)
    u.add_argument("--out", required=True)
    u.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args(argv)
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
