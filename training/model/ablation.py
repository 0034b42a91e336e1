"""The codec with one of its ideas removed, to measure what that idea is worth (`training/ablate.py` runs the whole table).

An ablation cuts one path of the network and leaves every size as it is: a silenced layer gives zeros, blinded inputs are zeros. The
cuts are hooks on an `Enhancement`, so that its own code knows nothing of them, and any checkpoint fits.
"""
from dataclasses import dataclass
from typing import Callable, Optional, Tuple

import torch
import torch.nn.functional as F

from .enhancement import Enhancement
from .prior import CUES, WIDTH
from .transform import CHROMA_COEFFICIENTS, LATENTS, LUMA_COEFFICIENTS, dct_matrix
from .warp import nearest, warp_luma

MOTION_CUES = 3  # the last of the prior's cues are the block motion's; those before are the base pictures'
HYPER_FEATURES = 32  # what the prior's trunk sees first of its inputs
# Everything that reads or writes latents: what depends on the choice of their basis.
OF_LATENTS = ("prior.", "analysis.matrix", "analysis.close.", "analysis.hyper.", "synthesis.", "detail8.", "detail4.", "log_gain", "hyper_scale")


@dataclass(frozen=True)
class Ablation:
    """One row of the table. `cut` changes a model for good; the other fields say what training and evaluation do differently."""

    what: str
    cut: Callable[[Enhancement], None] = lambda model: None
    restart: Optional[Callable[[Enhancement], None]] = None  # a new start of some weights, before a first slice of training
    unsent: Tuple[str, ...] = ()  # parts of the rate that a stream of this kind does not have
    block: Optional[int] = None  # the one size of motion blocks


def silence(layer):
    """The layer's output is zero."""
    layer.register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))


def blind(layer, channels):
    """Input channels (a slice) of a convolution are zero."""

    def cover(module, inputs):
        kept = torch.ones_like(inputs[0][:1, :, :1, :1])
        kept[:, channels] = 0
        return (inputs[0] * kept, *inputs[1:])

    layer.register_forward_pre_hook(cover)


def without_base(model):
    """Base pictures are grey wherever the network sees them: no prediction, no features, no cues."""

    def grey(module, inputs):
        source, base, *rest = inputs
        return (source, tuple(torch.zeros_like(plane) for plane in base), *rest)

    model.register_forward_pre_hook(grey)


def without_past(model):
    """Every frame is an intra frame: `previous` and `motion` are None."""

    def forget(module, inputs):
        source, base, _, q, *_ = inputs
        return source, base, None, q, None

    model.register_forward_pre_hook(forget)


def without_hyperprior(model):
    """The prior sees no hyper latents, and they cost nothing."""
    blind(model.prior.open, slice(0, HYPER_FEATURES))

    def uncounted(module, inputs, frame):
        return dict(frame, bits=frame["bits"] - frame["hyper_bits"], hyper_bits=torch.zeros_like(frame["hyper_bits"]))

    model.register_forward_hook(uncounted)


def rotated_dct(seed=1):
    """[96, 96]: a random orthonormal basis of each plane's block instead of the DCT; luma stays luma and chroma chroma."""
    generator = torch.Generator().manual_seed(seed)
    sizes = LUMA_COEFFICIENTS, CHROMA_COEFFICIENTS, CHROMA_COEFFICIENTS
    turns = [torch.linalg.qr(torch.randn(n, n, generator=generator))[0] for n in sizes]
    return torch.block_diag(*turns) @ dct_matrix()


def restart_transforms(model, matrix):
    """The weights of `OF_LATENTS` as in a new network, analysis and synthesis from the rows of an orthonormal matrix."""
    new = Enhancement().state_dict()
    model.load_state_dict({name: new[name] if name.startswith(OF_LATENTS) else value for name, value in model.state_dict().items()})
    model.analysis.matrix.data.copy_(matrix)
    model.synthesis.convolution.weight.data.copy_(matrix.t()[:, :, None, None])


ABLATIONS = {
    "none": Ablation("the codec as it is"),
    "base": Ablation("no base: a single layer of the same size", without_base, unsent=("base",)),
    "temporal": Ablation("no temporal reference: every frame is coded without the past", without_past, unsent=("motion",)),
    "fused-correction": Ablation("no correction of the prediction from the fused context", lambda model: silence(model.fusion)),
    "small-blocks": Ablation("motion blocks of 16x16 only, no quadtree", block=16),
    "prior-base": Ablation(
        "latent prior without base pictures and their change", lambda model: blind(model.prior.see, slice(0, CUES - MOTION_CUES))
    ),
    "detail8": Ablation("no layers at 1/8 in the synthesis", lambda model: blind(model.detail4, slice(LATENTS, None))),
    "hyperprior": Ablation("latent prior without hyper latents", without_hyperprior),
    "two-steps": Ablation(
        "one-step prior: the second half of the symbols does not see the first", lambda model: blind(model.prior.second_open, slice(WIDTH, None))
    ),
    "dct-start": Ablation("transforms and prior started anew, from the DCT", restart=lambda model: restart_transforms(model, dct_matrix())),
    "random-start": Ablation(
        "transforms and prior started anew, from a random orthonormal basis", restart=lambda model: restart_transforms(model, rotated_dct())
    ),
}


def merge_to_16x16(motion, luma, distance=1):
    """Motion [B,T,3,h,w] of a quadtree as blocks of 16x16: each takes that of its four 8x8 cells which predicts its luma best.

    luma [B,T,1,8h,8w] real; `distance` as in `prepare.SEARCHES`. Motion of a picture without a reference means nothing and is taken from any
    cell.
    """
    frames = []
    for t in range(motion.shape[1]):
        reference = luma[:, min(max(t - distance, 0), motion.shape[1] - 1)]
        of_corner = [motion[:, t, :, y::2, x::2] for y in (0, 1) for x in (0, 1)]
        errors = torch.stack([block_errors(luma[:, t], reference, nearest(m.float(), 2)) for m in of_corner])
        best = errors.argmin(0, keepdim=True).expand(-1, -1, motion.shape[2], -1, -1)
        frames.append(nearest(torch.stack(of_corner).gather(0, best)[0].float(), 2).to(motion.dtype))
    return torch.stack(frames, 1)


def block_errors(luma, before, motion):
    """Mean squared error of the moved picture before in each 16x16 block, [B,1,h/2,w/2]."""
    return F.avg_pool2d((warp_luma(before, motion[:, 1:]) - luma) ** 2, 16)
