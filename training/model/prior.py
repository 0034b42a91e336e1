"""The latent prior: means and scale indices from symbols and base pictures only (codec/SPEC.md, section 2)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from .fixed import Block, Conv, Fixed, replace_through, round_through
from .picture import fold
from .rate import LOG_STEP, SCALES, laplace_bits
from .transform import LATENTS

HYPER, CUES, WIDTH, ANCHORS = 16, 21, 40, 8
SCALE_SHIFT = 3  # the head gives index / 8, so that its values are near one
MEAN_SHIFT, FIRST_SHIFT = 4, 2


def checkerboard(channels, height, width, device):
    """[1,C,h,w]: 1 at the positions of the first pass."""
    c = torch.arange(channels, device=device)[:, None, None]
    y = torch.arange(height, device=device)[:, None]
    return (((c + y + torch.arange(width, device=device)) % 2) == 0).float()[None]


def cues(base, moved_base, motion):
    """[B,21,H/8,W/8]: what the prior may see of base pictures and motion, integers / 128.

    moved_base: (luma, chroma) of the base picture before, moved by block motion; None in an intra frame, and `motion` has no part in it.
    """
    luma, chroma = base
    now = torch.cat((F.pixel_unshuffle(luma, 2), chroma), 1) * 2
    if moved_base is None:
        zero = torch.zeros_like(now)
        return torch.cat((now, zero, zero, zero[:, :3]), 1)
    moved_luma, moved_chroma = moved_base
    then = torch.cat((F.pixel_unshuffle(moved_luma, 2), moved_chroma), 1) * 2
    change = (torch.floor((now - then) * 128 + 0.5) / 128).clamp(-127 / 128, 127 / 128)
    return torch.cat((now, change, change.abs(), motion[:, :1] / 2, motion[:, 1:].abs().clamp(max=64) / 128), 1)


def as_seen(latents):
    """Latents (in steps) as the second step sees those of the first: quarters, bounded."""
    return (torch.floor(latents * 4) / 4).clamp(-127 / 4, 127 / 4)


class Prior(nn.Module):
    def __init__(self):
        super().__init__()
        hyper, cue = Fixed(-127, 127, 0), Fixed(-128, 127, 7)
        first, narrow = Fixed(-127, 127, FIRST_SHIFT), (-511, 511)
        h16, h8, seen, trunk, second = (Fixed(*narrow) for _ in range(5))
        mean, scale = Fixed(-1023, 1023, MEAN_SHIFT), Fixed(0, SCALES - 1, SCALE_SHIFT)
        self.formats = nn.ModuleDict(dict(hyper=hyper, cues=cue, first=first, trunk=trunk, mean=mean, scale=scale))
        self.hyper16 = Conv([(hyper, HYPER)], 4 * 48, h16, leaky=True)
        self.hyper8 = Conv([(h16, 48)], 4 * 32, h8, leaky=True)
        self.see = Conv([(cue, CUES)], 32, seen, kernel=3, leaky=True)
        self.open = Conv([(h8, 32), (seen, 32)], WIDTH, trunk)
        self.block = Block(trunk, WIDTH, *narrow)
        self.mean = Conv([(trunk, WIDTH)], LATENTS, mean)
        self.scale = Conv([(trunk, WIDTH)], LATENTS, scale)
        self.second_open = Conv([(trunk, WIDTH), (first, LATENTS)], WIDTH, second)
        self.second_block = Block(second, WIDTH, *narrow)
        self.second_mean = Conv([(second, WIDTH)], LATENTS, mean)
        self.second_scale = Conv([(second, WIDTH)], LATENTS, scale)
        self.rate = nn.Parameter(torch.zeros(2, ANCHORS, WIDTH))  # intra, inter; one vector an anchor of q
        for head in (self.mean, self.second_mean, self.scale, self.second_scale):
            head.convolution.weight.data.mul_(0.1)
            head.convolution.bias.data.zero_()
        for head in (self.scale, self.second_scale):
            head.convolution.bias.data.fill_(2.2)  # scale near exp(-1)

    def trunk(self, hyper, cue, rate):
        """rate: [B,40,1,1] in the trunk's format."""
        h = F.pixel_shuffle(self.hyper8(F.pixel_shuffle(self.hyper16(hyper), 2)), 2)
        return self.block(self.open(torch.cat((h, self.see(cue)), 1), addend=rate))

    def forward(self, latents, hyper, cue, rate, rounding=None, copied=None):
        """Codes `latents` [B,96,h,w] (steps, real): (latents as decoded, bits per element).

        rounding(difference, scale index) -> integer symbols; plain rounding where it is None. Where `copied` [B,1,h,w] is 1 nothing is
        coded and the latents are 0.
        """
        b, c, h, w = latents.shape
        first = checkerboard(c, h, w, latents.device)
        live = 1.0 if copied is None else 1 - copied
        t = self.trunk(hyper, cue, rate)

        def code(mean, scale, mask):
            d = latents - mean
            s = round_through(d) if rounding is None else replace_through(d, rounding(d, scale * 2**SCALE_SHIFT))
            if self.mean.mode == "integer":
                s = torch.where(scale > 0, s, torch.zeros_like(s))
            return s * live, (s + mean) * mask * live

        m0, s0 = self.mean(t), self.scale(t)
        symbols0, part = code(m0, s0, first)
        seen = as_seen(part) if self.mean.mode == "integer" else part
        t = self.second_block(self.second_open(torch.cat((t, seen), 1)))
        m1, s1 = self.second_mean(t), self.second_scale(t)
        symbols1, rest = code(m1, s1, 1 - first)
        decoded = part + rest
        mean, scale = m0 * first + m1 * (1 - first), (s0 * first + s1 * (1 - first)) * 2**SCALE_SHIFT
        coded = laplace_bits((symbols0 * first + symbols1 * (1 - first)).detach(), scale)
        if self.mean.mode == "integer":
            coded = coded * (scale.detach() > 0)
        if not self.training:
            return decoded, coded * live
        # The scales learn from the rounded symbols that will be coded; the noisy rate only steers latents and means.
        noisy = laplace_bits(latents - mean, scale.detach(), noise=True)
        return decoded, coded + noisy - noisy.detach()
