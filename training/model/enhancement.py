"""The enhancement network: one frame coded given the base picture and the frames it refers to (codec/SPEC.md, section 2)."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from .bidirectional import Between, Moved, blend, choose_directions, mirrored, mix
from .copying import block_gains, cell_errors, to_cells
from .fixed import Block, Conv, Fixed, floor_through, round_through
from .picture import LUMA_CHANNELS, PICTURE_CHANNELS, enlarge, fold, unfold
from .prior import ANCHORS, HYPER, Prior, cues
from .rate import laplace_bits
from .transform import CHROMA_COEFFICIENTS, LATENTS, LUMA_COEFFICIENTS, dct_matrix
from .warp import bilinear, nearest, warp_base, warp_picture

FEATURES, BASE_FEATURES, QUALITIES = 64, 32, 64
DETAIL8 = 96  # channels of the synthesis at 1/8
LUMA_WEIGHT, CHROMA_WEIGHT = 0.75, 1.0  # of the mean squared errors in the distortion: chroma errors are small, and decibels count them alike
SMALLEST_LAMBDA, LARGEST_LAMBDA = 40.0, 1600.0  # loss = bits per pixel + lambda * distortion, at q 0 and q 63
PREDICTION_SHIFT, SAMPLE_SHIFT, COEFFICIENT_SHIFT = 12, 8, 8


def lambda_of(q):
    return torch.exp(math.log(SMALLEST_LAMBDA) + q / (QUALITIES - 1) * math.log(LARGEST_LAMBDA / SMALLEST_LAMBDA))


def between_anchors(table, q):
    """Rows of `table` [ANCHORS, n] interpolated at a map of q in 0..63, [B,1,h,w]: [B,n,h,w]."""
    p = q[:, 0] * ((table.shape[0] - 1) / (QUALITIES - 1))
    i = p.floor().clamp(0, table.shape[0] - 2)
    f = (p - i)[..., None]
    return (table[i.long()] * (1 - f) + table[i.long() + 1] * f).permute(0, 3, 1, 2)


def pointwise(inputs, outputs):
    """A 1x1 convolution; the dilation changes nothing but the library it runs in (see `fixed.Conv`)."""
    return nn.Conv2d(inputs, outputs, 1, dilation=2)


class Analysis(nn.Module):
    """The encoder's networks: float, in any precision."""

    def __init__(self):
        super().__init__()
        f = FEATURES

        self.matrix = nn.Parameter(dct_matrix())
        self.open = pointwise(2 * PICTURE_CHANNELS + f, f)
        self.block4 = FloatBlock(f)
        self.down = pointwise(4 * f, 96)
        self.block8 = FloatBlock(96)
        self.close = pointwise(96, LATENTS)
        self.hyper = nn.ModuleList([pointwise(LATENTS, 48), pointwise(4 * 48, 48), pointwise(4 * 48, HYPER)])
        for p in (self.close.weight, self.close.bias):
            p.data.zero_()

    def forward(self, source, prediction, enlarged, context, gain):
        """All real, gain [B,96,1,1] (1 / step): (latents in steps, hyper latents), not rounded."""
        y = F.conv2d(F.pixel_unshuffle(source - prediction, 2), self.matrix[:, :, None, None], dilation=2) * gain
        branch = self.block4(self.open(torch.cat((source - prediction, source - enlarged, context), 1)))
        y = y + self.close(self.block8(self.down(F.pixel_unshuffle(branch, 2))))
        a, b, c = self.hyper
        z = F.leaky_relu(a(y), 0.125)
        z = F.leaky_relu(b(F.pixel_unshuffle(z, 2)), 0.125)
        return y, c(F.pixel_unshuffle(z, 2))


class FloatBlock(nn.Module):
    """`fixed.Block` without the integers."""

    def __init__(self, c):
        super().__init__()
        self.inner = nn.Sequential(
            pointwise(c, c), nn.LeakyReLU(0.125), nn.Conv2d(c, c, 3, padding=1, groups=c), pointwise(c, c)
        )
        self.outer = nn.Sequential(pointwise(c, 2 * c), nn.LeakyReLU(0.125), pointwise(2 * c, c))
        for branch in (self.inner, self.outer):
            branch[-1].weight.data.mul_(0.2)

    def forward(self, x):
        x = x + self.inner(x)
        return x + self.outer(x)


class Enhancement(nn.Module):
    def __init__(self):
        super().__init__()
        f, n = FEATURES, BASE_FEATURES
        sample, fine = Fixed(-128, 127, SAMPLE_SHIFT), Fixed(-2048, 2047, PREDICTION_SHIFT)
        coarse = Fixed(-255, 255, SAMPLE_SHIFT)  # differences as the networks see them
        coefficient = Fixed(-2047, 2047, COEFFICIENT_SHIFT)
        wide = Fixed(-4095, 4095, PREDICTION_SHIFT)
        b8, b4, feature, hidden, context, d8, d4 = (Fixed(-1023, 1023) for _ in range(7))
        keep = Fixed(0, 64, 6)
        self.formats = nn.ModuleDict(
            dict(sample=sample, fine=fine, coarse=coarse, coefficient=coefficient, base=b4, feature=feature, context=context, keep=keep)
        )
        self.base8 = Conv([(sample, 6)], 48, b8, kernel=3)
        self.base8_block = Block(b8, 48)
        self.base4 = Conv([(b8, 48)], 4 * n, b4)
        self.intra = Conv([(b4, n)], f, feature)
        self.compare = Conv([(b4, n), (feature, f)], 32, hidden, leaky=True)
        self.keep = Conv([(hidden, 32)], 1, keep, kernel=3)
        self.context = Conv([(feature, f), (b4, n), (coarse, PICTURE_CHANNELS)], f, context)
        self.context_block = Block(context, f)
        self.fusion = Conv([(context, f)], PICTURE_CHANNELS, wide, kernel=3, gain=0.25)
        self.synthesis = Conv([(coefficient, LATENTS)], LATENTS, wide, weight_bits=12)
        # Context and coefficients meet at 1/8 first, where a kernel sees twice as far for a quarter of the price.
        self.detail8_context = Conv([(context, f)], DETAIL8, d8, kernel=2, stride=2)
        self.detail8 = Conv([(coefficient, LATENTS)], DETAIL8, d8)
        self.detail8_block = Block(d8, DETAIL8)
        self.detail4 = Conv([(coefficient, LATENTS), (d8, DETAIL8)], 4 * n, d4, gain=4.0)
        self.decode = Conv([(context, f), (d4, n), (coarse, PICTURE_CHANNELS)], f, feature)
        self.decode_blocks = nn.ModuleList([Block(feature, f) for _ in range(3)])
        self.head = Conv([(feature, f)], PICTURE_CHANNELS, wide, kernel=3, gain=0.25)
        self.prior = Prior()
        self.analysis = Analysis()
        self.hyper_scale = nn.Parameter(torch.full((HYPER,), 1.0))  # scale index / 16: an optimiser's step moves it usefully
        self.rate = nn.Parameter(torch.zeros(ANCHORS, f))
        weight = torch.cat(
            (torch.full((LUMA_COEFFICIENTS,), LUMA_WEIGHT), torch.full((2 * CHROMA_COEFFICIENTS,), 2 * CHROMA_WEIGHT))
        )
        anchors = lambda_of(torch.linspace(0, QUALITIES - 1, ANCHORS))
        # The best step of a uniform quantiser of Laplace samples at a slope of lambda.
        self.log_gain = nn.Parameter(-0.5 * torch.log(8.66 / (anchors[:, None] * weight[None])))
        self.synthesis.convolution.weight.data.copy_(dct_matrix().t()[:, :, None, None])
        self.synthesis.convolution.bias.data.zero_()
        for conv in (self.fusion, self.head):
            conv.convolution.weight.data.zero_()
            conv.convolution.bias.data.zero_()
        self.detail4.convolution.weight.data[:, LATENTS:].zero_()
        self.keep.convolution.weight.data.mul_(0.02)
        self.keep.convolution.bias.data.fill_(1.0)

    @property
    def integer(self):
        return self.head.mode == "integer"

    def hyper_index(self):
        """[16] scale indices of the hyper latents, 1..63."""
        index = 16 * self.hyper_scale
        return (round_through(index) if self.integer else index).clamp(1, 63)

    def steps(self, q):
        """[B,96,h,w] quantiser steps at a map of q, in eighths of a coefficient of 8-bit samples: 2048 times the real step."""
        step = 2048 * torch.exp(-between_anchors(self.log_gain, q))
        return round_through(step).clamp(1, 2047) if self.integer else step

    def rate_vector(self, table, q, fixed):
        v = between_anchors(table, q)
        return round_through(v * 2.0**fixed.bits) * 2.0**-fixed.bits if self.integer else v

    def base(self, luma, chroma):
        """base features [B,32,h,w] and the base enlarged [B,24,h,w] in sixteenths."""
        b8 = self.base8_block(self.base8(torch.cat((F.pixel_unshuffle(luma, 2), chroma), 1)))
        large = self.formats["fine"](enlarge(luma, chroma))
        return F.pixel_shuffle(self.base4(b8), 2), large

    def move_features(self, features, motion):
        """Features moved by `motion` [B,2,h,w] in cells of the 1/4 grid, sixteenths of a cell."""
        moved = bilinear(features, motion)
        if self.integer:
            s = 2.0 ** self.formats["feature"].bits
            moved = floor_through(moved * s + 0.5) / s
        return moved

    def move_picture(self, picture, motion):
        """The previous picture (folded) by block motion, rounded to samples."""
        return fold(*warp_picture(*unfold(picture), motion))

    def coarse(self, difference):
        """Sixteenths to samples, as networks see differences."""
        if not self.integer:
            return difference
        return floor_through((difference * 256).clamp(-255, 255)) / 256

    def move(self, reference, motion):
        """What a frame's state gives to one that refers to it by block motion: `Moved`."""
        vectors = nearest(motion[:, 1:], 2) / 16
        return Moved(
            self.move_picture(reference["picture"], motion),
            self.move_features(reference["features"], vectors),
            warp_base(*reference["base"], motion),
        )

    def move_between(self, references, motion, source, q8):
        """(`Moved`, directions of the blocks) of a bidirectional frame, the directions chosen as an encoder chooses them."""
        future, past = self.move(references.future, motion), self.move(references.past, mirrored(motion))
        predictions = mix(future.picture, past.picture, 0.5, 256), future.picture, past.picture
        with torch.no_grad():
            errors = [self.weighted_errors(source - p) for p in predictions]
        directions = choose_directions(errors, lambda_of(q8))
        unit = 2.0 ** self.formats["feature"].bits if self.integer else None
        return blend(future, past, directions, unit), directions

    def predict(self, base_features, enlarged, moved):
        """(context, prediction); moved: what the frame is predicted from, None: an intra frame."""
        if moved is None:
            features, blended = self.intra(base_features), enlarged
        else:
            features = moved.features
            keep = self.keep(self.compare(torch.cat((base_features, features), 1)))
            part = keep * (moved.picture - enlarged)
            if self.integer:
                part = floor_through(part * 4096) / 4096
            blended = enlarged + part
        context = self.context_block(
            self.context(torch.cat((features, base_features, self.coarse(blended - enlarged)), 1))
        )
        prediction = self.formats["fine"](blended + self.fusion(context))
        return context, prediction

    def synthesize(self, context, prediction, latents, step, rate):
        """(picture, features) from decoded latents (in steps)."""
        c = latents * (step / 2048)
        if self.integer:
            c = self.formats["coefficient"](c)
        linear = F.pixel_shuffle(self.synthesis(c), 2)
        detail = self.detail8_block(self.detail8_context(context, addend=self.detail8(c)))
        detail = F.pixel_shuffle(self.detail4(torch.cat((c, detail), 1)), 2)
        features = self.decode(torch.cat((context, detail, self.coarse(linear)), 1), addend=rate)
        for block in self.decode_blocks:
            features = block(features)
        picture = prediction + linear + self.head(features)
        if self.integer:
            picture = floor_through((picture * 256 + 0.5).clamp(-128, 127)) / 256
        else:
            picture = picture.clamp(-0.6, 0.6)
        return picture, features

    def weighted_errors(self, difference):
        return cell_errors(difference, LUMA_CHANNELS, LUMA_WEIGHT, CHROMA_WEIGHT)

    def forward(self, source, base, previous, q, motion=None, rounding=None, copying=None):
        """One frame. source: real folded picture; base: real (luma, chroma) of the base picture; q [B,1,H/32,W/32] in 0..63, one a block.

        previous: the state of the frame it refers to, None for an intra frame, `Between` two for a bidirectional one, whose motion leads into
        the future.

        copying(gains of blocks in bits, cues) -> (flags [B,1,h,w], their bits [B]) chooses the copied blocks of all but an intra frame. In
        training the latents next to them still see theirs, which saves a second pass.

        Returns the state for the next frame and the rate: picture, features, base; latents, prediction, bits [B], hyper_bits [B]; directions
        [B,1,H/16,W/16] of a bidirectional frame, whose bits are not counted.
        """
        b, _, h, w = source.shape
        features, enlarged = self.base(*base)
        q8 = nearest(q, 4)
        moved = directions = None
        if isinstance(previous, Between):
            moved, directions = self.move_between(previous, motion, source, q8)
        elif previous is not None:
            moved = self.move(previous, motion)
        context, prediction = self.predict(features, enlarged, moved)
        step = self.steps(q8)
        y, z = self.analysis(source, prediction, enlarged, context, 2048 / step)
        z_hat = round_through(z).clamp(-127, 127)
        index = self.hyper_index()[None, :, None, None]
        z_bits = laplace_bits(z if self.training else z_hat, index, noise=self.training).sum((1, 2, 3))
        cue = cues(base, moved and moved.base, motion)
        rate = self.rate_vector(self.prior.rate[1 if moved else 0], q8, self.prior.formats["trunk"])
        seen = z_hat, cue, rate
        synthesis_rate = self.rate_vector(self.rate, nearest(q, 8), self.formats["feature"])
        y_hat, y_bits = self.prior(y, *seen, rounding)
        picture, features = self.synthesize(context, prediction, y_hat, step, synthesis_rate)
        flag_bits = 0.0
        if copying and moved:
            with torch.no_grad():
                price = lambda_of(q8)
                added = self.weighted_errors(source - moved.picture) - self.weighted_errors(source - picture)
                flags, flag_bits = copying(block_gains(y_bits.sum(1, keepdim=True), added, price), cue)
                copied = to_cells(flags)
            if self.training:
                y_hat, y_bits = y_hat * (1 - copied), y_bits * (1 - copied)
            else:
                y_hat, y_bits = self.prior(y, *seen, rounding, copied)
                picture, features = self.synthesize(context, prediction, y_hat, step, synthesis_rate)
            picture, features = (torch.where(nearest(copied, 2) > 0, a, b) for a, b in zip(moved, (picture, features)))
        return dict(
            picture=picture,
            features=features,
            latents=y_hat,
            base=base,
            prediction=prediction,
            bits=y_bits.sum((1, 2, 3)) + z_bits + flag_bits,
            hyper_bits=z_bits,
            directions=directions,
        )
