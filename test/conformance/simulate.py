"""Decodes a dump of the conformance streams (README.md) with PyTorch's integer simulation and compares the picture hashes.

    python3 test/conformance/simulate.py --dump FOLDER --checkpoint last.pt

The checkpoint must be the one that the dump's model was exported from. Ends with code 1 where any hash differs.
"""
import argparse
import json
import os
import sys

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from training.export.simulate import Simulation  # noqa: E402
from training.model.bidirectional import Between  # noqa: E402
from training.model.picture import unfold  # noqa: E402


def crc32c_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


TABLE = crc32c_table()


def crc32c(data):
    """CRC-32C (Castagnoli) of bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def load(checkpoint):
    c = torch.load(checkpoint, map_location="cpu")
    model = Simulation()
    model.load_state_dict(c["model"])
    for name, parameter in model.named_parameters():
        parameter.data.copy_(c["average"][name])
    return model.prepare()


class Stream:
    """One dumped stream: description and arrays."""

    def __init__(self, folder, name):
        with open(os.path.join(folder, name + ".json")) as f:
            self.info = json.load(f)
        with open(os.path.join(folder, name + ".raw"), "rb") as f:
            self.raw = f.read()

    def array(self, offset, kind, *shape):
        values = np.frombuffer(self.raw, kind, int(np.prod(shape)), offset).reshape(shape)
        return torch.from_numpy(values.astype(np.int64))

    def extended(self, offset, width, height, to_width, to_height):
        plane = self.array(offset, np.uint8, height, width).numpy()
        return torch.from_numpy(np.pad(plane, ((0, to_height - height), (0, to_width - width)), mode="edge"))[None, None]

    def base(self, frame):
        i = self.info
        w, h, to_w, to_h = i["baseWidth"], i["baseHeight"], i["codedWidth"] // 4, i["codedHeight"] // 4
        b = frame["base"]
        chroma = [self.extended(b[p], w // 2, h // 2, to_w // 2, to_h // 2) for p in "uv"]
        return self.extended(b["y"], w, h, to_w, to_h), torch.cat(chroma, 1)

    def motion(self, frame):
        if frame["type"] == "intra":
            return None
        rows, columns = self.info["codedHeight"] // 8, self.info["codedWidth"] // 8
        moved = self.array(frame["moved"], np.uint8, rows, columns)
        vectors = self.array(frame["vectors"], "<i2", rows, columns, 2)
        return torch.stack((moved, vectors[..., 0], vectors[..., 1]))[None].double()

    def latents(self, frame):
        rows, columns = self.info["codedHeight"] // 8, self.info["codedWidth"] // 8
        return self.array(frame["latents"], "<i2", 1, 96, rows, columns)

    def quality(self, frame):
        rows, columns = self.info["codedHeight"] // 32, self.info["codedWidth"] // 32
        return self.array(frame["quality"], np.uint8, 1, 1, rows, columns)

    def copied(self, frame):
        if frame["type"] == "intra":
            return None
        rows, columns = self.info["codedHeight"] // 16, self.info["codedWidth"] // 16
        return self.array(frame["copied"], np.uint8, 1, 1, rows, columns)

    def directions(self, frame):
        if frame["type"] != "bidirectional":
            return None
        rows, columns = self.info["codedHeight"] // 16, self.info["codedWidth"] // 16
        return self.array(frame["directions"], np.uint8, 1, 1, rows, columns)

    def hyper(self, frame):
        rows, columns = self.info["codedHeight"] // 32, self.info["codedWidth"] // 32
        return self.array(frame["hyper"], "<i2", 1, 16, rows, columns)


def visible_hash(samples, width, height):
    luma, chroma = unfold(samples)
    w, h = (width + 1) // 2, (height + 1) // 2
    planes = luma[0, 0, :height, :width], chroma[0, 0, :h, :w], chroma[0, 1, :h, :w]
    return f"{crc32c(b''.join(p.numpy().astype(np.uint8).tobytes() for p in planes)):08x}"


def main(argv=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--dump", required=True)
    p.add_argument("--checkpoint", required=True)
    o = p.parse_args(argv)
    torch.set_num_threads(1)
    model = load(o.checkpoint)
    with open(os.path.join(o.dump, "index.json")) as f:
        names = json.load(f)["streams"]
    wrong = 0
    for name in names:
        stream, past, state = Stream(o.dump, name), None, None
        width, height = stream.info["width"], stream.info["height"]
        for n, frame in enumerate(stream.info["frames"]):
            between = frame["type"] == "bidirectional"
            before = Between(future=state, past=past) if between else None if frame["type"] == "intra" else state
            symbols = stream.latents(frame), stream.hyper(frame)
            how = stream.motion(frame), stream.copied(frame), stream.directions(frame)
            decoded = model.frame(before, stream.quality(frame), stream.base(frame), *symbols, *how)
            if not between:
                past, state = state, decoded
            found = visible_hash(decoded["samples"], width, height)
            if found != frame["picture"]:
                wrong += 1
                print(f"{name} frame {n}: {found} instead of {frame['picture']}", file=sys.stderr)
        print(f"{name}: {len(stream.info['frames'])} frames")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
