"""Bidirectional frames: their order, what they are predicted from to the last place, the encoder's choice of directions, and that they train."""
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import run  # noqa: E402
from training.export.simulate import Simulation  # noqa: E402
from training.model import bidirectional  # noqa: E402
from training.model.bidirectional import BOTH, FUTURE, PAST, Between, Moved  # noqa: E402
from training.model.enhancement import FEATURES, Enhancement, lambda_of  # noqa: E402
from training.model.fixed import Fixed, set_mode  # noqa: E402
from training.model.picture import PICTURE_CHANNELS, fold, to_real, unfold  # noqa: E402
from training.model.prior import cues  # noqa: E402
from training.model.warp import LUMA_TAPS  # noqa: E402

H, W = 64, 96
FEATURE_BITS = 6
DIRECTIONS = torch.arange(H // 16 * (W // 16)).view(1, 1, H // 16, W // 16) % 3


def network(kind=Enhancement):
    """An untrained network that computes with integers, every path of it alive."""
    torch.manual_seed(3)
    model = kind().eval()
    for layer in (model.fusion, model.head, model.detail4, model.keep):
        torch.nn.init.normal_(layer.convolution.weight, std=0.05)
    for module in model.modules():
        if isinstance(module, Fixed) and not module.given:
            module.shift.fill_(FEATURE_BITS)
    set_mode(model, "integer")
    return model


def reference(seed):
    """A state as `Enhancement.forward` gives it, of noise, and its planes as integers: y, uv, features, base y, base uv."""
    rng = np.random.default_rng(seed)
    y, uv, base_y, base_uv = (rng.integers(0, 256, s) for s in ((1, H, W), (2, H // 2, W // 2), (1, H // 4, W // 4), (2, H // 8, W // 8)))
    features = rng.integers(-1023, 1024, (FEATURES, H // 4, W // 4))
    real = [to_real(torch.from_numpy(a)[None]) for a in (y, uv, base_y, base_uv)]
    state = dict(
        picture=fold(*real[:2]), features=torch.from_numpy(features)[None].float() / 2**FEATURE_BITS, base=tuple(real[2:]),
        samples_base=tuple(torch.from_numpy(a)[None] for a in (base_y, base_uv)),
    )  # fmt: skip
    return state, (y, uv, features, base_y, base_uv)


def random_motion(seed=9, largest=60):
    """int64 vectors [H/8, W/8, 2] (x, y), and the motion as the model takes it."""
    vectors = np.random.default_rng(seed).integers(-largest, largest, (H // 8, W // 8, 2))
    motion = torch.cat((torch.ones(1, 1, H // 8, W // 8), torch.from_numpy(vectors).permute(2, 0, 1)[None].float()), 1)
    return vectors, motion


def at(plane, y, x):
    return int(plane[min(max(y, 0), plane.shape[0] - 1), min(max(x, 0), plane.shape[1] - 1)])


def six_taps(plane, y, x, vx, vy):
    across, down = LUMA_TAPS.int().tolist()[vx & 3], LUMA_TAPS.int().tolist()[vy & 3]
    total = sum(down[j] * across[i] * at(plane, y + (vy >> 2) + j - 2, x + (vx >> 2) + i - 2) for j in range(6) for i in range(6))
    return min(max((total + 2048) >> 12, 0), 255)


def two_taps(bits):
    def sample(plane, y, x, vx, vy):
        one = 1 << bits
        fx, fy, y, x = vx & one - 1, vy & one - 1, y + (vy >> bits), x + (vx >> bits)
        rows = [at(plane, y + j, x) * (one - fx) + at(plane, y + j, x + 1) * fx for j in (0, 1)]
        return (rows[0] * (one - fy) + rows[1] * fy + (1 << 2 * bits - 1)) >> 2 * bits

    return sample


# Each plane's interpolation, and how many of its samples lie along an 8x8 block.
KINDS = (six_taps, 8), (two_taps(3), 4), (two_taps(4), 2), (two_taps(4), 2), (two_taps(5), 1)


def plainly(future, past, vectors):
    """The rules as loops: planes between two references."""
    made = []
    for (sample, cell), a, b in zip(KINDS, future, past):
        planes = slice(0, 3)  # enough of the features
        out = np.zeros_like(a[planes])
        for p, y, x in np.ndindex(out.shape):
            vx, vy = map(int, vectors[y // cell, x // cell])
            forward, backward = sample(a[p], y, x, vx, vy), sample(b[p], y, x, -vx, -vy)
            direction = int(DIRECTIONS[0, 0, y // cell // 2, x // cell // 2])
            out[p, y, x] = forward if direction == FUTURE else backward if direction == PAST else (forward + backward + 1) >> 1
        made.append(out)
    return made


def planes_of(moved):
    """A `Moved` of integers (the base's as they are) as `plainly` gives its planes."""
    y, uv = ((p * 256 + 128)[0].long().numpy() for p in unfold(moved.picture))
    base = [b[0].numpy() for b in moved.base]
    return y, uv, (moved.features[0, :3] * 2**FEATURE_BITS).long().numpy(), *base


def test_coding_order():
    def named(frames, way=True):
        return [("IPB"[p.kind] + str(p.t), p.motion) for p in bidirectional.coding_order(frames, way)]

    assert named(5) == [("I0", ""), ("P2", "motion_two"), ("B1", "motion_ahead"), ("P4", "motion_two"), ("B3", "motion_ahead")]
    assert named(4)[3:] == [("P3", "motion")], "a last picture without another after it"
    assert named(3, False) == [("I0", ""), ("P1", "motion"), ("P2", "motion")]
    assert named(1) == [("I0", "")] and named(2) == named(2, False)
    seen, references = [], bidirectional.References()
    for place in bidirectional.coding_order(6, True):
        seen.append(references.of(place.kind))
        references.add(place.kind, place.t)
    assert seen == [None, 0, Between(future=2, past=0), 2, Between(future=4, past=2), 4]


def test_prediction_between_is_that_of_plain_loops():
    (future, a), (past, b) = reference(1), reference(2)
    vectors, motion = random_motion()
    expected = plainly(a, b, vectors)
    exact = network(Simulation).double()
    moved = exact.blend_samples(exact.move_samples(future, motion), exact.move_samples(past, bidirectional.mirrored(motion)), DIRECTIONS)
    for plane, wanted in zip(planes_of(moved), expected):
        assert np.array_equal(plane, wanted)
    # The model that trains: exact in luma; where bilinear weights meet a half, floats may round it either way.
    model = network()
    moved = bidirectional.blend(model.move(future, motion), model.move(past, bidirectional.mirrored(motion)), DIRECTIONS, 2**FEATURE_BITS)
    moved = moved._replace(base=[(p * 256 + 128).long() for p in moved.base])
    for i, (plane, wanted) in enumerate(zip(planes_of(moved), expected)):
        difference = np.abs(plane - wanted)
        assert difference.max() <= (1 if i else 0) and (difference > 0).mean() < 0.05, i


def test_means_are_rounded_up_in_units_of_the_last_place():
    rng = np.random.default_rng(4)
    size = {4: (H // 4, W // 4), 8: (H // 8, W // 8)}

    def planes(unit, channels, grid):
        whole = [rng.integers(-127, 128, (1, channels, *size[grid])) for _ in (0, 1)]
        scale = np.kron(DIRECTIONS[0, 0], np.ones((16 // grid, 16 // grid), int))
        mixed = np.where(scale == FUTURE, whole[0], np.where(scale == PAST, whole[1], (whole[0] + whole[1] + 1) // 2))
        return [torch.from_numpy(w).float() / unit for w in whole], torch.from_numpy(mixed).float() / unit

    rows = planes(256, PICTURE_CHANNELS, 4), planes(64, FEATURES, 4), planes(256, 1, 4), planes(256, 2, 8)
    future, past, expected = (Moved(p, f, (luma, chroma)) for p, f, luma, chroma in zip(*([*inputs, mixed] for inputs, mixed in rows)))
    blended = bidirectional.blend(future, past, DIRECTIONS, 64)
    assert torch.equal(blended.picture, expected.picture) and torch.equal(blended.features, expected.features)
    assert all(torch.equal(a, b) for a, b in zip(blended.base, expected.base))


def frame_between(model, future, past, source, motion):
    q = torch.full((1, 1, H // 32, W // 32), 30.0)
    base = reference(5)[0]["base"]
    return model(source, base, Between(future, past), q, motion)


def test_directions_follow_what_is_seen():
    """The left third of the picture is in both references, the middle only in the future, the right only in the past."""
    model = network()
    still = torch.zeros(1, 3, H // 8, W // 8)
    (source, _), (noise, _) = reference(6), reference(7)
    future, past = dict(source), dict(source)
    third = W // 12
    columns = torch.arange(W // 4)
    future["picture"] = torch.where(columns >= 2 * third, noise["picture"], source["picture"])
    past["picture"] = torch.where((columns >= third) & (columns < 2 * third), noise["picture"], source["picture"])
    with torch.no_grad():
        directions = frame_between(model, future, past, source["picture"], still)["directions"]
    expected = torch.tensor([BOTH, FUTURE, PAST]).repeat_interleave(W // 48).expand_as(directions)
    assert torch.equal(directions, expected)


def test_a_direction_must_be_worth_its_bits():
    price = lambda_of(torch.full((1, 1, 2, 2), 20.0))
    for saved, expected in ((1.4, BOTH), (1.6, FUTURE)):
        both = torch.full((1, 1, 2, 2), 1.0)
        errors = both, both - saved / 4 / price, both
        assert bidirectional.choose_directions(errors, price).item() == expected


def test_copied_blocks_take_over_what_lies_between():
    model = network()
    (future, _), (past, _), (source, _) = reference(1), reference(2), reference(3)
    _, motion = random_motion()
    q = torch.full((1, 1, H // 32, W // 32), 30.0)
    everything = torch.ones(1, 1, H // 16, W // 16)
    with torch.no_grad():
        copied = model(source["picture"], source["base"], Between(future, past), q, motion, copying=lambda gains, cue: (everything, torch.zeros(1)))
        moved = bidirectional.blend(model.move(future, motion), model.move(past, bidirectional.mirrored(motion)), copied["directions"], 2**FEATURE_BITS)
    assert torch.equal(copied["picture"], moved.picture) and torch.equal(copied["features"], moved.features)
    assert not torch.equal(cues(source["base"], moved.base, motion)[:, 6:12], cues(source["base"], future["base"], motion)[:, 6:12])


def test_gradients_reach_both_references():
    for mode in ("float", "integer"):
        model = network().train()
        set_mode(model, mode)
        (future, _), (past, _), (source, _) = reference(1), reference(2), reference(3)
        leaves = [state[name].requires_grad_() for state in (future, past) for name in ("picture", "features")]
        frame = frame_between(model, future, past, source["picture"], random_motion()[1])
        loss = frame["bits"].sum() / (H * W) + 100 * ((frame["picture"] - source["picture"]) ** 2).mean()
        loss.backward()
        for leaf in leaves:
            assert torch.isfinite(leaf.grad).all() and (leaf.grad != 0).float().mean() > 0.1
        assert (model.compare.convolution.weight.grad != 0).any()


if __name__ == "__main__":
    run(sys.modules[__name__])
