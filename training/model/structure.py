"""Structural dissimilarity as a term of the distortion: what MS-SSIM sees and a squared error does not."""
import torch
import torch.nn.functional as F

from .picture import unfold

# The first three of the five scales of Wang, Simoncelli and Bovik (2003), whose windows fit into a training crop; weights as there, normalised.
SCALES = torch.tensor((0.0448, 0.2856, 0.3001)) / 0.6305
WINDOW = torch.exp(-(torch.arange(-5.0, 6.0) ** 2) / (2 * 1.5**2))
STABLE = 0.03**2  # C2 for samples in 0..1


def blur(x):
    window = (WINDOW / WINDOW.sum()).to(x)
    return F.conv2d(F.conv2d(x, window[None, None, :, None]), window[None, None, None])


def dissimilarity(picture, source):
    """1 - MS-SSIM's contrast and structure over three scales of luma, [B]. Real folded pictures."""
    (x, _), (y, _) = unfold(picture), unfold(source)
    likeness = x.new_ones(len(x))
    for i, exponent in enumerate(SCALES):
        if i:
            x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
        mx, my = blur(x), blur(y)
        both = 2 * (blur(x * y) - mx * my) + STABLE
        either = blur(x * x) - mx * mx + blur(y * y) - my * my + STABLE
        likeness = likeness * (both / either).mean((1, 2, 3)).clamp(min=1e-3) ** exponent
    return 1 - likeness
