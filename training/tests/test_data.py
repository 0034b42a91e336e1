"""Preparation of clips, motion and crops. Needs ffmpeg and gcc."""
import json
import random
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import moving_clip, run  # noqa: E402
from training.data import dataset, downscale, pack, prepare, synthetic  # noqa: E402
from training.model.warp import warp_picture  # noqa: E402

HERE = Path(__file__).resolve().parent
SETTINGS = {}


def program():
    """The motion program, compiled once."""
    if "program" not in SETTINGS:
        SETTINGS["folder"] = tempfile.TemporaryDirectory()
        SETTINGS["program"] = prepare.build_motion_program(SETTINGS["folder"].name)
    return SETTINGS["program"]


def test_downscale_taps_are_the_stretched_bicubic():
    d = np.abs(np.arange(16) - 7.5) / 4
    cubic = np.where(d <= 1, 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2) * 64
    assert sum(downscale.TAPS) == 256
    assert np.abs(np.array(downscale.TAPS) - cubic).max() < 0.6


def test_downscale_equals_its_vector():
    vector = json.loads((HERE.parent / "data/downscale_vector.json").read_text())
    source = np.array(vector["source"], np.uint8).reshape(vector["height"], vector["width"])
    assert downscale.downscale_by_4(source).ravel().tolist() == vector["base"]


def test_downscale_keeps_flat_pictures_and_refuses_odd_sizes():
    for value in (0, 1, 127, 255):
        assert (downscale.downscale_by_4(np.full((2, 32, 64), value, np.uint8)) == value).all()
    try:
        downscale.downscale_by_4(np.zeros((30, 64), np.uint8))
    except ValueError:
        return
    raise AssertionError("30 rows were accepted")


def test_planes_round_trip_and_crop():
    y, uv = moving_clip(2, 64, 96)
    back_y, back_uv = prepare.planes_of(prepare.raw_of(y, uv), 96, 64)
    assert (back_y == y).all() and (back_uv == uv).all()
    y, uv = np.zeros((1, 208, 352), np.uint8), np.zeros((1, 2, 104, 176), np.uint8)
    y[0, 8, 0], uv[0, 0, 4, 0] = 7, 9
    y, uv = prepare.crop_to_blocks(y, uv)
    assert y.shape == (1, 192, 352) and uv.shape == (1, 2, 96, 176)
    assert y[0, 0, 0] == 7 and uv[0, 0, 0, 0] == 9


def test_motion_finds_the_move_and_agrees_with_the_warp():
    y, uv = moving_clip(3, 96, 128, dx=3, dy=-2)
    motion, bits = prepare.find_motion(program(), y, uv, (50, 1000))
    assert motion.shape == (2, 3, 12, 16, 3) and bits.shape == (2, 3)
    assert not motion[:, 0].any() and not bits[:, 0].any() and (bits[:, 1:] > 0).all()
    inner = motion[0, 2, 2:-2, 2:-2]
    assert (inner == (1, -12, 8)).all(), "a texture that moves right by 3 and up by 2 comes from 3 left and 2 below"
    # The warp of the model predicts what the search claimed.
    real = [torch.from_numpy(a[1:2].astype(np.float32)) for a in (y[:, None], uv)]
    luma, _ = warp_picture(*[(a - 128) / 256 for a in real], torch.from_numpy(motion[0, 2].transpose(2, 0, 1)[None].astype(np.float32)))
    predicted = luma[0, 0].numpy() * 256 + 128
    assert np.array_equal(predicted[16:-16, 16:-16], y[2][16:-16, 16:-16])


def test_motion_of_bidirectional_frames_points_two_back_and_one_ahead():
    y, uv = moving_clip(5, 96, 128, dx=3, dy=-2)
    for name, vector, none in (("motion_two", (1, -24, 16), (0, 1)), ("motion_ahead", (1, 12, -8), (4,))):
        motion, bits = prepare.find_motion(program(), y, uv, (50,), name)
        for t in range(5):
            assert motion[0, t].any() == (bits[0, t] > 0) == (t not in none), (name, t)
            if t not in none:
                assert (motion[0, t, 2:-2, 2:-2] == vector).all(), (name, t)


def test_a_bit_of_motion_ahead_has_three_times_the_price():
    y, uv = moving_clip(4, 96, 128, dx=1, dy=1)
    y = np.clip(y + np.random.default_rng(3).normal(0, 8, y.shape), 0, 255).astype(np.uint8)
    (dear,), (cheap,) = (prepare.find_motion(program(), y[::-1], uv[::-1], (price,))[1] for price in (120, 40))
    (_, (ahead,)) = prepare.find_motion(program(), y, uv, (40,), "motion_ahead")
    assert 0.5 < ahead.sum() / dear.sum() < 2 and ahead.sum() < 0.2 * cheap.sum()


def test_still_clips_cost_next_to_nothing():
    y, uv = moving_clip(3, dx=0, dy=0)
    motion, bits = prepare.find_motion(program(), y, uv, (300,))
    assert not motion.any() and bits.sum() < 60


def test_higher_lambda_spends_fewer_bits():
    y, uv = moving_clip(4, 96, 128, dx=1, dy=1)
    y = np.clip(y + np.random.default_rng(3).normal(0, 8, y.shape), 0, 255).astype(np.uint8)
    _, bits = prepare.find_motion(program(), y, uv, (10, 40, 400))
    total = bits.sum(1)
    assert total[0] > total[1] > total[2]


def test_interleave_starts_with_one_clip_of_every_scene():
    rows = [dict(scene=s, file=f"{s}{i}") for s in "abc" for i in range(3)]
    order = prepare.interleave(rows, 0)
    assert sorted(r["scene"] for r in order[:3]) == ["a", "b", "c"] and len({r["file"] for r in order}) == 9


def small_folder(folder):
    """A folder of two clips made by the real preparation."""
    for name, pack in (("one", "pack-00"), ("two", "pack-03")):
        y, uv = moving_clip(6, 96, 128, seed=len(pack + name))
        arrays, streams = prepare.arrays_of(y, uv, 25, (20, 38), program())
        meta = dict(name=name, pack=pack, scene=name, fps=25, width=128, height=96, frames=6, crfs=(20, 38), motion_lambdas=prepare.MOTION_LAMBDAS,
                    base_bytes=[len(s) for s in streams])
        prepare.write_clip(folder, name, arrays, meta)
    return folder


def test_crops_are_consistent():
    with tempfile.TemporaryDirectory() as folder:
        data = dataset.ClipDataset(small_folder(folder), frames=3, crop=(64, 96), flip=False)
        assert len(data) == 2
        for _ in range(20):
            sample = data[0]
            shapes = {k: tuple(v.shape) for k, v in sample.items()}
            assert shapes == dict(y=(3, 1, 64, 96), uv=(3, 2, 32, 48), base_y=(3, 1, 16, 24), base_uv=(3, 2, 8, 12), motion=(3, 3, 8, 12), q=(), crf=())
            assert sample["y"].dtype == torch.uint8 and sample["motion"].dtype == torch.int16
            # The base picture shows the same place: it fits the crop better than when it is moved by one sample.
            small, base = torch.nn.functional.avg_pool2d(sample["y"].float(), 4), sample["base_y"].float()
            fit = {(axis, i): (small - base.roll(i, axis - 2)).abs().mean() for axis in (0, 1) for i in (0, 1, -1)}
            assert min(fit, key=fit.get)[1] == 0


def test_older_clips_are_given_the_motion_of_bidirectional_frames():
    with tempfile.TemporaryDirectory() as folder:
        small_folder(folder)
        arrays = {name: np.load(Path(folder, "one", f"{name}.npy")) for name in ("motion", *prepare.BIDIRECTIONAL_ARRAYS)}
        Path(folder, "one", "motion_two.npy").unlink()
        kept = Path(folder, "two", "motion_two.npy").stat().st_mtime_ns
        whole = dataset.ClipDataset(folder, frames=3, crop=64, bidirectional=True)
        assert [path.name for path, _ in whole.clips] == ["two"]
        assert prepare.main(["--add-bidirectional", "--out", folder, "--processes", "1", "--nice", "0"]) == 0
        assert kept == Path(folder, "two", "motion_two.npy").stat().st_mtime_ns
        for name, array in arrays.items():
            found = np.load(Path(folder, "one", f"{name}.npy"))
            assert np.array_equal(found, array) and found.dtype == np.int16 and found.shape == arrays["motion"].shape
        assert not list(Path(folder, "one").glob(".*")), "no drafts are left"
        whole.scan()
        sample = whole[1]
        assert all(sample[name].shape == sample["motion"].shape and sample[name].dtype == torch.int16 for name in arrays)
        assert "motion_two" not in dataset.ClipDataset(folder, frames=3, crop=64)[0]
        for name in ("one", "two"):
            Path(folder, name, "motion_ahead.npy").unlink()
        try:
            dataset.ClipDataset(folder, frames=3, crop=64, bidirectional=True)
        except FileNotFoundError as error:
            assert "--add-bidirectional" in str(error)
        else:
            raise AssertionError("a folder without the motion of bidirectional frames was accepted")


def test_flip_turns_every_motion():
    rng = np.random.default_rng(6)
    sample = {name: rng.integers(-25, 25, (2, 3, 4, 5)).astype(np.int16) for name in ("motion", *prepare.BIDIRECTIONAL_ARRAYS)}
    flipped = dataset.flip_sideways(sample)
    for name, motion in sample.items():
        assert np.array_equal(flipped[name][:, 1], -motion[:, 1, :, ::-1]) and np.array_equal(flipped[name][:, ::2], motion[:, ::2, :, ::-1])


def test_flip_mirrors_the_prediction_exactly():
    y, uv = moving_clip(2, 64, 96, dx=1, dy=2)
    rng = np.random.default_rng(5)
    motion = np.zeros((2, 3, 8, 12), np.int16)
    motion[:, 0], motion[:, 1:] = 1, rng.integers(-25, 25, (2, 2, 8, 12))
    sample = dict(y=y[:, None], uv=uv, base_y=y[:, None, ::4, ::4], base_uv=uv[..., ::4, ::4], motion=motion)
    flipped = dataset.flip_sideways(sample)

    def warped(s):
        luma, chroma = ((torch.from_numpy(s[k][:1].astype(np.float32)) - 128) / 256 for k in ("y", "uv"))
        return warp_picture(luma, chroma, torch.from_numpy(s["motion"][1:].astype(np.float32)))

    for a, b in zip(warped(sample), warped(flipped)):
        assert (a.flip(-1) - b).abs().max() <= 1 / 256  # chroma interpolates in floats: a half may round either way
    assert torch.equal(warped(sample)[0].flip(-1), warped(flipped)[0])


def test_sampler_weighs_grades_and_finds_new_clips():
    with tempfile.TemporaryDirectory() as folder:
        data = dataset.ClipDataset(small_folder(folder), frames=2, crop=64)
        second = [m["pack"] == "pack-03" for _, m in data.clips].index(True)
        assert abs(data.weights[second] - 0.25) < 1e-9
        y, uv = moving_clip(6, 96, 128)
        arrays, _ = prepare.arrays_of(y, uv, 25, (26,), program())
        prepare.write_clip(folder, "late", arrays, dict(data.clips[0][1], name="late", crfs=(26,)))
        data.scanned -= 100
        indices = iter(data.endless_sampler())
        assert {next(indices) for _ in range(200)} == {0, 1, 2}
        assert data[2]["y"].shape == (2, 1, 64, 64)


def test_packed_clips_come_back():
    y, uv = moving_clip(3, 64, 96)
    back = pack.from_grey(pack.to_grey(y, uv))
    assert np.array_equal(back[0], y) and np.array_equal(back[1], uv)
    with tempfile.TemporaryDirectory() as folder:
        clips, archive, out = small_folder(f"{folder}/clips"), f"{folder}/clips.tar", f"{folder}/out"
        assert pack.main(["pack", "--clips", clips, "--out", archive, "--limit", "1"]) == 0
        assert pack.main(["unpack", "--archive", archive, "--out", out, "--processes", "1"]) == 0
        (name,) = (p.name for p in Path(out).iterdir())
        for key in ("y", "uv", "base_y", "base_uv", "bits", *prepare.SEARCHES):
            before, after = (np.load(Path(f, name, f"{key}.npy")) for f in (clips, out))
            assert before.shape == after.shape and before.dtype == after.dtype
            if key.startswith("base"):
                assert np.array_equal(before, after)
            elif key in ("y", "uv"):
                assert np.mean((before.astype(float) - after) ** 2) < 10  # fine noise everywhere is the worst case


def test_synthetic_clips():
    rng = np.random.default_rng(2)
    photo, other = (np.kron(rng.integers(0, 256, (30, 45, 3)), np.ones((12, 12, 1))).astype(np.uint8) for _ in range(2))
    pictures = synthetic.render(photo, other, random.Random(4))
    assert pictures.shape == (synthetic.FRAMES, synthetic.HEIGHT, synthetic.WIDTH, 3)
    assert 0 <= pictures.min() and pictures.max() <= 255 and np.abs(np.diff(pictures, axis=0)).mean() > 0.1
    # A camera at rest sees the same picture twice.
    camera = synthetic.Camera(random.Random(1), 540, 360, 0)
    camera.zoom, camera.turn = 1, 0
    assert np.array_equal(synthetic.view(photo, camera.matrix(0)), synthetic.view(photo, camera.matrix(5)))


def test_too_small_clips_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        try:
            dataset.ClipDataset(small_folder(folder), frames=3, crop=256)
        except FileNotFoundError:
            return
    raise AssertionError("a crop larger than every clip was accepted")


def test_prepare_reads_a_tar():
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "source"), Path(folder, "out")
        source.mkdir()
        y, uv = moving_clip(5, 68, 100)
        size = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "100x68", "-r", "25", "-i", "-"]
        prepare.run_ffmpeg([*size, "-c:v", "libx264", "-qp", "0", "-y", str(source / "clip.mp4")], prepare.raw_of(y, uv))
        with tarfile.open(source / "pack-00.tar", "w") as tar:
            tar.add(source / "clip.mp4", "clip.mp4")
        (source / "MANIFEST.tsv").write_text("pack\tfile\tscene\twidth\theight\tfps\tframes\npack-00\tclip.mp4\ts\t100\t68\t25\t5\n")
        assert prepare.main(["--source", str(source), "--out", str(out), "--processes", "1", "--nice", "0"]) == 0
        assert sorted(p.name for p in out.iterdir()) == ["clip", "clip_enlarged"]
        assert np.array_equal(np.load(out / "clip/y.npy"), y[:, 2:66, 2:98])
        # The middle, 50x34 twice as large, then cropped like any picture: source columns 25 to 72, rows 17 to 48.
        large = np.load(out / "clip_enlarged/y.npy").astype(np.float64)
        small = large.reshape(5, 32, 2, 48, 2).mean((2, 4))
        assert np.abs(small - y[:, 17:49, 25:73]).mean() < 4
        assert [dataset.grade_of(json.loads((out / name / "meta.json").read_text())) for name in ("clip", "clip_enlarged")] == ["clean", "enlarged"]


if __name__ == "__main__":
    run(sys.modules[__name__])
