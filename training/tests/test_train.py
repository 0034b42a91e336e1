"""What a training step draws, and that rounding the kernels once a step changes nothing of it."""
import contextlib
import random
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import moving_clip, run  # noqa: E402
from training import train  # noqa: E402
from training.data.downscale import downscale_by_4  # noqa: E402
from training.data.prepare import SEARCHES  # noqa: E402
from training.model.bidirectional import Between, coding_order  # noqa: E402
from training.model.enhancement import Enhancement  # noqa: E402
from training.model.fixed import held_kernels, set_mode, settle  # noqa: E402


def batch_of_one(frames, motions=("motion",)):
    y, uv = moving_clip(frames, 64, 64)
    arrays = dict(y=y, uv=uv, base_y=downscale_by_4(y), base_uv=downscale_by_4(uv))
    arrays.update((name, np.zeros((frames, 3, 8, 8), np.int16)) for name in motions)
    clip = {name: torch.from_numpy(np.ascontiguousarray(array))[None] for name, array in arrays.items()}
    clip["y"], clip["base_y"] = clip["y"][:, :, None], clip["base_y"][:, :, None]
    return clip


def test_offsets_of_q_have_their_ranges_and_no_mean():
    torch.manual_seed(5)
    periods, batch = 3, 400
    offsets = train.frame_offsets(batch, 1 + periods * train.SWING_PERIOD)
    least, most = train.INTRA_FINER
    assert (offsets[:, 0] >= least).all() and (offsets[:, 0] <= most).all()
    inter = offsets[:, 1:].view(batch, periods, train.SWING_PERIOD)
    assert inter.mean(2).abs().max() < 1e-5
    swing = inter.amax(2)
    assert swing.max() <= train.LARGEST_SWING and (swing == swing[:, :1]).all()
    even = (inter == 0).all(2).all(1).float().mean().item()
    assert abs(even - train.EVEN_SHARE) < 0.1, even


def test_bidirectional_frames_are_coarser_and_what_they_refer_to_finer():
    torch.manual_seed(5)
    offsets = train.bidirectional_offsets(400, coding_order(6, True))
    places = ((slice(0, 1), train.INTRA_FINER), ([2, 4, 5], train.INTER_FINER), ([1, 3], [-v for v in reversed(train.BIDIRECTIONAL_COARSER)]))
    assert offsets.shape == (400, 6)
    for times, (least, most) in places:
        drawn = offsets[:, times]
        assert drawn.min() >= least and drawn.max() <= most and drawn.max() - drawn.min() > 0.9 * (most - least)
        assert (drawn == drawn[:, :1]).all(), "all frames of a kind have the same"


def test_sequences_with_bidirectional_frames_are_learned_from():
    torch.manual_seed(0)
    model, clip, q = Enhancement(), batch_of_one(5, SEARCHES), torch.tensor([30.0])
    kinds = []
    model.register_forward_pre_hook(lambda module, inputs: kinds.append(None if inputs[2] is None else type(inputs[2])))
    loss, log = train.sequence_loss(model, clip, q, warm=2)
    loss.backward()
    assert kinds == [None, dict, Between, dict, Between] and len(log) == 3
    kinds.clear()
    train.sequence_loss(model, clip, q, warm=3)
    assert kinds == [None, dict, dict, Between], "a bidirectional frame without a part in the loss has none in anything"
    assert torch.isfinite(loss) and (model.keep.convolution.weight.grad != 0).any()
    kinds.clear()
    train.sequence_loss(model, batch_of_one(3), q)
    assert kinds == [None, dict, dict]


def test_frozen_samples_have_no_motion_of_any_kind():
    random.seed(1)
    clip = batch_of_one(3, SEARCHES)
    clip = {name: torch.cat([value + 1] * 40) for name, value in clip.items()}
    frozen = train.freeze(clip)
    still = (frozen["motion"] == 0).flatten(1).all(1)
    assert 0 < still.sum() < 20
    for name in SEARCHES:
        assert torch.equal((frozen[name] == 0).flatten(1).all(1), still)


def test_qualities_lie_around_the_one_of_the_motion_and_none_is_drawn_more_often():
    torch.manual_seed(6)
    for fit in (24, 63):
        drawn = train.quality_for(dict(q=torch.full((2000,), fit)), 2000)
        least, most = max(0, fit - 24), min(fit + 12, train.LARGEST_SAMPLE_Q)
        assert drawn.min() >= least and drawn.max() <= most
        counts = torch.histc(drawn, 4, least, most)
        assert counts.min() > 400, counts


def test_held_kernels_change_neither_losses_nor_gradients():
    torch.manual_seed(0)
    model, clip, q = Enhancement(), batch_of_one(3), torch.tensor([30.0])
    set_mode(model, "calibrate")
    with torch.no_grad():
        train.sequence_loss(model, clip, q)
    settle(model)
    set_mode(model, "integer")

    def step(kernels):
        torch.manual_seed(1)
        model.zero_grad()
        with kernels:
            loss, _ = train.sequence_loss(model, clip, q)
        loss.backward()
        return loss.detach(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}

    loss, gradients = step(contextlib.nullcontext())
    held_loss, held_gradients = step(held_kernels(model))
    assert torch.equal(loss, held_loss)
    assert gradients.keys() == held_gradients.keys() and len(gradients) > 20
    for name, gradient in gradients.items():
        # Sums over calls are added up in another order.
        assert torch.allclose(gradient, held_gradients[name], rtol=1e-4, atol=1e-6 * gradient.abs().max().item()), name


if __name__ == "__main__":
    run(sys.modules[__name__])
