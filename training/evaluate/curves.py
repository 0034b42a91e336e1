"""Quality of pictures and distance of rate-distortion curves."""
import numpy as np
import torch
import torch.nn.functional as F

SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW = torch.exp(-(torch.arange(-5.0, 6.0) ** 2) / (2 * 1.5**2))


def psnr(a, b):
    """dB between two uint8 arrays; 99.99 where they are equal."""
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return 99.99 if error == 0 else min(99.99, 10 * np.log10(65025 / error))


def frame_quality(y, uv, true_y, true_uv):
    """Per frame [T, 2]: PSNR-Y and PSNR-YUV (6:1:1 in dB)."""
    rows = []
    for t in range(len(y)):
        luma, u, v = psnr(y[t], true_y[t]), psnr(uv[t, 0], true_uv[t, 0]), psnr(uv[t, 1], true_uv[t, 1])
        rows.append((luma, (6 * luma + u + v) / 8))
    return np.array(rows)


def ms_ssim(a, b, every=3):
    """MS-SSIM of luma (Wang, Simoncelli, Bovik 2003) in dB, the mean over every third picture; uint8 [T,H,W]."""
    window = WINDOW / WINDOW.sum()

    def blur(x):
        return F.conv2d(F.conv2d(x, window[None, None, :, None]), window[None, None, None])

    decibels = []
    for x, y in zip(a[::every], b[::every]):
        x, y, product = (*(torch.from_numpy(p.astype(np.float32))[None, None] for p in (x, y)), 1.0)
        for i, exponent in enumerate(SCALES):
            mx, my = blur(x), blur(y)
            likeness = (2 * (blur(x * y) - mx * my) + 58.5225) / (blur(x * x) - mx * mx + blur(y * y) - my * my + 58.5225)
            if i == len(SCALES) - 1:
                likeness = likeness * (2 * mx * my + 6.5025) / (mx * mx + my * my + 6.5025)
            product *= likeness.mean().clamp(min=1e-6).item() ** exponent
            x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
        decibels.append(-10 * np.log10(max(1 - product, 1e-10)))
    return float(np.mean(decibels))


def monotone_slopes(x, y):
    """Slopes of the monotone cubic (Fritsch-Carlson, as in PCHIP) through the points."""
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    m = np.zeros_like(y)
    for i in range(1, len(x) - 1):
        if d[i - 1] * d[i] > 0:
            a, b = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
            m[i] = (a + b) / (a / d[i - 1] + b / d[i])
    m[0], m[-1] = d[0], d[-1]
    return m


def interpolate(x, y, at):
    """The monotone cubic through (x, y) at the points `at` inside x."""
    m, h = monotone_slopes(x, y), np.diff(x)
    i = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    t = (at - x[i]) / h[i]
    return (y[i] * (1 + 2 * t) * (1 - t) ** 2 + m[i] * h[i] * t * (1 - t) ** 2
            + y[i + 1] * t * t * (3 - 2 * t) + m[i + 1] * h[i] * t * t * (t - 1))


def bd_rate(reference, test):
    """Mean difference in rate, percent, of `test` against `reference` over the quality both reach.

    Curves are lists of (rate, dB). None where a curve has fewer than two rising points, or they share less than half a dB.
    """
    lines = []
    for curve in (reference, test):
        points = sorted((q, np.log(r)) for r, q in curve if r > 0)
        points = [p for i, p in enumerate(points) if i == 0 or p[0] > points[i - 1][0] + 1e-6]
        if len(points) < 2:
            return None
        lines.append(np.array(points).T)
    low, high = max(line[0][0] for line in lines), min(line[0][-1] for line in lines)
    if high - low < 0.5:
        return None
    at = np.linspace(low, high, 500)
    difference = interpolate(*lines[1], at) - interpolate(*lines[0], at)
    return 100 * (np.exp(np.mean(difference)) - 1)
