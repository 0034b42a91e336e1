"""Rate and quality of a checkpoint over the evaluation clips, against x264 at the same GOP.

    /usr/bin/python3 training/evaluate/evaluate.py --checkpoint training/runs/run/last.pt --quick

Rates are estimates (latents and hyper latents by their tables, motion by adaptive counts, copied blocks by their models, directions by
their entropy, block quality not at all) plus the bytes of the base stream and a frame header; pictures are those of the PyTorch model.
`bench/` measures files instead. All q of a clip run as one batch.
"""
import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

# Torch may start with one thread, for which it sends 1x1 convolutions to a plain BLAS, ten times slower than oneDNN.
os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np  # noqa: E402
import torch  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from training.data.prepare import build_motion_program  # noqa: E402
from training.data.dataset import base_crf_of  # noqa: E402
from training.evaluate.clips import Clip, build_one_size_program, motion_lambda_of  # noqa: E402
from training.evaluate.copied import CopyChoice  # noqa: E402
from training.evaluate.curves import bd_rate, frame_quality, ms_ssim  # noqa: E402
from training.evaluate.directions import direction_bits  # noqa: E402
from training.evaluate.inheritance import WORTH, inheritance  # noqa: E402
from training.model.ablation import ABLATIONS  # noqa: E402
from training.model.adaptive import quality_map  # noqa: E402
from training.model.bidirectional import BIDIRECTIONAL, INTER, INTRA, References, coding_order  # noqa: E402
from training.model.enhancement import QUALITIES, Enhancement  # noqa: E402
from training.model.fixed import set_mode  # noqa: E402
from training.model.frugal import PATIENCE, FrugalRounding  # noqa: E402
from training.model.picture import enlarge, fold, to_real, unfold  # noqa: E402
from training.model.sketch_start import start_from_sketch  # noqa: E402

HERE = Path(__file__).resolve().parent
QUICK_CLIPS = ("car-roundabout", "basketball", "walk")
QUICK_SIZE = (416, 256)
MEASURES = ("psnr_y", "psnr_yuv", "ms_ssim")
HEADER_BITS = 8 * 18  # frame header, CRC, picture hash, box overhead of one sample


def load_model(checkpoint, weights="average", sketch=None, device="cpu", ablate="none"):
    """The model of a checkpoint (or of the sketch's weights, or untrained) in its mode, ready to evaluate, without what `ablate` names.

    Raises ValueError where the checkpoint has been trained without something else.
    """
    torch.manual_seed(0)  # an untrained network is always the same one
    model, mode, step = Enhancement(), "float", 0
    if checkpoint:
        saved = torch.load(checkpoint, map_location="cpu")
        model.load_state_dict(saved["model"])
        mode, step = saved["progress"]["mode"], saved["progress"]["step"]
        trained = saved["progress"].get("ablation", "none")
        if trained not in ("none", ablate):
            raise ValueError(f"{checkpoint} was trained with --ablate {trained}")
        if weights == "average":
            named = dict(model.named_parameters())
            for name, value in saved["average"].items():
                named[name].data.copy_(value)
    elif sketch:
        start_from_sketch(model, torch.load(sketch, map_location="cpu"))
    ABLATIONS[ablate].cut(model)
    model = model.to(device).eval()
    set_mode(model, mode)
    return model, mode, step


def to_samples(picture):
    """A real folded picture to uint8 y [B,H,W], uv [B,2,H/2,W/2]."""
    luma, chroma = unfold(torch.floor(picture * 256 + 128.5).clamp(0, 255))
    return luma[:, 0].byte().cpu().numpy(), chroma.byte().cpu().numpy()


def stack(arrays, device):
    return torch.from_numpy(np.stack(arrays)).to(device)


@torch.no_grad()
def run_clip(model, clip, qs, options):
    """Codes the clip at every q: per q a dict of rates (bits per pixel, by part) and per-frame qualities."""
    device = options.device
    bases = [clip.base(options.base_crf or base_crf_of(q)) for q in qs]
    order = coding_order(len(clip.y), options.bidirectional)
    motions = {name: [clip.motion(motion_lambda_of(q), name) for q in qs] for name in {place.motion for place in order if place.motion}}
    q = torch.tensor([float(v) for v in qs], device=device)
    references = References()
    parts, pictures, predictions, enlarged = ([None] * len(clip.y) for _ in range(4))  # in the order of time
    strength = torch.full((len(qs),), options.adaptive, device=device)
    later = [WORTH * torch.from_numpy(inheritance(b["y"], options.look_ahead))[:, None] for b in bases]
    copying = {} if options.no_copies else {kind: CopyChoice(len(qs)) for kind in (INTER, BIDIRECTIONAL)}
    for t, kind, motion_name in order:
        y, uv = (torch.from_numpy(a[t].copy()).to(device) for a in (clip.y, clip.uv))
        source = fold(to_real(y[None, None]), to_real(uv[None])).expand(len(qs), -1, -1, -1)
        base = to_real(stack([b["y"][t][None] for b in bases], device)), to_real(stack([b["uv"][t] for b in bases], device))
        found = motions.get(motion_name)
        motion = stack([m["motion"][t].transpose(2, 0, 1) for m in found], device).float() if found else None
        frame_q = quality_map(source, (q + quality_offset(t, kind, options)).clamp(0, QUALITIES - 1), strength, torch.stack([v[t] for v in later]).to(device))
        rounding = FrugalRounding(model, frame_q, options.patience) if options.patience else None
        state = model(source, base, references.of(kind), frame_q, motion, rounding, copying.get(kind))
        references.add(kind, state)
        moved = np.array([m["bits"][t] for m in found] if found else [0.0] * len(qs))
        if state["directions"] is not None:
            moved = moved + [direction_bits(d) for d in state["directions"][:, 0].cpu().numpy()]
        hyper = state["hyper_bits"].cpu().numpy()
        parts[t] = np.stack((moved, hyper, state["bits"].cpu().numpy() - hyper, np.full(len(qs), HEADER_BITS)), 1)
        pictures[t], predictions[t], enlarged[t] = map(to_samples, (state["picture"], state["prediction"], enlarge(*base)))
    parts = np.stack(parts)  # [T, Q, part]
    results = []
    for i, v in enumerate(qs):
        luma = np.stack([p[0][i] for p in pictures])
        quality, predicted, base_only = (
            frame_quality(np.stack([p[0][i] for p in planes]), np.stack([p[1][i] for p in planes]), clip.y, clip.uv)
            for planes in (pictures, predictions, enlarged)
        )
        bits = dict(base=float(bases[i]["bits"]), **dict(zip(("motion", "hyper", "latents", "headers"), map(float, parts[:, i].sum(0)))))
        bits.update((part, 0.0) for part in ABLATIONS[options.ablate].unsent)
        results.append(dict(
            q=v,
            rate=sum(bits.values()) / clip.y.size,
            bits={k: b / clip.y.size for k, b in bits.items()},
            intra_bits=float(parts[0, i].sum()) / clip.pixels,
            psnr_y=quality[:, 0].mean(), psnr_yuv=quality[:, 1].mean(), ms_ssim=ms_ssim(luma, clip.y),
            base_psnr_y=base_only[:, 0].mean(), predicted_psnr_y=predicted[1:, 0].mean(),
            frames=quality[:, 0].tolist(),
        ))
    return results


def quality_offset(t, kind, options):
    """What the q of picture t is above that of the stream."""
    if kind == INTRA:
        return options.intra_finer
    if kind == BIDIRECTIONAL:
        return -options.bidirectional_coarser
    return options.inter_finer if options.bidirectional else options.pattern[(t - 1) % len(options.pattern)]


def sag(frames, bidirectional=False):
    """Change of PSNR-Y over the GOP: the mean of the last three frames less that of frames 9 to 11 (None if too short).

    Every other frame of a bidirectional stream is coarser: there each frame counts as the mean of itself and the next one.
    """
    if len(frames) < 14:
        return None
    if bidirectional:
        frames = np.convolve(frames, (0.5, 0.5), "valid")
    return float(np.mean(frames[-3:]) - np.mean(frames[9:12]))


def compare(clip, results, bidirectional):
    """The clip's row of the report, x264's curve beside it."""
    anchor = clip.anchor()
    points = [dict(crf=c, rate=float(r), psnr_y=float(q[:, 0].mean()), psnr_yuv=float(q[:, 1].mean()), ms_ssim=float(s)) for c, r, q, s in anchor]
    row = dict(clip=clip.key, results=results, anchor=points)
    for name in MEASURES:
        row[f"bd_{name}"] = bd_rate([(p["rate"], p[name]) for p in points], [(v["rate"], v[name]) for v in results])
    row["sag"] = [sag(v["frames"], bidirectional) for v in results]
    row["sag_x264"] = [sag(q[:, 0]) for _, _, q, _ in anchor]
    return row


def percent(value):
    return "    n/a" if value is None else f"{value:+7.1f}"


def report(row):
    """Lines for one clip."""
    print(f"\n{row['clip']}: BD-rate PSNR-Y {percent(row['bd_psnr_y'])}%  PSNR-YUV {percent(row['bd_psnr_yuv'])}%  MS-SSIM {percent(row['bd_ms_ssim'])}%")
    print("   q    bpp    base motion  hyper latents | PSNR-Y    YUV  predicted  over base   sag")
    for r, s in zip(row["results"], row["sag"]):
        b = r["bits"]
        print(f"{r['q']:4d} {r['rate']:.4f}  {b['base']:.4f} {b['motion']:.4f} {b['hyper']:.4f}  {b['latents']:.4f} |  {r['psnr_y']:5.2f}  {r['psnr_yuv']:5.2f}      {r['predicted_psnr_y']:5.2f}     "
              f"{r['psnr_y'] - r['base_psnr_y']:+6.2f}  {'n/a' if s is None else format(s, '+.2f')}")
    known = [s for s in row["sag_x264"] if s is not None]
    print("x264 " + "  ".join(f"{a['rate']:.4f}:{a['psnr_y']:.2f}/{a['psnr_yuv']:.2f}" for a in row["anchor"]) + (f"  sag {np.mean(known):+.2f}" if known else ""), flush=True)


def mean_of(values):
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def parse(argv):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", help="without it: the sketch's weights (--sketch) or the untrained network")
    p.add_argument("--weights", choices=("average", "model"), default="average")
    p.add_argument("--mode", choices=("float", "integer"), help="arithmetic (default: the checkpoint's); integer needs a calibrated one")
    p.add_argument("--sketch", help="float weights of the sketch")
    p.add_argument("--clips", default=str(HERE.parents[2] / "shared/data/eval"), help="folder of the evaluation clips")
    p.add_argument("--cache", default=str(HERE.parent / "work/evaluate"), help="folder of base pictures, motion and x264 curves")
    p.add_argument("--only", help="names of clips, separated by commas")
    p.add_argument("--quick", action="store_true", help="3 clips cut to 416x256, 14 frames, 3 q")
    p.add_argument("--frames", type=int)
    p.add_argument("--q", help="values separated by commas")
    p.add_argument("--largest", help="cut clips to at most WxH")
    p.add_argument("--base-crf", type=float, help="one quality of the base for every q")
    p.add_argument("--intra-finer", type=float, default=10, help="q of the intra frame above the stream's")
    p.add_argument("--bidirectional", type=int, choices=(0, 1), default=1, help="0: every frame refers to the one before, as in live video")
    p.add_argument("--inter-finer", type=float, default=4, help="with bidirectional frames: q of the other inter frames above the stream's")
    p.add_argument("--bidirectional-coarser", type=float, default=12, help="q of bidirectional frames below the stream's")
    p.add_argument("--pattern", default="-2,-2,-2,6", help="without bidirectional frames: q offsets of the inter frames, repeated")
    p.add_argument("--patience", type=float, default=PATIENCE, help="of rate-distortion rounding; 0: plain")
    p.add_argument("--adaptive", type=float, default=2.5, help="block quality: indices for each halving of a block's variance")
    p.add_argument("--look-ahead", type=int, default=8, help="frames; 0: nothing is known of later pictures")
    p.add_argument("--no-copies", action="store_true", help="code every block")
    p.add_argument("--ablate", choices=ABLATIONS, default="none", help="without one of the codec's ideas (`model/ablation.py`)")
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int)
    p.add_argument("--out", help="JSON of everything")
    o = p.parse_args(argv)
    o.only = o.only.split(",") if o.only else (list(QUICK_CLIPS) if o.quick else None)
    o.frames = o.frames or (14 if o.quick else 33)
    o.q = [int(v) for v in (o.q or ("12,30,48" if o.quick else "4,18,32,46,58")).split(",")]
    o.largest = tuple(map(int, o.largest.split("x"))) if o.largest else (QUICK_SIZE if o.quick else None)
    o.pattern = [float(v) for v in o.pattern.split(",")]
    return o


def main(argv=None):
    o = parse(argv)
    if o.threads:
        torch.set_num_threads(o.threads)
    model, mode, step = load_model(o.checkpoint, o.weights, o.sketch, o.device, o.ablate)
    if o.mode:
        mode = o.mode
        set_mode(model, mode)
    paths = [p for p in sorted(Path(o.clips).glob("*.mp4")) if not o.only or p.stem.split("_")[0] in o.only]
    if not paths:
        print(f"no clips in {o.clips}", file=sys.stderr)
        return 2
    frames = f"{o.frames} frames{', every other bidirectional' if o.bidirectional else ''}"
    print(f"{o.checkpoint or o.sketch or 'untrained'}: step {step}, {mode}, {o.weights} weights, {frames}, q {o.q}, patience {o.patience:g}")
    rows, start = [], time.time()
    with tempfile.TemporaryDirectory() as folder:
        block = ABLATIONS[o.ablate].block
        program = build_one_size_program(folder, block) if block else build_motion_program(folder)
        for path in paths:
            clip = Clip(path, o.frames, o.largest, o.cache, program, block)
            rows.append(compare(clip, run_clip(model, clip, o.q, o), o.bidirectional))
            report(rows[-1])
    summary = {k: mean_of([r[k] for r in rows]) for k in (f"bd_{name}" for name in MEASURES)}
    summary["sag"] = mean_of([s for r in rows for s in r["sag"]])
    summary["sag_x264"] = mean_of([s for r in rows for s in r["sag_x264"]])
    print(f"\nall: BD-rate PSNR-Y {percent(summary['bd_psnr_y'])}%  PSNR-YUV {percent(summary['bd_psnr_yuv'])}%  MS-SSIM {percent(summary['bd_ms_ssim'])}%  sag {summary['sag']} (x264 {summary['sag_x264']})  {time.time() - start:.0f} s")
    if o.out:
        os.makedirs(os.path.dirname(os.path.abspath(o.out)), exist_ok=True)
        Path(o.out).write_text(json.dumps(dict(checkpoint=o.checkpoint, step=step, mode=mode, options={k: v for k, v in vars(o).items()}, summary=summary, clips=rows), indent=1, default=float))
    return 0


if __name__ == "__main__":
    sys.exit(main())
