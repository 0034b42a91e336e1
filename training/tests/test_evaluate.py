"""Curves, and one evaluation of an untrained network end to end. Needs ffmpeg and gcc."""
import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import moving_clip, run  # noqa: E402
from training.data import dataset, prepare  # noqa: E402
from training.evaluate import clips, curves, directions, evaluate, inheritance  # noqa: E402
from training.model import bidirectional  # noqa: E402


def test_psnr():
    a = np.full((8, 8), 100, np.uint8)
    assert curves.psnr(a, a) == 99.99
    assert abs(curves.psnr(a, a + 1) - 48.1308) < 1e-3


def test_frame_quality_weighs_planes_six_one_one():
    y, uv = np.zeros((1, 8, 8), np.uint8), np.zeros((1, 2, 4, 4), np.uint8)
    worse = uv.copy()
    worse[:, 0] += 10
    luma, all_planes = curves.frame_quality(y, worse, y, uv)[0]
    assert luma == 99.99 and abs(all_planes - (7 * 99.99 + curves.psnr(worse[0, 0], uv[0, 0])) / 8) < 1e-9


def test_bd_rate_of_a_constant_factor():
    reference = [(0.02 * 1.5**i, 28 + 1.3 * i) for i in range(7)]
    for factor in (0.5, 1.0, 1.37):
        measured = curves.bd_rate(reference, [(r * factor, q) for r, q in reference[1:6]])
        assert abs(measured - 100 * (factor - 1)) < 1e-6
    assert curves.bd_rate(reference, [(r, q + 30) for r, q in reference]) is None
    assert curves.bd_rate(reference, reference[:1]) is None


def test_rules_of_q():
    assert dataset.base_crf_of(0) > dataset.base_crf_of(63)
    assert math.isclose(clips.motion_lambda_of(0), 65025 * 2.6 / 40, rel_tol=0.01)
    assert math.isclose(clips.motion_lambda_of(63), 65025 * 2.6 / 1600, rel_tol=0.02)


def test_sag():
    assert evaluate.sag([40.0] * 10) is None
    assert abs(evaluate.sag([40.0] * 12 + [39.0] * 8) + 1) < 1e-9
    assert evaluate.sag([41.0, 39.0] * 10, bidirectional=True) == 0


def test_what_stays_is_inherited():
    rng = np.random.default_rng(2)
    still = rng.integers(0, 256, (32, 48)).astype(np.uint8)
    pictures = np.stack([still.copy() for _ in range(5)])
    assert np.allclose(inheritance.inheritance(pictures, 8)[:, 1, 1], np.log2([5, 4, 3, 2, 1]), atol=1e-3)
    assert np.allclose(inheritance.inheritance(pictures, 2)[:, 1, 1], np.log2([3, 3, 3, 2, 1]), atol=1e-3)
    pictures[1:, :, 24:] = rng.integers(0, 256, (4, 32, 24))
    first = inheritance.inheritance(pictures, 8)[0]
    assert (first[:, :3] > 2).all() and (first[:, 4:] < 0.8).all()


def test_evaluation_end_to_end():
    with tempfile.TemporaryDirectory() as folder:
        y, uv = moving_clip(3, 192, 192)
        size = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "192x192", "-r", "25", "-i", "-"]
        prepare.run_ffmpeg([*size, "-c:v", "libx264", "-qp", "0", "-y", str(Path(folder, "texture_192x192_25.mp4"))], prepare.raw_of(y, uv))
        results = {}
        for way in (0, 1):
            options = ["--clips", folder, "--cache", f"{folder}/cache", "--frames", "3", "--q", "10,40,60", "--patience", "2.5", "--bidirectional", str(way)]
            out, again = Path(folder, "out.json"), Path(folder, "again.json")
            assert evaluate.main([*options, "--out", str(out)]) == 0
            row = json.loads(out.read_text())["clips"][0]
            quality = [r["psnr_y"] for r in row["results"]]
            assert quality == sorted(quality) and quality[-1] - quality[0] > 1, "finer steps must show"
            for r in row["results"]:
                assert abs(sum(r["bits"].values()) - r["rate"]) < 1e-9 and all(v > 0 for v in r["bits"].values())
                assert r["psnr_y"] > r["base_psnr_y"]
            # A second run reads the cache and comes to the same.
            evaluate.main([*options, "--out", str(again)])
            assert json.loads(again.read_text())["clips"] == json.loads(out.read_text())["clips"]
            results[way] = row["results"]
        for plain, between in zip(results[0], results[1]):
            assert plain["frames"][0] == between["frames"][0], "the intra frame is the same"
            assert between["frames"][2] != plain["frames"][2] and between["bits"]["base"] == plain["bits"]["base"]


def test_offsets_of_q():
    order = bidirectional.coding_order(6, True)
    with_them, without = (evaluate.parse(["--bidirectional", way, "--pattern", "1,2"]) for way in ("1", "0"))
    assert [evaluate.quality_offset(t, kind, with_them) for t, kind, _ in sorted(order)] == [10, -12, 4, -12, 4, 4]
    assert [evaluate.quality_offset(t, kind, without) for t, kind, _ in bidirectional.coding_order(4, False)] == [10, 1, 2, 1]


def test_directions_cost_their_entropy():
    assert directions.direction_bits(np.zeros((4, 6), int)) == 0
    assert abs(directions.direction_bits(np.array([[0, 1], [2, 2]])) - 0.8 * 6) < 1e-9


if __name__ == "__main__":
    run(sys.modules[__name__])
