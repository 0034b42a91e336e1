"""Each ablation cuts its path, and nothing but an ablation does: what was removed may change and the frame does not."""
import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import moving_clip, run  # noqa: E402
from training import ablate  # noqa: E402
from training.data import prepare  # noqa: E402
from training.evaluate import clips  # noqa: E402
from training.export import export  # noqa: E402
from training.model import ablation, adaptive  # noqa: E402
from training.model.enhancement import Enhancement  # noqa: E402
from training.model.picture import to_real  # noqa: E402
from training.model.prior import checkerboard  # noqa: E402
from training.model.transform import LATENTS, LUMA_COEFFICIENTS, dct_matrix  # noqa: E402
from training.model.warp import warp_luma  # noqa: E402


def network(name):
    """The same network with every path alive (some start at zero), less what `name` removes."""
    torch.manual_seed(3)
    model = Enhancement().eval()
    for layer in (model.fusion, model.head, model.detail4, model.keep):
        torch.nn.init.normal_(layer.convolution.weight, std=0.05)
    ablation.ABLATIONS[name].cut(model)
    return model


def sequence(seed=4):
    """Two pictures, their bases and the motion of the second."""
    torch.manual_seed(seed)
    frames = [(0.5 * torch.rand(1, 24, 16, 16) - 0.25, (0.5 * torch.rand(1, 1, 16, 16) - 0.25, 0.5 * torch.rand(1, 2, 8, 8) - 0.25)) for _ in (0, 1)]
    motion = torch.cat((torch.ones(1, 1, 8, 8), torch.randint(-20, 20, (1, 2, 8, 8)).float()), 1)
    return frames, motion


@torch.no_grad()
def inter_frame(model, other_base=False, other_past=False, other_motion=False):
    """The second picture coded after the first, with something of what it is predicted from exchanged."""
    (first, second), motion = sequence()
    q = adaptive.quality_map(first[0], torch.tensor([40.0]), torch.tensor([0.0]))
    if other_past:
        first = sequence(5)[0][0][0], first[1]
    if other_motion:
        motion = torch.zeros_like(motion)
    base = sequence(6)[0][1][1] if other_base else second[1]
    if other_base:
        first = first[0], sequence(7)[0][0][1]
    return model(second[0], base, model(*first, None, q), q, motion)


def same(a, b):
    return torch.equal(a["picture"], b["picture"]) and torch.equal(a["bits"], b["bits"])


def test_without_base_and_without_past():
    for exchanged, name in (("other_base", "base"), ("other_past", "temporal"), ("other_motion", "temporal")):
        for tried in ("none", name):
            cut = tried == name
            model = network(tried)
            assert same(inter_frame(model), inter_frame(model, **{exchanged: True})) == cut, (exchanged, tried)
    assert not same(inter_frame(network("base")), inter_frame(network("base"), other_past=True))
    assert not same(inter_frame(network("temporal")), inter_frame(network("temporal"), other_base=True))


def test_silent_layers():
    for name, layer in (("fused-correction", "fusion"), ("detail8", "detail8_block.outer.1")):
        for tried in ("none", name):
            model = network(tried)
            before = inter_frame(model)
            model.get_submodule(layer).convolution.weight.data.mul_(-3)
            model.get_submodule(layer).convolution.bias.data.add_(0.5)
            assert same(before, inter_frame(model)) == (tried == name), (layer, tried)


@torch.no_grad()
def coded(model, **exchanged):
    """Bits of latents [1,96,8,8] by the prior, with some of its inputs exchanged."""
    torch.manual_seed(8)
    inputs = dict(
        latents=3 * torch.randn(1, LATENTS, 8, 8), hyper=torch.randn(1, 16, 2, 2).round(), cue=torch.rand(1, 21, 8, 8) - 0.5,
        rate=torch.zeros(1, 40, 8, 8),
    )  # fmt: skip
    for name, value in exchanged.items():
        inputs[name] = value(inputs[name].clone())
    return model.prior(*inputs.values())[1]


def test_blind_priors():
    def pictures_only(cue):
        cue[:, :-3] *= -1
        return cue

    def motion_only(cue):
        cue[:, -3:] *= -1
        return cue

    whole = network("none")
    for name, inputs in (("prior-base", dict(cue=pictures_only)), ("hyperprior", dict(hyper=torch.neg))):
        cut = network(name)
        assert torch.equal(coded(cut), coded(cut, **inputs)), name
        assert not torch.equal(coded(whole), coded(whole, **inputs)), name
        for other in (dict(cue=motion_only), dict(hyper=torch.neg)):
            if other.keys() != inputs.keys() or name == "prior-base":
                assert not torch.equal(coded(cut), coded(cut, **other)), (name, other)
    assert inter_frame(whole)["hyper_bits"] > 0 and inter_frame(network("hyperprior"))["hyper_bits"] == 0


def test_one_step_prior():
    first = checkerboard(LATENTS, 8, 8, "cpu")
    for name in ("none", "two-steps"):
        model = network(name)
        with_other_first = coded(model, latents=lambda y: y + 5 * first)
        unseen = torch.equal(coded(model) * (1 - first), with_other_first * (1 - first))
        assert unseen == (name == "two-steps")


def test_merged_motion_has_16x16_blocks_and_takes_the_better_vector():
    y, _ = moving_clip(3, 64, 96, dx=3, dy=-2)
    luma = to_real(torch.from_numpy(y.copy()))[None, :, None]
    true = torch.tensor([1, -12, 8])
    motion = torch.zeros(1, 3, 3, 8, 12, dtype=torch.int16)
    motion[:, :, :, 1::2, ::2] = true.to(torch.int16)[:, None, None]  # one right cell in every block
    merged = ablation.merge_to_16x16(motion, luma)
    assert merged.shape == motion.shape and merged.dtype == motion.dtype
    for y0 in (0, 1):
        for x0 in (0, 1):
            assert torch.equal(merged[..., y0::2, x0::2], merged[..., ::2, ::2])
    inner = merged[:, 1:, :, 2:-2, 2:-2]
    assert (inner == true[:, None, None]).all(), "away from the edges, where the pictures go on"
    moved = warp_luma(luma[:, 0], merged[:, 1, 1:].float())
    assert (moved - luma[:, 1])[..., 16:-16, 16:-16].abs().max() < 1e-6
    assert ablation.ABLATIONS["small-blocks"].block == 16


def test_search_of_one_size():
    y, uv = moving_clip(2, 64, 96)
    y = y.copy()
    y[1, 8:40, 24:56] = np.random.default_rng(1).integers(0, 256, (32, 32))  # a disturbance that a quadtree would surround
    with tempfile.TemporaryDirectory() as folder:
        motion, bits = prepare.find_motion(clips.build_one_size_program(folder, 16), y, uv, (80,))
    field = motion[0, 1]
    assert bits[0, 1] > 0 and (field[:, :, 0] == 1).any()
    assert all(np.array_equal(field[i::2, j::2], field[::2, ::2]) for i in (0, 1) for j in (0, 1))


def test_starts_are_orthonormal_and_keep_planes_apart():
    turned = ablation.rotated_dct()
    for matrix in (dct_matrix(), turned):
        assert torch.allclose(matrix @ matrix.t(), torch.eye(LATENTS), atol=1e-5)
    assert (turned @ dct_matrix().t())[:LUMA_COEFFICIENTS, LUMA_COEFFICIENTS:].abs().max() < 1e-5
    assert not torch.allclose(turned, dct_matrix(), atol=0.1)
    model = Enhancement()
    context = model.context.convolution.weight.data.fill_(0.125).clone()
    model.log_gain.data.fill_(7.0)
    ablation.ABLATIONS["random-start"].restart(model)
    assert torch.equal(model.analysis.matrix, turned) and torch.equal(model.synthesis.convolution.weight[:, :, 0, 0], turned.t())
    assert torch.equal(model.context.convolution.weight, context) and (model.log_gain != 7).all()


def test_the_whole_codec_is_untouched():
    model = Enhancement()
    ablation.ABLATIONS["none"].cut(model)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert set(ablation.ABLATIONS["none"].unsent) == set() and ablation.ABLATIONS["none"].block is None


def test_an_ablation_is_not_exported():
    model = Enhancement()
    whole = dict(model=model.state_dict(), average=dict(model.named_parameters()), progress=dict(step=1, seconds=1.0, ablation="hyperprior"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "last.pt"
        torch.save(whole, path)
        try:
            export.load(path)
        except ValueError as error:
            assert "hyperprior" in str(error)
        else:
            raise AssertionError("an ablation was exported")


def write_evaluation(folder, factor):
    """An evaluation whose rates are `factor` times those of others written here."""
    points = [dict(rate=factor * 0.02 * 2**i, psnr_y=30.0 + 3 * i, psnr_yuv=31.0 + 3 * i, ms_ssim=12.0 + 3 * i) for i in range(3)]
    summary = dict(bd_psnr_y=-3.0, bd_psnr_yuv=-2.0, bd_ms_ssim=1.0)
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps(dict(clips=[dict(clip="a", results=points)], summary=summary)))
    (folder / "last.pt").touch()


def test_table_compares_with_the_baseline_and_repeats_nothing():
    with tempfile.TemporaryDirectory() as folder:
        for name, factor in (("none", 1.0), ("prior-base", 1.25), ("dct-start", 2.0), ("random-start", 3.0)):
            write_evaluation(Path(folder, name), factor)
        written = io.StringIO()
        with contextlib.redirect_stdout(written):
            # Neither data nor checkpoint are there: a run that started anything would fail.
            arguments = ["--data", "no", "--checkpoint", "no", "--work", folder, "--clips", "no", "--only", "none,prior-base,dct-start,random-start"]
            assert ablate.main(arguments) == 0
    rows = {line.split(":")[0].strip("| "): line for line in written.getvalue().splitlines()[2:]}
    assert list(rows) == ["none", "prior-base", "dct-start", "random-start"]
    for name, against, rate in (("none", "none", "+0.0"), ("prior-base", "none", "+25.0"), ("dct-start", "none", "+100.0"), ("random-start", "dct-start", "+50.0")):
        assert f"| {against} | {rate} % | {rate} % | {rate} % | -2.0, +1.0 %" in rows[name], rows[name]


def test_every_ablation_has_its_place_in_the_table():
    assert sorted(ablate.ORDER) == sorted(ablation.ABLATIONS)


if __name__ == "__main__":
    run(sys.modules[__name__])
