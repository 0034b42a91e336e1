"""Writes a model folder: integer ONNX graphs, tables, certificate, model id (codec/SPEC.md, section 7).

    python3 training/export/export.py --checkpoint last.pt --out models/crescendo-1
"""
import argparse
import hashlib
import json
import os
import re
import sys

import numpy as np
import onnx
import torch

REPOSITORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, REPOSITORY)
from training.export.graph import GraphBuilder  # noqa: E402
from training.model.enhancement import BASE_FEATURES, FEATURES, QUALITIES, Enhancement, between_anchors  # noqa: E402
from training.model.fixed import set_mode  # noqa: E402
from training.model.picture import ENLARGE_TAPS, PICTURE_CHANNELS  # noqa: E402
from training.model.prior import CUES, HYPER, WIDTH  # noqa: E402
from training.model.transform import LATENTS  # noqa: E402

DECODING = ("base", "intra", "keep", "context", "synthesis", "prior-first", "prior-second")
SAMPLE = (-128, 127)


def bitstream_version():
    """The version that the codec writes and reads: what is exported here is for it."""
    with open(os.path.join(REPOSITORY, "codec", "bitstream", "version.ts"), encoding="utf-8") as f:
        return int(re.search(r"^export const BITSTREAM_VERSION = (\d+);$", f.read(), re.MULTILINE)[1])


def limits(fixed):
    return fixed.low, fixed.high


def base_graph(model):
    g = GraphBuilder("base")
    luma, chroma = g.input("luma", 1, 4, *SAMPLE), g.input("chroma", 2, 8, *SAMPLE)
    b8 = g.conv(model.base8, g.concat(g.unshuffle_plane(luma), chroma))
    b8 = g.block(model.base8_block, b8)
    g.output(g.shuffle(g.conv(model.base4, b8)), "features", BASE_FEATURES, 4)
    taps = ENLARGE_TAPS.numpy()
    kernel = (taps[:, None, :, None] * taps[None, :, None, :]).reshape(16, 1, 5, 5)
    assert np.abs(kernel).sum((1, 2, 3)).max() * 128 + 128 < 2**23

    def enlarged(plane, channels):
        """Sixteen phases of each plane, in sixteenths of a sample: sum * 16 / 4096, rounded."""
        pads = g.constant(np.array([0, 0, 2, 2, 0, 0, 2, 2], np.int64), "pads")
        x = g.node("Pad", [plane, pads], mode="edge")
        w = np.zeros((16 * channels, channels, 5, 5), np.float32)
        for c in range(channels):
            w[16 * c : 16 * c + 16, c : c + 1] = kernel / 256
        y = g.node(
            "Conv", [x, g.constant(w, "enlarge"), g.constant(np.full(16 * channels, 0.5, np.float32), "half")],
            kernel_shape=[5, 5], pads=[0, 0, 0, 0],
        )
        return g.clip_floor(y, -2048, 2047)

    large = enlarged(luma, 1)
    # chroma: sixteen phases on the 1/8 grid are four phases of four cells on the 1/4 grid
    order = [16 * p + 4 * (2 * cj + j) + 2 * ci + i for p in range(2) for j in range(2) for i in range(2) for cj in range(2) for ci in range(2)]
    phases = g.node("Gather", [enlarged(chroma, 2), g.constant(np.array(order, np.int64), "order")], axis=1)
    g.output(g.concat(large, g.shuffle(phases)), "enlarged", PICTURE_CHANNELS, 4)
    return g


def intra_graph(model):
    g = GraphBuilder("intra")
    x = g.input("base_features", BASE_FEATURES, 4, *limits(model.formats["base"]))
    g.output(g.conv(model.intra, x), "features", FEATURES, 4)
    return g


def keep_graph(model):
    g = GraphBuilder("keep")
    b = g.input("base_features", BASE_FEATURES, 4, *limits(model.formats["base"]))
    f = g.input("features", FEATURES, 4, *limits(model.formats["feature"]))
    g.output(g.conv(model.keep, g.conv(model.compare, g.concat(b, f))), "keep", 1, 4)
    return g


def coarse(g, x):
    """Sixteenths to samples: floor, bounded."""
    return g.clip_floor(g.node("Mul", [x, g.scalar(1 / 16)]), -255, 255)


def context_graph(model):
    g = GraphBuilder("context")
    f = g.input("features", FEATURES, 4, *limits(model.formats["feature"]))
    b = g.input("base_features", BASE_FEATURES, 4, *limits(model.formats["base"]))
    temporal = g.input("temporal", PICTURE_CHANNELS, 4, *SAMPLE)
    enlarged = g.input("enlarged", PICTURE_CHANNELS, 4, -2048, 2047)
    keep = g.input("keep", 1, 4, 0, 64)
    # |16 temporal - enlarged| < 2^12, times keep / 64 of six bits: exact
    difference = g.node("Sub", [g.node("Mul", [temporal, g.scalar(16.0)]), enlarged])
    share = g.node("Mul", [keep, g.scalar(1 / 64)])
    part = g.node("Floor", [g.node("Mul", [difference, share])])
    context = g.conv(model.context, g.concat(f, b, coarse(g, part)))
    context = g.block(model.context_block, context)
    correction = g.conv(model.fusion, context)
    prediction = g.node("Add", [g.node("Add", [enlarged, part]), correction])
    prediction = g.node("Clip", [prediction, g.scalar(-2048.0), g.scalar(2047.0)])
    g.output(context, "context", FEATURES, 4)
    g.output(prediction, "prediction", PICTURE_CHANNELS, 4)
    return g


def synthesis_graph(model):
    g = GraphBuilder("synthesis")
    context = g.input("context", FEATURES, 4, *limits(model.formats["context"]))
    prediction = g.input("prediction", PICTURE_CHANNELS, 4, -2048, 2047)
    latents = g.input("latents", LATENTS, 8, -4095, 4095)
    step = g.input("step", LATENTS, 8, 1, 2047)
    rate = g.input("rate", FEATURES, 4, *limits(model.formats["feature"]))
    # a latent in sixteenths of a step, a step in eighths of a sample: coefficient = latent * step / 128
    product = g.node("Mul", [latents, g.node("Mul", [step, g.scalar(1 / 128)])])
    coefficient = g.clip_floor(g.node("Add", [product, g.scalar(0.5)]), -2047, 2047)
    linear = g.shuffle(g.conv(model.synthesis, coefficient))
    detail = g.block(model.detail8_block, g.conv(model.detail8_context, context, addend=g.conv(model.detail8, coefficient)))
    detail = g.shuffle(g.conv(model.detail4, g.concat(coefficient, detail)))
    features = g.conv(model.decode, g.concat(context, detail, coarse(g, linear)), addend=rate)
    for block in model.decode_blocks:
        features = g.block(block, features)
    sixteenths = g.node("Add", [g.node("Add", [prediction, linear]), g.conv(model.head, features)])
    # (v / 16 + 1/2) floored, then back to samples 0..255
    samples = g.node("Add", [g.node("Mul", [sixteenths, g.scalar(1 / 16)]), g.scalar(128.5)])
    g.output(g.clip_floor(samples, 0, 255), "picture", PICTURE_CHANNELS, 4)
    g.output(features, "features", FEATURES, 4)
    return g


def prior_first_graph(model):
    p, g = model.prior, GraphBuilder("prior-first")
    hyper = g.input("hyper", HYPER, 32, *limits(p.formats["hyper"]))
    cue = g.input("cues", CUES, 8, *limits(p.formats["cues"]))
    rate = g.input("rate", WIDTH, 8, *limits(p.formats["trunk"]))
    h8 = g.shuffle(g.conv(p.hyper8, g.shuffle(g.conv(p.hyper16, hyper))))
    trunk = g.conv(p.open, g.concat(h8, g.conv(p.see, cue)), addend=rate)
    trunk = g.block(p.block, trunk)
    g.output(trunk, "trunk", WIDTH, 8)
    g.output(g.conv(p.mean, trunk), "mean", LATENTS, 8)
    g.output(g.conv(p.scale, trunk), "scale", LATENTS, 8)
    return g


def prior_second_graph(model):
    p, g = model.prior, GraphBuilder("prior-second")
    trunk = g.input("trunk", WIDTH, 8, *limits(p.formats["trunk"]))
    first = g.input("first", LATENTS, 8, *limits(p.formats["first"]))
    t = g.block(p.second_block, g.conv(p.second_open, g.concat(trunk, first)))
    g.output(g.conv(p.second_mean, t), "mean", LATENTS, 8)
    g.output(g.conv(p.second_scale, t), "scale", LATENTS, 8)
    return g


def analysis_graph(model):
    """The encoder's networks, in float; inputs in the units of the other graphs."""
    a, g = model.analysis, GraphBuilder("analysis")
    source = g.input("source", PICTURE_CHANNELS, 4, *SAMPLE)
    prediction = g.input("prediction", PICTURE_CHANNELS, 4, -2048, 2047)
    enlarged = g.input("enlarged", PICTURE_CHANNELS, 4, -2048, 2047)
    context = g.input("context", FEATURES, 4, *limits(model.formats["context"]))
    gain = g.input("gain", LATENTS, 8, None, None)

    def array(t):
        return t.detach().float().numpy()

    def conv(layer, x, gain_in=1.0, pad=0, group=1, weight=None, stride=1):
        w = array(layer.weight) if weight is None else weight
        return g.node(
            "Conv", [x, g.constant(w * np.float32(gain_in), "w"), g.constant(array(layer.bias), "b")],
            kernel_shape=list(w.shape[2:]), pads=[pad] * 4, strides=[stride] * 2, group=group,
        )

    def unshuffled(layer):
        """A 1x1 over a pixel-unshuffle by two is a 2x2 with stride two."""
        w = array(layer.weight)
        return w.reshape(w.shape[0], -1, 2, 2)

    def block(b, x):
        i = b.inner
        t = g.node("LeakyRelu", [conv(i[0], x)], alpha=0.125)
        x = g.node("Add", [x, conv(i[3], conv(i[2], t, pad=1, group=i[2].groups))])
        o = b.outer
        return g.node("Add", [x, conv(o[2], g.node("LeakyRelu", [conv(o[0], x)], alpha=0.125))])

    d1 = g.node("Sub", [source, g.node("Mul", [prediction, g.scalar(1 / 16)])])
    d2 = g.node("Sub", [source, g.node("Mul", [enlarged, g.scalar(1 / 16)])])
    matrix = array(a.matrix).reshape(LATENTS, PICTURE_CHANNELS, 2, 2)
    y = g.node("Conv", [d1, g.constant(matrix / 256, "m")], kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4)
    y = g.node("Mul", [y, gain])
    w = array(a.open.weight).copy()
    w[:, : 2 * PICTURE_CHANNELS] /= 256
    w[:, 2 * PICTURE_CHANNELS :] *= 2.0 ** -model.formats["context"].bits
    t = block(a.block4, conv(a.open, g.concat(d1, d2, context), weight=w))
    t = block(a.block8, conv(a.down, t, weight=unshuffled(a.down), stride=2))
    y = g.node("Add", [y, conv(a.close, t)])
    first, second, third = a.hyper
    z = g.node("LeakyRelu", [conv(first, y)], alpha=0.125)
    z = g.node("LeakyRelu", [conv(second, z, weight=unshuffled(second), stride=2)], alpha=0.125)
    z = conv(third, z, weight=unshuffled(third), stride=2)
    g.output(y, "latents", LATENTS, 8)
    g.output(z, "hyper", HYPER, 32)
    return g


GRAPHS = {
    "base": base_graph,
    "intra": intra_graph,
    "keep": keep_graph,
    "context": context_graph,
    "synthesis": synthesis_graph,
    "prior-first": prior_first_graph,
    "prior-second": prior_second_graph,
    "analysis": analysis_graph,
}


def tables(model):
    q = torch.arange(QUALITIES).float()[:, None, None, None]
    steps = model.steps(q)[:, :, 0, 0]

    def rows(table, fixed):
        v = torch.floor(between_anchors(table, q)[:, :, 0, 0].double() * 2.0**fixed.bits + 0.5)
        return v.clamp(fixed.low, fixed.high).int().tolist()

    trunk = model.prior.formats["trunk"]
    return dict(
        steps=steps.int().tolist(),
        synthesisRate=rows(model.rate, model.formats["feature"]),
        priorRate=dict(intra=rows(model.prior.rate[0], trunk), inter=rows(model.prior.rate[1], trunk)),
        hyperScale=[int(i) for i in model.hyper_index().tolist()],
    )


def load(checkpoint):
    """The model of a checkpoint with its averaged weights, in integers. Float checkpoints have no shifts: refused; so are ablations."""
    c = torch.load(checkpoint, map_location="cpu")
    ablation = c["progress"].get("ablation", "none")
    if ablation != "none":
        raise ValueError(f"{checkpoint} was trained with --ablate {ablation}: the product's graphs have every part, these weights do not")
    model = Enhancement()
    model.load_state_dict(c["model"])
    for k, v in model.named_parameters():
        v.data.copy_(c["average"][k])
    set_mode(model, "integer")
    return model.eval(), c["progress"]


def main(argv=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--out", required=True)
    o = p.parse_args(argv)
    os.makedirs(o.out, exist_ok=True)
    with torch.no_grad():
        model, progress = load(o.checkpoint)
        files, digest, certificate = {}, hashlib.sha256(), {}
        for name, build in GRAPHS.items():
            g = build(model)
            data = g.model().SerializeToString(deterministic=True)
            with open(os.path.join(o.out, name + ".onnx"), "wb") as f:
                f.write(data)
            files[name + ".onnx"] = dict(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            if name in DECODING:
                digest.update(data)
                certificate[name] = max(g.certificate)
        text = json.dumps(tables(model), separators=(",", ":")).encode()
        digest.update(text)
    with open(os.path.join(o.out, "tables.json"), "wb") as f:
        f.write(text)
    files["tables.json"] = dict(bytes=len(text), sha256=hashlib.sha256(text).hexdigest())
    info = dict(
        name=os.path.basename(os.path.normpath(o.out)),
        id=digest.hexdigest()[:32],
        bitstreamVersion=bitstream_version(),
        files=files,
        certificate=dict(limit=2**23, largest=certificate),
        training=dict(steps=progress["step"], minutes=round(progress["seconds"] / 60)),
    )
    with open(os.path.join(o.out, "model.json"), "w") as f:
        json.dump(info, f, indent="\t")
        f.write("\n")
    print(info["id"], sum(v["bytes"] for v in files.values()), "bytes", {k: int(v) for k, v in certificate.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
