"""What each of the codec's ideas is worth: every ablation trained from one checkpoint on one budget, evaluated alike, set side by side.

    python3 training/ablate.py --data training/runs/clips --checkpoint training/checkpoint/crescendo-1.pt --work training/runs/ablations \\
        --clips ../shared/data/eval --steps 600

Goes on where it was interrupted: an ablation whose checkpoint or evaluation is there is not repeated. All runs see the same samples.
`WORK/table.md` is written anew after each: rate against the whole codec at equal quality (BD-rate), and against x264 veryfast. What is
removed had its place in the checkpoint, so short runs overstate its worth: the rest has not yet learned to do without it.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from training.evaluate.curves import bd_rate  # noqa: E402
from training.evaluate.evaluate import mean_of, percent  # noqa: E402
from training.model.ablation import ABLATIONS  # noqa: E402

# The baseline first; then what can be believed after few steps, since nothing large has to be learned anew.
ORDER = (
    "none", "two-steps", "hyperprior", "prior-base", "detail8", "fused-correction", "small-blocks", "temporal", "base",
    "dct-start", "random-start",
)  # fmt: skip
BASELINES = {"random-start": "dct-start"}  # of what is not compared with the whole codec
MEASURES = ("psnr_y", "psnr_yuv", "ms_ssim")


def parse(argv):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="training clips, as for train.py")
    p.add_argument("--checkpoint", required=True, help="where every run starts")
    p.add_argument("--work", required=True, help="folder of the runs and of table.md")
    p.add_argument("--clips", required=True, help="evaluation clips")
    p.add_argument("--cache", help="cache of evaluate.py (default: WORK/cache)")
    p.add_argument("--only", default=",".join(ORDER), help="names of ablations, separated by commas; 'none' is the whole codec")
    p.add_argument("--steps", type=int, default=1600, help="of each run: half an hour of one core or so")
    p.add_argument("--frames", type=int, default=4)
    p.add_argument("--warm", type=int, default=4)
    p.add_argument("--crop", type=int, default=96)
    p.add_argument("--batch", type=int, default=2)
    p.add_argument("--rate", type=float, default=2e-4)
    p.add_argument("--rate-end", type=float, default=2e-5)
    p.add_argument("--structure", type=float, default=0.003)
    p.add_argument("--evaluated-frames", type=int, default=16)
    p.add_argument("--q", default="12,30,48")
    o = p.parse_args(argv)
    o.only = o.only.split(",")
    unknown = set(o.only) - set(ABLATIONS)
    if unknown:
        p.error(f"no ablation is named {', '.join(sorted(unknown))}")
    return o


def averaging(steps):
    """Decay of the weights' average: over the last sixth of the run, whose learning rate is small."""
    return 1 - 6 / max(steps, 12)


def training_command(name, o):
    # What starts anew has no shifts yet and learns in float.
    mode = "float" if ABLATIONS[name].restart else "integer"
    return [
        sys.executable, "training/train.py", "--ablate", name, "--data", o.data, "--work", Path(o.work, name), "--from-checkpoint", o.checkpoint,
        "--mode", mode, "--steps", o.steps, "--minutes", 1e6, "--checkpoint-minutes", 1e6, "--frames", o.frames, "--warm", o.warm,
        "--crop", o.crop, "--batch", o.batch, "--rate", o.rate, "--rate-end", o.rate_end, "--structure", o.structure,
        "--average", averaging(o.steps), "--seed", 1,
    ]  # fmt: skip


def evaluation_command(name, o):
    return [
        sys.executable, "training/evaluate/evaluate.py", "--ablate", name, "--checkpoint", Path(o.work, name, "last.pt"), "--quick",
        "--frames", o.evaluated_frames, "--q", o.q, "--clips", o.clips, "--cache", o.cache or Path(o.work, "cache"), "--threads", 1,
        "--out", Path(o.work, name, "evaluation.json"),
    ]  # fmt: skip


def run(command):
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)


def read(path):
    """An evaluation's (rate, quality) points by clip and measure, and its summary."""
    evaluation = json.loads(path.read_text())
    curves = {row["clip"]: {m: [(r["rate"], r[m]) for r in row["results"]] for m in MEASURES} for row in evaluation["clips"]}
    return curves, evaluation["summary"]


def against(baseline, ablated):
    """BD-rate in percent by measure, mean over clips."""
    return {m: mean_of([bd_rate(curves[m], ablated[clip][m]) for clip, curves in baseline.items()]) for m in MEASURES}


def table(work):
    """Lines of the table of every evaluation below `work`."""
    lines = [
        "| removed | against | PSNR-Y | PSNR-YUV | MS-SSIM | PSNR-YUV, MS-SSIM against x264 veryfast |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    done = {name: read(path) for name in ABLATIONS if (path := Path(work, name, "evaluation.json")).exists()}
    for name in sorted(done, key=ORDER.index):
        curves, summary = done[name]
        baseline = BASELINES.get(name, "none")
        rates = against(done[baseline][0], curves) if baseline in done else dict.fromkeys(MEASURES)
        cells = " | ".join(f"{percent(rates[m]).strip()} %" for m in MEASURES)
        anchor = ", ".join(f"{percent(summary[f'bd_{m}']).strip()}" for m in MEASURES[1:])
        lines.append(f"| {name}: {ABLATIONS[name].what} | {baseline} | {cells} | {anchor} % |")
    return lines


def main(argv=None):
    o = parse(argv)
    o.data, o.checkpoint, o.work, o.clips = (Path(p).resolve() for p in (o.data, o.checkpoint, o.work, o.clips))
    o.cache = Path(o.cache).resolve() if o.cache else None
    for name in o.only:
        folder = Path(o.work, name)
        if not (folder / "last.pt").exists():
            print(f"== {name}: {ABLATIONS[name].what}", flush=True)
            run(training_command(name, o))
        if not (folder / "evaluation.json").exists():
            run(evaluation_command(name, o))
            Path(o.work, "table.md").write_text("\n".join(table(o.work)) + "\n")
    print("\n".join(table(o.work)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
