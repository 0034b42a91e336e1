"""The rounded formats' values and gradients, the optimiser, and that a training slice can be resumed."""
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import run  # noqa: E402
from training import optimizer as optimizers  # noqa: E402
from training.model import adaptive, copying  # noqa: E402
from training.model.enhancement import Enhancement  # noqa: E402
from training.model.fixed import SLOPE, Fixed, floor_through, replace_through, set_mode  # noqa: E402
from training.model.frugal import FrugalRounding  # noqa: E402
from training.model.picture import fold  # noqa: E402
from training.model.rate import laplace_bits  # noqa: E402
from training.model.structure import dissimilarity  # noqa: E402


def plainly(x, low, high, shift, leaky):
    t = x * 2.0**shift + 0.5
    if leaky:
        t = F.leaky_relu(t, SLOPE)
    t = t.clamp(low, high)
    return (t + (torch.floor(t) - t).detach()) * 2.0**-shift


def test_dissimilarity_sees_structure_and_not_brightness():
    torch.manual_seed(0)
    luma, chroma = 0.2 * torch.randn(2, 1, 64, 64), torch.zeros(2, 2, 32, 32)
    source = fold(luma, chroma)
    assert torch.allclose(dissimilarity(source, source), torch.zeros(2), atol=1e-5)
    brighter = dissimilarity(fold(luma + 0.05, chroma), source)
    smooth = fold(F.avg_pool2d(luma, 3, 1, 1), chroma).requires_grad_()
    blurred = dissimilarity(smooth, source)
    assert (brighter < 1e-3).all() and (blurred > 0.2).all()
    blurred.sum().backward()
    assert torch.isfinite(smooth.grad).all() and (smooth.grad != 0).any()


def test_frugal_rounding_drops_levels_that_are_not_worth_their_bits_and_keeps_the_gradient():
    torch.manual_seed(0)
    model, q = Enhancement(), torch.full((2, 1, 1, 1), 30.0)
    difference = (1.5 * torch.randn(2, 96, 4, 4)).requires_grad_()
    index = torch.full_like(difference, 20).detach()
    rounding = FrugalRounding(model, q)
    symbols = replace_through(difference, rounding(difference, index))
    rounded = torch.floor(difference + 0.5)
    dropped = symbols != rounded
    assert dropped.any() and not dropped.all() and (symbols.abs() <= rounded.abs()).all()

    def cost(levels):
        return laplace_bits(levels, index) + rounding.price * (difference - levels) ** 2

    assert (cost(symbols)[dropped] < cost(rounded)[dropped]).all()
    assert torch.equal(FrugalRounding(model, q, 1e9)(difference, index), rounded)
    symbols.sum().backward()
    assert torch.equal(difference.grad, torch.ones_like(difference))


def test_fixed_rounds_and_keeps_the_gradient_of_clip_and_leaky():
    torch.manual_seed(0)
    for leaky in (False, True):
        fixed = Fixed(-40, 25, 3)
        set_mode(fixed, "integer")
        a = (torch.randn(2, 3, 17, 9) * 4).requires_grad_()
        b = a.detach().clone().requires_grad_()
        weight = torch.randn(2, 3, 17, 9)
        ours, plain = fixed(a, leaky), plainly(b, -40, 25, 3, leaky)
        assert torch.equal(ours, plain)
        assert torch.equal(ours * 8, torch.floor(ours * 8)), "integers times 2^-3"
        (ours * weight).sum().backward()
        (plain * weight).sum().backward()
        assert torch.allclose(a.grad, b.grad)
        assert (a.grad == 0).any() and (a.grad != 0).any()


def test_floor_through():
    x = torch.tensor([-1.5, -0.0, 2.99], requires_grad=True)
    y = floor_through(x)
    y.sum().backward()
    assert y.tolist() == [-2, 0, 2] and x.grad.tolist() == [1, 1, 1]


def test_orthogonal_makes_singular_values_alike():
    torch.manual_seed(0)
    for rows, columns in ((64, 24), (24, 64), (40, 40)):
        u, _, v = torch.linalg.svd(torch.randn(rows, columns), full_matrices=False)
        uneven = u @ torch.diag(torch.logspace(0, -1.5, min(rows, columns))) @ v
        values = torch.linalg.svdvals(optimizers.orthogonal(uneven))
        assert values.min() > 0.4 and values.max() < 1.3, (rows, columns, values)


def still_frame(model, adaptive, seed=2):
    """An intra frame of noise and the arguments of the inter frame after it."""
    torch.manual_seed(seed)
    source = 0.5 * torch.rand(1, 24, 16, 16) - 0.25
    base = 0.5 * torch.rand(1, 1, 16, 16) - 0.25, 0.5 * torch.rand(1, 2, 8, 8) - 0.25
    q = adaptive.quality_map(source, torch.tensor([30.0]), torch.tensor([3.0]))
    state = model(source, base, None, q)
    return source, base, state, q, torch.zeros(1, 3, 8, 8)


def test_copied_blocks_are_taken_over_and_cost_nothing():
    torch.manual_seed(0)
    model = Enhancement().eval()
    with torch.no_grad():
        arguments = still_frame(model, adaptive)
        flags = torch.tensor([[[[1.0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]]])
        frame = model(*arguments, copying=lambda gains, cue: (flags, torch.zeros(1)))
        cells = copying.to_cells(flags)
        quarter = copying.to_cells(cells) > 0
        before = arguments[2]
        for name in ("picture", "features"):
            # A float picture is rounded to samples on the way.
            kept = ((frame[name] - before[name]).abs() < 0.6 / 256).all(1, keepdim=True)
            assert kept[quarter].all() and kept[~quarter].float().mean() < 0.3, name
        assert (frame["latents"] * cells).abs().max() == 0
        everything = model(*arguments, copying=lambda gains, cue: (torch.ones_like(flags), torch.zeros(1)))
        assert (everything["picture"] - before["picture"]).abs().max() < 0.6 / 256
        assert everything["bits"] == everything["hyper_bits"]


def test_copying_gains_weigh_bits_against_errors():
    bits, added = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    bits[0, 0, 0, :2] = 3.0
    added[0, 0, 2, 3] = 0.01
    gains = copying.block_gains(bits, added, torch.full((1, 1, 4, 4), 100.0))
    assert torch.allclose(gains[0, 0], torch.tensor([[6.0, 0.0], [0.0, -2.0]]))


def test_quality_is_finer_where_the_picture_is_flat():
    torch.manual_seed(1)
    source = torch.zeros(1, 24, 16, 16)
    source[:, :, :8, 8:] = 0.3 * (torch.rand(1, 24, 8, 8) - 0.5)
    q = adaptive.quality_map(source, torch.tensor([30.0]), torch.tensor([2.0]))[0, 0]
    assert q[0, 1] < 30 and q[0, 0] > 30 and q[1, 0] == q[0, 0] and (q % 4 == 2).all()
    assert (adaptive.quality_map(source, torch.tensor([30.0]), torch.tensor([0.0])) == 30).all()


def test_muon_learns_and_resumes():
    torch.manual_seed(0)
    target = torch.nn.Conv2d(8, 8, 1)
    x = torch.randn(4, 8, 5, 5)

    def steps(model, optimizer, count):
        for _ in range(count):
            loss = ((model(x) - target(x)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    def fresh():
        torch.manual_seed(1)
        model = torch.nn.Conv2d(8, 8, 1)
        return model, optimizers.Muon(model.parameters(), lr=0.1)

    model, optimizer = fresh()
    first = steps(model, optimizer, 1)
    assert steps(model, optimizer, 59) < 0.1 * first
    whole = model.weight.detach().clone()

    model, optimizer = fresh()
    steps(model, optimizer, 30)
    again = torch.nn.Conv2d(8, 8, 1)
    again.load_state_dict(model.state_dict())
    resumed = optimizers.Muon(again.parameters(), lr=0.1)
    resumed.load_state_dict(optimizer.state_dict())
    steps(again, resumed, 30)
    assert torch.equal(again.weight, whole)


if __name__ == "__main__":
    run(sys.modules[__name__])
