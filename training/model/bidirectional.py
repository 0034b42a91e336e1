"""Bidirectional frames: predicted from the next picture and the one before, of which the first is coded earlier (codec/SPEC.md, section 4.7).

Their block motion leads into the future; turned round it serves the past as well.
"""
from typing import NamedTuple

import torch
import torch.nn.functional as F

from .fixed import floor_through
from .warp import nearest

BOTH, FUTURE, PAST = range(3)  # directions of a block
FUTURE_SHARE = 0.5, 1.0, 0.0  # of each direction's prediction
DIRECTION_BITS = 0.0, 1.5, 1.5  # above those of `BOTH`: what the encoder's choice takes a direction to cost
BLOCK_CELLS8 = 2  # cells of the 1/8 grid along a block of 16x16 luma samples
INTRA, INTER, BIDIRECTIONAL = range(3)


class Place(NamedTuple):
    """A picture's place in the coding order."""

    t: int  # in the order of time
    kind: int
    motion: str = ""  # the array of prepare.SEARCHES that leads to its reference, or the first of the two


def coding_order(frames, bidirectional):
    """The pictures in the order in which they are coded: I0 P1 P2 P3 ..., or I0 P2 B1 P4 B3 ..., where a last picture left over follows its neighbour."""
    order = [Place(0, INTRA)]
    if not bidirectional:
        return order + [Place(t, INTER, "motion") for t in range(1, frames)]
    for t in range(2, frames, 2):
        order += Place(t, INTER, "motion_two"), Place(t - 1, BIDIRECTIONAL, "motion_ahead")
    return order if frames % 2 else order + [Place(frames - 1, INTER, "motion")]


class Between(NamedTuple):
    """The references of a bidirectional frame, states of `Enhancement.forward`."""

    future: dict
    past: dict


class References:
    """What the frames of a stream refer to: the last two that are not bidirectional."""

    def __init__(self):
        self.last = self.before = None

    def of(self, kind):
        """What `Enhancement.forward` takes as `previous`."""
        return Between(self.last, self.before) if kind == BIDIRECTIONAL else self.last

    def add(self, kind, state):
        if kind != BIDIRECTIONAL:
            self.before, self.last = self.last, state


class Moved(NamedTuple):
    """What a frame is predicted from, moved by block motion."""

    picture: torch.Tensor
    features: torch.Tensor
    base: tuple  # luma, chroma


def mirrored(motion):
    """Motion [B,3,h,w] into the past from that into the future."""
    return torch.cat((motion[:, :1], -motion[:, 1:]), 1)


def mix(future, past, share, unit=None):
    """Both predictions by the future's share of each cell (0, 1/2 or 1); of integers times 1/unit a mean is rounded up: (a + b + 1) >> 1."""
    mixed = share * future + (1 - share) * past
    return mixed if unit is None else floor_through(mixed * unit + 0.5) / unit


def to_samples(planes):
    """Planes of a warped base rounded to samples, as each is before two are mixed."""
    return [torch.floor(plane * 256 + 0.5) / 256 for plane in planes]


def blend(future, past, directions, feature_unit=None):
    """Two `Moved` as one, by the directions [B,1,H/16,W/16] of the blocks. feature_unit: 1 / last place of integer features."""
    share8 = nearest(torch.tensor(FUTURE_SHARE).to(future.picture)[directions], BLOCK_CELLS8)
    share4 = nearest(share8, 2)
    return Moved(
        mix(future.picture, past.picture, share4, 256),
        mix(future.features, past.features, share4, feature_unit),
        tuple(mix(*planes, share, 256) for planes, share in zip(zip(to_samples(future.base), to_samples(past.base)), (share4, share8))),
    )


@torch.no_grad()
def choose_directions(errors, price):
    """Directions [B,1,H/16,W/16], the cheapest by error and bits.

    errors: of the predictions from both, the future and the past, [B,1,H/8,W/8] each (`copying.cell_errors`); price [B,1,H/8,W/8]: bits that
    an error is worth.
    """
    costs = [F.avg_pool2d(price * e, BLOCK_CELLS8) * BLOCK_CELLS8**2 + bits for e, bits in zip(errors, DIRECTION_BITS)]
    return torch.stack(costs).argmin(0)
