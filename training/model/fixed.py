"""Integers carried in floats: the arithmetic that a decoder does, differentiable (codec/SPEC.md, first paragraph).

Every tensor on the decoding side is an integer times 2^-shift. In the mode "float" nothing is rounded; "calibrate" also
records the largest magnitude of each tensor; "integer" rounds and clips as the exported graphs do. Values in the mode
"integer" stay real (integer * 2^-shift), which float32 and float64 represent exactly, so the training forward in this mode
*is* the integer simulation as long as the certificate holds.
"""
import math
from contextlib import contextmanager

import torch
import torch.nn as nn
import torch.nn.functional as F

SLOPE = 0.125  # of the leaky rectifier: a power of two, so that it is exact
CERTIFICATE_BITS = 23


class Floor(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.floor(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class Replace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, value):
        return value

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def floor_through(x):
    """floor with the gradient of the identity."""
    return Floor.apply(x)


def round_through(x):
    return floor_through(x + 0.5)


def replace_through(x, value):
    """`value` with the gradient of `x`."""
    return Replace.apply(x, value)


class Quantise(torch.autograd.Function):
    """floor(clip(leaky(x * 2^shift + 1/2))) * 2^-shift in few passes over memory; the gradient is that of clip and leaky."""

    @staticmethod
    def forward(ctx, x, shift, low, high, leaky):
        t = x.mul(2.0**shift).add_(0.5)
        if leaky:
            F.leaky_relu_(t, SLOPE)
        ctx.save_for_backward(t)
        ctx.low, ctx.high, ctx.leaky = low, high, leaky
        return t.clamp(low, high).floor_().mul_(2.0**-shift)

    @staticmethod
    def backward(ctx, gradient):
        (t,) = ctx.saved_tensors
        gradient = torch.ops.aten.hardtanh_backward(gradient, t, ctx.low, ctx.high)
        if ctx.leaky:
            gradient = torch.ops.aten.leaky_relu_backward(gradient, t, SLOPE, True)
        return gradient, None, None, None, None


class Fixed(nn.Module):
    """A tensor's format: integers in low..high, times 2^-shift.

    `shift` None: found by calibration so that the largest magnitude seen fits.
    """

    def __init__(self, low, high, shift=None):
        super().__init__()
        self.low, self.high = float(low), float(high)
        self.mode = "float"
        self.register_buffer("shift", torch.tensor(float("nan") if shift is None else float(shift)))
        self.register_buffer("peak", torch.tensor(0.0))
        self.given = shift is not None
        self._shift = None if shift is None else float(shift)

    @property
    def bits(self):
        """The shift as a number."""
        if self._shift is None:
            value = float(self.shift)
            if math.isnan(value):
                raise RuntimeError("calibrate the model before it is run with integers")
            self._shift = value
        return self._shift

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)
        if not self.given:
            self._shift = None

    def settle(self):
        """Choose the shift from the recorded peak: the largest that clips nothing seen, at most 14."""
        if not self.given:
            room = min(self.high, -self.low if self.low < 0 else self.high)
            self._shift = float(min(14, math.floor(math.log2(room / max(float(self.peak), 1e-6)))))
            self.shift.fill_(self._shift)

    @property
    def largest(self):
        """The largest magnitude as a real value."""
        return max(abs(self.low), abs(self.high)) * 2.0**-self.bits

    def forward(self, x, leaky=False):
        if self.mode != "integer":
            if leaky:
                x = F.leaky_relu(x, SLOPE)
            if self.mode == "calibrate":
                self.peak.fill_(max(float(self.peak), float(x.detach().abs().max())))
            if self.given:
                x = x.clamp(self.low * 2.0**-self.bits, self.high * 2.0**-self.bits)
            return x
        return Quantise.apply(x, self.bits, self.low, self.high, leaky)


class Conv(nn.Module):
    """A convolution whose inputs and outputs are `Fixed`, weights integers of `weight_bits` times 2^-k per output channel.

    inputs: [(Fixed, channels), ...] of the concatenated input, in order. gain: folded into the weights (a power of two).
    `addend` of the forward is added before the output is rounded: a residual, or a vector [1,O,1,1], in the output's format.
    """

    def __init__(self, inputs, channels, output, kernel=1, leaky=False, depthwise=False, stride=1, weight_bits=8, gain=1.0):
        super().__init__()
        count = sum(n for _, n in inputs)
        self.convolution = nn.Conv2d(
            count, channels, kernel, stride=stride, padding=(kernel - 1) // 2, groups=count if depthwise else 1
        )
        self.sources = [(f, n) for f, n in inputs]
        self.output, self.leaky, self.gain = output, leaky, gain
        self.weight_limit = 2.0 ** (weight_bits - 1) - 1
        self.mode = "float"
        self.held = None

    def input_fixed(self):
        """([I] largest real magnitude, [I] shift) of each input channel of a kernel (one for a depthwise kernel)."""
        largest = torch.cat([torch.full((n,), f.largest) for f, n in self.sources])
        shifts = torch.cat([torch.full((n,), f.bits) for f, n in self.sources])
        return largest, shifts

    def integers(self):
        """(weight ints, bias ints, k [O]): the weight is ints * 2^-k, the bias ints * 2^-(k + finest input shift)."""
        w, b = self.convolution.weight * self.gain, self.convolution.bias * self.gain
        largest, shifts = self.input_fixed()
        finest = float(shifts.max())
        with torch.no_grad():
            depthwise = self.convolution.groups > 1
            bound = largest.to(w)[:, None, None, None] if depthwise else largest.to(w)[None, :, None, None]
            total = (w.abs() * bound).sum((1, 2, 3)) + b.abs() + 2.0**-self.output.bits
            by_range = torch.log2(self.weight_limit / w.abs().amax((1, 2, 3)).clamp(min=1e-9))
            by_certificate = CERTIFICATE_BITS - 0.03 - finest - torch.log2(total)
            k = torch.floor(torch.minimum(by_range, by_certificate)).clamp(max=20)
        scale = 2.0 ** k.to(w)
        wi = round_through(w * scale[:, None, None, None])
        bi = round_through(b * scale * 2.0**finest)
        return wi, bi, k

    def kernel(self):
        """(weight, bias) as the mode "integer" uses them, as reals."""
        wi, bi, k = self.integers()
        scale = 2.0 ** -k.to(wi)
        return wi * scale[:, None, None, None], bi * scale * 2.0 ** -float(self.input_fixed()[1].max())

    def forward(self, x, addend=None):
        c = self.convolution
        # On one thread PyTorch sends 1x1 kernels to a slow BLAS; a dilation changes nothing and takes the fast library.
        dilation = 2 if c.kernel_size == (1, 1) else 1
        if self.mode != "integer":
            y = F.conv2d(x, c.weight, c.bias, c.stride, c.padding, dilation, c.groups)
            if self.gain != 1.0:
                y = y * self.gain
        else:
            weight, bias = self.held or self.kernel()
            y = F.conv2d(x, weight, bias, c.stride, c.padding, dilation, c.groups)
        if addend is not None:
            y = y + addend
        return self.output(y, self.leaky)


class Block(nn.Module):
    """x + 1x1(dw3x3(leaky(1x1 x))), then x + 1x1(leaky(1x1, C to 2C)), all in the format of x."""

    def __init__(self, stream, channels, low=-1023, high=1023):
        super().__init__()
        a, b, c = (Fixed(low, high) for _ in range(3))
        self.inner = nn.ModuleList(
            [
                Conv([(stream, channels)], channels, a, leaky=True),
                Conv([(a, channels)], channels, b, kernel=3, depthwise=True),
                Conv([(b, channels)], channels, stream),
            ]
        )
        self.outer = nn.ModuleList(
            [Conv([(stream, channels)], 2 * channels, c, leaky=True), Conv([(c, 2 * channels)], channels, stream)]
        )
        for last in (self.inner[2], self.outer[1]):
            last.convolution.weight.data.mul_(0.2)

    def forward(self, x):
        first, spatial, last = self.inner
        x = last(spatial(first(x)), addend=x)
        first, last = self.outer
        return last(first(x), addend=x)


def set_mode(module, mode):
    """Puts every `Fixed` and `Conv` below `module` into the mode "float", "calibrate" or "integer"."""
    for m in module.modules():
        if isinstance(m, (Fixed, Conv)):
            m.mode = mode


@contextmanager
def held_kernels(module):
    """Weights stand still within it: every `Conv` below `module` rounds its own once instead of at each call."""
    layers = [m for m in module.modules() if isinstance(m, Conv) and m.mode == "integer"]
    try:
        for layer in layers:
            layer.held = layer.kernel()
        yield
    finally:
        for layer in layers:
            layer.held = None


def settle(module):
    for m in module.modules():
        if isinstance(m, Fixed):
            m.settle()
