"""A start from the design sketch's float weights, for the layers that match."""
import torch

from .transform import CHROMA_COEFFICIENTS, LUMA_COEFFICIENTS

SKETCH_LUMA, SKETCH_CHROMA = 40, 8


def latent_rows():
    """Where the sketch's 56 latents stand among the 96."""
    rows = list(range(SKETCH_LUMA))
    for plane in (0, 1):
        rows += [LUMA_COEFFICIENTS + plane * CHROMA_COEFFICIENTS + i for i in range(SKETCH_CHROMA)]
    return torch.tensor(rows)


def start_from_sketch(model, weights):
    """Copies what fits; everything else keeps its classical start (DCT, zero corrections)."""
    weights = {name: value.float() for name, value in weights.items()}
    rows = latent_rows()

    def copy(target, name):
        target.weight.data.copy_(weights[name + ".weight"])
        target.bias.data.copy_(weights[name + ".bias"])

    def block(target, name):
        for part, index in (("inner", (0, 2, 3)), ("outer", (0, 2))):
            for layer, i in zip(getattr(target, part), index):
                copy(layer.convolution, f"{name}.{part}.{i}")

    def float_block(target, name):
        for part, index in (("inner", (0, 2, 3)), ("outer", (0, 2))):
            for i in index:
                copy(getattr(target, part)[i], f"{name}.{part}.{i}")

    for ours, theirs in (
        ("base8", "base8.0"),
        ("base4", "base4.0"),
        ("intra", "intra"),
        ("context", "context.0"),
        ("fusion", "fusion"),
        ("decode", "decoder.0"),
        ("head", "head"),
    ):
        copy(getattr(model, ours).convolution, theirs)
    with torch.no_grad():
        # the sketch fed four times the linear part
        model.decode.convolution.weight[:, -24:] *= 4
        model.detail4.convolution.weight.zero_()
        model.detail4.convolution.weight[:, rows] = weights["latent_features.weight"]
        model.detail4.convolution.bias.copy_(weights["latent_features.bias"] / 4)
        model.analysis.matrix[rows] = weights["analysis"]
        model.synthesis.convolution.weight[:, rows] = weights["synthesis"][:, :, None, None]
        model.log_gain[:, rows] = weights["log_gain"]
        last = weights["log_gain"]
        model.log_gain[:, SKETCH_LUMA:LUMA_COEFFICIENTS] = last[:, 30:SKETCH_LUMA].mean(1, keepdim=True)
        for plane in (0, 1):
            at = LUMA_COEFFICIENTS + plane * CHROMA_COEFFICIENTS
            seen = last[:, SKETCH_LUMA + plane * SKETCH_CHROMA :][:, SKETCH_CHROMA // 2 : SKETCH_CHROMA]
            model.log_gain[:, at + SKETCH_CHROMA : at + CHROMA_COEFFICIENTS] = seen.mean(1, keepdim=True)
        model.analysis.close.weight[rows] = weights["encoder.4.weight"]
        model.analysis.close.bias[rows] = weights["encoder.4.bias"]
        model.analysis.hyper[0].weight.zero_()
        model.analysis.hyper[0].weight[:, rows] = weights["hyper_encoder.0.weight"]
        model.analysis.hyper[0].bias.copy_(weights["hyper_encoder.0.bias"])
    block(model.base8_block, "base8.1")
    block(model.context_block, "context.1")
    for i, target in enumerate(model.decode_blocks):
        block(target, f"decoder.{i + 1}")
    copy(model.analysis.open, "encoder.0")
    float_block(model.analysis.block4, "encoder.1")
    copy(model.analysis.down, "encoder.2.1")
    float_block(model.analysis.block8, "encoder.3")
    copy(model.analysis.hyper[1], "hyper_encoder.2.1")
    copy(model.analysis.hyper[2], "hyper_encoder.4.1")
    copy(model.prior.hyper16.convolution, "hyper_decoder.0.0")
    copy(model.prior.hyper8.convolution, "hyper_decoder.2.0")
    return model
