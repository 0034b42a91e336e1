"""Trains the enhancement network in resumable slices. `training/README.md` has the commands, `training/LOG.md` the history.

A checkpoint holds the weights, their moving average, the optimizer, the step and the seconds trained.
"""
import argparse
import json
import os
import random
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from training.data.dataset import ClipDataset  # noqa: E402
from training.data.prepare import SEARCHES  # noqa: E402
from training.model.ablation import ABLATIONS, merge_to_16x16  # noqa: E402
from training.model.adaptive import adaptive_strength, quality_map  # noqa: E402
from training.model.bidirectional import BIDIRECTIONAL, References, coding_order  # noqa: E402
from training.model.copying import copy_where_it_saves  # noqa: E402
from training.model.enhancement import CHROMA_WEIGHT, LUMA_WEIGHT, QUALITIES, Enhancement, lambda_of  # noqa: E402
from training.model.fixed import held_kernels, set_mode, settle  # noqa: E402
from training.model.frugal import PATIENCE, FrugalRounding  # noqa: E402
from training.model.picture import fold, squared_errors, to_real  # noqa: E402
from training.model.warp import nearest  # noqa: E402
from training.model.sketch_start import start_from_sketch  # noqa: E402
from training.model.structure import dissimilarity  # noqa: E402
from training.optimizer import Muon  # noqa: E402

INTRA_FINER = 4, 26  # q of an intra frame above that of its inter frames, at least and at most
LARGEST_SWING, SWING_PERIOD, EVEN_SHARE = 8, 4, 0.4  # of q over inter frames: every fourth is finer; this share of the samples has none
INTER_FINER, BIDIRECTIONAL_COARSER = (2, 6), (8, 16)  # with bidirectional frames: later frames inherit from the others and nothing from these
LARGEST_SAMPLE_Q = 56  # what is drawn for a sample; `frame_offsets` takes its frames up to 63
WARM_UP = 50  # steps of a slice over which the learning rate rises; at most a tenth of them
FROZEN_SHARE = 0.15  # of the samples stand still: what was copied a hundred times must not fade


def parse(argv):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="folder made by training/data/prepare.py or pack.py")
    p.add_argument("--work", required=True, help="folder of checkpoints, outside the work tree")
    p.add_argument("--start", help="float weights of the sketch, for a first run")
    p.add_argument("--from-checkpoint", help="start from another checkpoint's weights and optimizer")
    p.add_argument("--mode", choices=("float", "integer"), default="float", help="integer: quantisation-aware")
    p.add_argument("--frames", type=int, default=3)
    p.add_argument("--warm", type=int, default=0, help="at most so many frames are coded without gradient before those that are learned from")
    p.add_argument("--bidirectional", type=float, default=0.65, help="share of the batches that have bidirectional frames; 0: none, as live video has none")
    p.add_argument("--crop", type=int, default=128)
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--rate", type=float, default=3e-4, help="learning rate at the start of this slice")
    p.add_argument("--rate-end", type=float, help="learning rate at its end (default: the same), reached on a cosine")
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--steps", type=int, default=10**9)
    p.add_argument("--checkpoint-minutes", type=float, default=4)
    p.add_argument("--average", type=float, default=0.998, help="decay of the moving average of the weights")
    p.add_argument("--structure", type=float, default=0.0, help="worth of structural dissimilarity in the distortion, next to the squared error (0.003: a third)")
    p.add_argument("--chroma", type=float, default=CHROMA_WEIGHT, help="worth of chroma's mean squared errors; above 1 takes bits from luma")
    p.add_argument("--patience", type=float, default=PATIENCE, help="of rate-distortion rounding; 0: plain rounding, for a prior that knows nothing yet")
    p.add_argument("--frozen-rate", type=float, default=1.0, help="factor on the learning rate of everything but the prior")
    p.add_argument("--workers", type=int, default=0)
    p.add_argument("--device", default="cpu")
    p.add_argument("--seed", type=int, help="of samples and noise; without it, each slice draws others")
    p.add_argument("--ablate", choices=ABLATIONS, default="none", help="train without one of the codec's ideas (`model/ablation.py`)")
    return p.parse_args(argv)


def freeze(clip):
    """Replaces some of the samples by their first picture, held."""
    for i in range(len(clip["y"])):
        if random.random() < FROZEN_SHARE:
            for name in ("y", "uv", "base_y", "base_uv"):
                clip[name][i] = clip[name][i, :1].clone()
            for name in SEARCHES.keys() & clip.keys():
                clip[name][i] = 0
    return clip


def between(limits, batch):
    """Evenly drawn numbers [batch]."""
    least, most = limits
    return least + (most - least) * torch.rand(batch)


def frame_offsets(batch, frames):
    """What each frame's q is above the sample's, [B, frames]: a reference may be far better than what is made of it, and must not fade for that."""
    swing = LARGEST_SWING * torch.rand(batch, 1) * (torch.rand(batch, 1) > EVEN_SHARE)
    place = (torch.arange(frames) + torch.randint(SWING_PERIOD, (batch, 1))) % SWING_PERIOD
    offsets = torch.where(place == 0, swing, -swing / (SWING_PERIOD - 1))
    offsets[:, 0] = between(INTRA_FINER, batch)
    return offsets


def bidirectional_offsets(batch, order):
    """`frame_offsets` of a stream with bidirectional frames, by the time of the pictures in `order`."""
    intra, inter, bidirectional = between(INTRA_FINER, batch), between(INTER_FINER, batch), -between(BIDIRECTIONAL_COARSER, batch)
    by_time = sorted(order)
    return torch.stack([(intra, inter, bidirectional)[place.kind] for place in by_time], 1)


def sequence_loss(model, clip, q, warm=0, structure=0.0, chroma_weight=CHROMA_WEIGHT, patience=PATIENCE):
    """Mean over frames of bits per pixel + lambda * distortion. clip: tensors of ClipDataset with a batch dimension.

    A clip with `motion_two` is coded with bidirectional frames. The first `warm` frames in coding order only age the references: they have
    no part in the loss and no gradient. `structure`: worth of structural dissimilarity next to a squared error. `chroma_weight`: as
    `CHROMA_WEIGHT`. `patience`: of rate-distortion rounding; 0: plain rounding.
    """
    b, n, _, h, w = clip["y"].shape
    bidirectional = "motion_two" in clip
    order = coding_order(n, bidirectional)
    strength, offsets = adaptive_strength(b).to(q), (bidirectional_offsets(b, order) if bidirectional else frame_offsets(b, n)).to(q)
    references, total, log, learning = References(), 0.0, [], torch.is_grad_enabled()
    for i, (t, kind, motion_name) in enumerate(order):
        if i < warm and kind == BIDIRECTIONAL:
            continue  # no frame refers to it
        source = fold(to_real(clip["y"][:, t]), to_real(clip["uv"][:, t]))
        base = to_real(clip["base_y"][:, t]), to_real(clip["base_uv"][:, t])
        motion = clip[motion_name][:, t].float() if motion_name else None
        finer_q = (q + offsets[:, t]).clamp(0, QUALITIES - 1)
        frame_q = quality_map(source, finer_q, strength)
        with torch.set_grad_enabled(learning and i >= warm):
            rounding = FrugalRounding(model, frame_q, patience) if patience else None
            state = model(source, base, references.of(kind), frame_q, motion, rounding, copying=copy_where_it_saves)
        references.add(kind, state)
        if i < warm:
            continue
        bpp = state["bits"] / (h * w)
        # Each block's errors count by its own quality.
        worth = nearest(lambda_of(frame_q), 8)
        luma, chroma = squared_errors(state["picture"], source)
        predicted, _ = squared_errors(state["prediction"], source)
        weighted = [squared_errors(p * worth.sqrt(), source * worth.sqrt()) for p in (state["picture"], state["prediction"])]
        loss = bpp + LUMA_WEIGHT * weighted[0][0] + chroma_weight * weighted[0][1]
        if structure:
            loss = loss + structure * worth.mean((1, 2, 3)) * dissimilarity(state["picture"], source)
        # A little of the prediction's own error: its bits are only felt through the latents otherwise.
        loss = loss + 0.02 * weighted[1][0]
        lam = lambda_of(finer_q)
        # Low qualities have small losses: weigh them up, so that every q has its say.
        total = total + (loss * (400.0 / lam) ** 0.35).mean()
        log.append((bpp.mean().item(), -10 * torch.log10(luma + 1e-9).mean().item(), -10 * torch.log10(predicted + 1e-9).mean().item()))
    return total / (n - warm), log


def channels_last(model):
    return model.to(memory_format=torch.channels_last)


class Average:
    """Exponential moving average of parameters."""

    def __init__(self, model, decay):
        self.decay, self.values = decay, {k: v.detach().clone() for k, v in model.named_parameters()}

    def update(self, model, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for k, v in model.named_parameters():
                self.values[k].lerp_(v, 1 - decay)


def save(path, model, average, optimizer, progress):
    torch.save(
        dict(model=model.state_dict(), average=average.values, optimizer=optimizer.state_dict(), progress=progress), path + ".part"
    )
    os.replace(path + ".part", path)


def calibrate(model, dataset, device, batches=12):
    """Finds the activations' shifts on sample batches, in float."""
    set_mode(model, "calibrate")
    with torch.no_grad():
        for i in range(batches):
            clip = {k: v[None].to(device) for k, v in dataset[random.randrange(len(dataset))].items() if torch.is_tensor(v)}
            sequence_loss(model, clip, torch.tensor([random.uniform(0, 57)], device=device))
    settle(model)


def main(argv=None):
    o = parse(argv)
    os.makedirs(o.work, exist_ok=True)
    seed = int(time.time()) if o.seed is None else o.seed
    torch.manual_seed(seed)
    random.seed(seed)
    model, ablation = Enhancement(), ABLATIONS[o.ablate]
    progress = dict(step=0, seconds=0.0, mode="float")
    last = os.path.join(o.work, "last.pt")
    resumed = os.path.exists(last)
    checkpoint = torch.load(last, map_location="cpu") if resumed else None
    if checkpoint is None and o.from_checkpoint:
        checkpoint = torch.load(o.from_checkpoint, map_location="cpu")
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
        progress.update(checkpoint["progress"])
        if resumed and progress.get("ablation", "none") != o.ablate:
            raise ValueError(f"{last} was trained with --ablate {progress.get('ablation', 'none')}: resume it so, or choose another --work")
        if ablation.restart and not resumed:
            ablation.restart(model)
            progress.update(mode="float")
            checkpoint = None  # its average and its optimizer are of other weights
    elif o.start:
        start_from_sketch(model, torch.load(o.start, map_location="cpu"))
    progress["ablation"] = o.ablate
    ablation.cut(model)
    dataset = ClipDataset(o.data, frames=o.frames + o.warm, crop=o.crop)
    datasets = [dataset]
    if o.bidirectional:
        datasets.append(ClipDataset(o.data, frames=o.frames + o.warm, crop=o.crop, bidirectional=True))
    model = channels_last(model.to(o.device)).train()
    if o.mode == "integer" and progress["mode"] != "integer":
        # Quantisation starts from the average: it is the smoother optimum.
        for k, v in model.named_parameters():
            if checkpoint:
                v.data.copy_(checkpoint["average"][k])
        calibrate(model, dataset, o.device)
    progress["mode"] = o.mode
    set_mode(model, o.mode)
    own = [p for n, p in model.named_parameters() if not n.startswith("prior.")]
    prior = [p for n, p in model.named_parameters() if n.startswith("prior.")]
    optimizer = Muon([dict(params=own), dict(params=prior)], lr=o.rate)
    average = Average(model, o.average)
    if checkpoint:
        if checkpoint["optimizer"]:  # none: weights alone
            optimizer.load_state_dict(checkpoint["optimizer"])
        average.values = {k: v.to(o.device) for k, v in checkpoint["average"].items()}
    loaders = [iter(torch.utils.data.DataLoader(d, o.batch, sampler=d.endless_sampler(), num_workers=o.workers, drop_last=True)) for d in datasets]
    rate_end = o.rate if o.rate_end is None else o.rate_end
    start, saved, shown = time.time(), time.time(), time.time()
    first_step, recent = progress["step"], []
    while time.time() - start < o.minutes * 60 and progress["step"] - first_step < o.steps:
        part = min(1.0, max((time.time() - start) / (o.minutes * 60), (progress["step"] - first_step) / o.steps))
        rate = rate_end + (o.rate - rate_end) * 0.5 * (1 + torch.cos(torch.tensor(part * 3.14159265)).item())
        rate *= min(1.0, (progress["step"] - first_step + 1) / min(WARM_UP, o.steps / 10))
        optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = rate * o.frozen_rate, rate
        loader = loaders[random.random() < o.bidirectional]
        clip = freeze({k: v.to(o.device) for k, v in next(loader).items() if torch.is_tensor(v)})
        q = quality_for(clip, o.batch).to(o.device)
        warm = random.randrange(o.warm + 1) if random.random() < 0.7 else 0
        clip = {k: v[:, :warm + o.frames] if v.dim() > 1 else v for k, v in clip.items()}
        if ablation.block:
            for name in SEARCHES.keys() & clip.keys():
                clip[name] = merge_to_16x16(clip[name], to_real(clip["y"]), SEARCHES[name].distance)
        with held_kernels(model):
            loss, log = sequence_loss(model, clip, q, warm, o.structure, o.chroma, o.patience)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if torch.isfinite(norm):
            optimizer.step()
            average.update(model, progress["step"])
        progress["step"] += 1
        recent.append((loss.item(), *[sum(f[i] for f in log[-o.frames + 1:]) / max(1, o.frames - 1) for i in range(3)]))
        now = time.time()
        if now - shown > 60 or progress["step"] - first_step == 3:
            means = [sum(r[i] for r in recent) / len(recent) for i in range(4)]
            seconds = progress["seconds"] + now - start
            print(
                f"step {progress['step']} {seconds / 60:.0f} min rate {rate:.1e} loss {means[0]:.4f} "
                f"inter: bpp {means[1]:.4f} psnr-y {means[2]:.2f} predicted {means[3]:.2f}  {(now - start) / (progress['step'] - first_step):.2f} s/step",
                flush=True,
            )
            with open(os.path.join(o.work, "log.jsonl"), "a") as f:
                f.write(json.dumps(dict(step=progress["step"], seconds=seconds, mode=o.mode, frames=o.frames, warm=o.warm, rate=rate, loss=means[0])) + "\n")
            recent, shown = [], now
        if now - saved > o.checkpoint_minutes * 60:
            save(last, model, average, optimizer, dict(progress, seconds=progress["seconds"] + now - start))
            saved = now
    progress["seconds"] += time.time() - start
    save(last, model, average, optimizer, progress)
    return 0


def quality_for(clip, batch):
    """A random q per clip, near the one whose motion was searched for where the data says so: rather below, for the motion is precomputed
    at few lambdas of which the largest fits q 24."""
    if "q" in clip:
        fit = clip["q"].cpu().float()
        low, high = (fit - 24).clamp(min=0), (fit + 12).clamp(max=LARGEST_SAMPLE_Q)
        return low + torch.rand(batch) * (high - low)
    return torch.rand(batch) * LARGEST_SAMPLE_Q


if __name__ == "__main__":
    sys.exit(main())
