"""The integer simulation: decodes parsed symbols with the training model in float64 and the warps in int64.

It shares no code with the TypeScript decoder and must give the same picture hashes (codec/SPEC.md). Rounded float64 products
of integers are exact far beyond what the certificate allows for float32.
"""
import torch
import torch.nn.functional as F

from training.model.bidirectional import FUTURE, PAST, Moved, mirrored
from training.model.enhancement import Enhancement
from training.model.fixed import set_mode
from training.model.picture import fold, unfold
from training.model.prior import checkerboard
from training.model.warp import LUMA_TAPS


def cells(vectors, r):
    """int64 [B,2,h,w] repeated r times in both directions."""
    return vectors.repeat_interleave(r, 2).repeat_interleave(r, 3) if r > 1 else vectors


def gather(plane, y, x):
    """plane [B,C,h,w] at int64 coordinates [B,h,w], clipped to the plane."""
    b, c, h, w = plane.shape
    index = y.clamp(0, h - 1) * w + x.clamp(0, w - 1)
    return plane.reshape(b, c, -1).gather(2, index.reshape(b, 1, -1).expand(b, c, -1)).reshape(b, c, *y.shape[1:])


def positions(h, w):
    return torch.arange(h)[None, :, None], torch.arange(w)[None, None, :]


def bilinear_integers(plane, vectors, bits):
    """SPEC 4.4 and chroma of 4.3: plane int64 [B,C,h,w], vectors int64 [B,2,h,w] in 2^-bits cells."""
    one = 1 << bits
    ys, xs = positions(*plane.shape[2:])
    x, fx = xs + (vectors[:, 0] >> bits), (vectors[:, 0] & (one - 1))[:, None]
    y, fy = ys + (vectors[:, 1] >> bits), (vectors[:, 1] & (one - 1))[:, None]
    top = gather(plane, y, x) * (one - fx) + gather(plane, y, x + 1) * fx
    bottom = gather(plane, y + 1, x) * (one - fx) + gather(plane, y + 1, x + 1) * fx
    return (top * (one - fy) + bottom * fy + (1 << (2 * bits - 1))) >> (2 * bits)


def luma_integers(plane, vectors):
    """SPEC 4.3, luma: plane int64 [B,1,H,W] of samples 0..255, vectors int64 [B,2,H,W]."""
    taps = LUMA_TAPS.long()
    ys, xs = positions(*plane.shape[2:])
    x, y = xs + (vectors[:, 0] >> 2), ys + (vectors[:, 1] >> 2)
    across, down = taps[vectors[:, 0] & 3], taps[vectors[:, 1] & 3]  # [B,H,W,6]
    total = torch.zeros_like(plane)
    for j in range(6):
        row = sum(gather(plane, y + j - 2, x + i - 2) * across[..., i][:, None] for i in range(6))
        total += row * down[..., j][:, None]
    return ((total + 2048) >> 12).clamp(0, 255)


class Simulation(Enhancement):
    """`Enhancement` with exact warps. Call `frame` for each frame in order."""

    def prepare(self):
        set_mode(self, "integer")
        return self.double().eval()

    def integers(self, x, bits):
        return torch.round(x * 2.0**bits).long()

    def move_features(self, features, motion):
        bits = self.formats["feature"].bits
        vectors = self.integers(motion, 4).clamp(-2048, 2047)
        return bilinear_integers(self.integers(features, bits), vectors, 4).double() * 2.0**-bits

    def move_picture(self, picture, motion):
        luma, chroma = unfold(self.integers(picture, 8) + 128)
        vectors = motion[:, 1:].long()
        moved = luma_integers(luma, cells(vectors, 8)), bilinear_integers(chroma, cells(vectors, 4), 3)
        return (fold(*moved) - 128).double() / 256

    def move_base(self, base, motion):
        """A base picture, (luma, chroma) int64 samples, by block motion."""
        vectors = motion[:, 1:].long()
        return bilinear_integers(base[0], cells(vectors, 2), 4), bilinear_integers(base[1], vectors, 5)

    def move_samples(self, state, motion):
        """`Enhancement.move` with the base as integers."""
        vectors = cells(motion[:, 1:], 2).double() / 16
        features = self.move_features(state["features"], vectors)
        return Moved(self.move_picture(state["picture"], motion), features, self.move_base(state["samples_base"], motion))

    def blend_samples(self, future, past, directions):
        """SPEC 4.7: two `Moved` of `move_samples` as one, by int64 directions [1,1,H/16,W/16] of the blocks."""

        def choose(a, b, r, bits=0):
            at = cells(directions, r)
            a, b = self.integers(a.double(), bits), self.integers(b.double(), bits)
            return torch.where(at == FUTURE, a, torch.where(at == PAST, b, (a + b + 1) >> 1))

        feature_bits = self.formats["feature"].bits
        picture = choose(future.picture, past.picture, 4, 8).double() / 256
        features = choose(future.features, past.features, 4, feature_bits).double() * 2.0**-feature_bits
        return Moved(picture, features, tuple(choose(a, b, r) for a, b, r in zip(future.base, past.base, (4, 2))))

    def exact_cues(self, base, expected, motion):
        """SPEC 2.1; base and expected (the one before, moved; None in an intra frame): (luma, chroma) int64 samples 0..255, extended."""
        luma, chroma = base
        now = torch.cat((F.pixel_unshuffle(luma, 2), chroma), 1)
        zero = torch.zeros_like(now)
        if expected is None:
            return torch.cat((now - 128, zero, zero, zero[:, :3]), 1)
        vectors = motion[:, 1:].long()
        change = (now - torch.cat((F.pixel_unshuffle(expected[0], 2), expected[1]), 1)).clamp(-127, 127)
        moves = torch.cat((64 * motion[:, :1].long(), vectors.abs().clamp(max=64)), 1)
        return torch.cat((now - 128, change, change.abs(), moves), 1)

    def frame(self, state, q, base, latents, hyper, motion=None, copied=None, directions=None):
        """One frame from its symbols. state: of the frame it refers to, None for an intra frame; `Between` two with the directions
        [1,1,H/16,W/16] int64 of a bidirectional frame's blocks.

        q [1,1,H/32,W/32] int64, one a block; base: (luma [1,1,h,w], chroma [1,2,h/2,w/2]) int64 samples; latents [1,96,H/8,W/8] int64 sixteenths; hyper
        [1,16,H/32,W/32] int64; motion [1,3,H/8,W/8] int64; copied [1,1,H/16,W/16] int64 flags, None in an intra frame. Returns the next state; "samples" is the folded picture 0..255.
        Raises ValueError where the latents cannot have come from this model's prior.
        """
        with torch.no_grad():
            q8 = cells(q, 4).float()
            luma, chroma = base
            features, enlarged = self.base((luma - 128).double() / 256, (chroma - 128).double() / 256)
            moved = None
            if directions is not None:
                moved = self.blend_samples(self.move_samples(state.future, motion), self.move_samples(state.past, mirrored(motion)), directions)
            elif state is not None:
                moved = self.move_samples(state, motion)
            context, prediction = self.predict(features, enlarged, moved)
            cue = self.exact_cues(base, moved and moved.base, motion)
            live = torch.ones_like(latents[:, :1]) if copied is None else 1 - cells(copied, 2)
            self.check_prior(q8, hyper, cue, latents, live, inter=state is not None)
            rate = self.rate_vector(self.rate, cells(q8, 2), self.formats["feature"]).double()
            picture, features = self.synthesize(context, prediction, latents.double() / 16, self.steps(q8).double(), rate)
            if copied is not None:
                picture, features = (torch.where(cells(copied, 4) > 0, a, b) for a, b in zip(moved, (picture, features)))
            return dict(
                picture=picture,
                features=features,
                samples_base=base,
                samples=self.integers(picture, 8) + 128,
            )

    def check_prior(self, q, hyper, cue, latents, live, inter):
        """The symbols that these latents imply must be integers, and zero where the scale index is zero; latents are zero where not `live`."""
        if (latents * (1 - live)).any():
            raise ValueError("a copied block has latents")
        p = self.prior
        rate = self.rate_vector(p.rate[1 if inter else 0], q, p.formats["trunk"]).double()
        trunk = p.trunk(hyper.double(), cue.double() / 128, rate)
        first = checkerboard(*latents.shape[1:], latents.device).bool()
        seen = torch.where(first, (latents >> 2).clamp(-127, 127), torch.zeros_like(latents)).double() / 4
        second = p.second_block(p.second_open(torch.cat((trunk, seen), 1)))
        for mask, mean, scale in (
            (first, p.mean(trunk), p.scale(trunk)),
            (~first, p.second_mean(second), p.second_scale(second)),
        ):
            difference = latents - self.integers(mean, 4)
            clipped = latents.abs() == 4095
            bad = mask & (live > 0) & ~clipped & ((difference & 15 != 0) | ((scale == 0) & (difference != 0)))
            if bad.any():
                raise ValueError(f"{int(bad.sum())} latents do not fit this model's prior")
