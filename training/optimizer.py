"""Muon for the kernels of convolutions, Adam for everything else.

Muon (K. Jordan, 2024) takes each step of a matrix along its momentum with all singular values made equal, by five
Newton-Schulz iterations. Scaled to the size of Adam's steps (Liu et al., arXiv 2502.16982), so one learning rate fits both.
"""
import torch

MOMENTUM = 0.95
ADAM_BETAS, ADAM_EPSILON = (0.9, 0.999), 1e-8
STEP_SIZE = 0.2  # root mean square of an Adam step in units of the learning rate
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix, iterations=5):
    """The nearest matrix with singular values near one."""
    a, b, c = QUINTIC
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.t()
    for _ in range(iterations):
        square = x @ x.t()
        x = a * x + (b * square + c * square @ square) @ x
    return x.t() if tall else x


def is_matrix(parameter):
    """Whether a parameter is the kernel of a convolution that mixes channels."""
    return parameter.dim() == 4 and parameter.shape[1] > 1


class Muon(torch.optim.Optimizer):
    """Takes groups as `torch.optim.Adam` does; each parameter goes to Muon or Adam by its shape."""

    def __init__(self, groups, lr):
        super().__init__(groups, dict(lr=lr))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if is_matrix(p):
                    self.muon_step(p, state, group["lr"])
                else:
                    self.adam_step(p, state, group["lr"])

    def muon_step(self, p, state, rate):
        if not state:
            state["momentum"] = torch.zeros_like(p)
        momentum = state["momentum"].mul_(MOMENTUM).add_(p.grad)
        direction = p.grad.add(momentum, alpha=MOMENTUM).reshape(p.shape[0], -1)
        scale = STEP_SIZE * max(direction.shape) ** 0.5
        p.add_(orthogonal(direction).reshape(p.shape), alpha=-rate * scale)

    def adam_step(self, p, state, rate):
        if not state:
            state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
        state["step"] += 1
        first, second = ADAM_BETAS
        mean = state["mean"].lerp_(p.grad, 1 - first) / (1 - first ** state["step"])
        square = state["square"].lerp_(p.grad**2, 1 - second) / (1 - second ** state["step"])
        p.addcdiv_(mean, square.sqrt() + ADAM_EPSILON, value=-rate)
