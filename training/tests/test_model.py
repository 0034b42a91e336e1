"""The rounded formats' values and gradients, the optimiser, and that a training slice can be resumed."""
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import run  # noqa: E402
from training import optimizer as optimizers  # noqa: E402
from training.model.fixed import SLOPE, Fixed, floor_through, set_mode  # noqa: E402


def plainly(x, low, high, shift, leaky):
    t = x * 2.0**shift + 0.5
    if leaky:
        t = F.leaky_relu(t, SLOPE)
    t = t.clamp(low, high)
    return (t + (torch.floor(t) - t).detach()) * 2.0**-shift


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
