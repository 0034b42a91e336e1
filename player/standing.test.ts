import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPictures } from "../codec/picture/test-pictures.ts";
import { type FixtureStream, makeFixtureStream } from "./testing/fixture-stream.ts";
import { PlayerHarness, video } from "./testing/harness.ts";

/**
 * A video at rest gets the enhanced picture of the frame that it shows, wherever it came to rest: paused while it played, on
 * the border of two frames, at its end, and where the sound outlasts the picture.
 */
const FRAME_RATE = 25;
const FRAMES = 20;

declare global {
	interface Window {
		/** Media time of the frame that the browser told last, in seconds. */
		told: number | undefined;
	}
}

describe("the picture of a video at rest", () => {
	let harness: PlayerHarness;
	let stream: FixtureStream;

	beforeAll(async () => {
		const pictures = testPictures(48, 32, FRAMES);
		stream = await makeFixtureStream({ pictures, frameRate: FRAME_RATE, segmentFrames: 10, qualities: [36] });
		harness = await PlayerHarness.start({ mounts: { "/stream/": stream.files }, frameRate: FRAME_RATE });
	});

	afterAll(() => harness?.close());

	/** Opens a stream whose first enhanced picture is there, and notes every frame that the browser tells. */
	const open = async () => {
		await harness.open(video('enhancement="force"'));
		await harness.element((v) => {
			const note = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
				window.told = mediaTime;
				v.nativeEl.requestVideoFrameCallback(note);
			};
			v.nativeEl.requestVideoFrameCallback(note);
		});
		await harness.standOn(3);
		await harness.waitForPicture();
	};
	/** Number of the frame whose enhanced picture is shown, and of the frame that the browser told last. */
	const frames = () =>
		harness.element(async (v, rate) => {
			const shown = (await v.captureEnhanced())?.mediaTime ?? Number.NaN;
			return { enhanced: Math.round((shown / 1e6) * rate), told: Math.round((window.told ?? Number.NaN) * rate) };
		}, FRAME_RATE);

	/** Frames between the two; the browser tells of a frame a little after a pause. */
	const difference = async () => {
		const { enhanced, told } = await frames();
		return enhanced - told;
	};
	const PATIENCE = { timeout: 180_000 };

	it("is enhanced after every pause, though the frame may lie beyond the playhead", async () => {
		await open();
		const session = await harness.page.context().newCDPSession(harness.page);
		for (const rate of [1, 6]) {
			await session.send("Emulation.setCPUThrottlingRate", { rate });
			for (const played of [40, 90, 150, 230, 310, 470]) {
				await harness.element(async (v, milliseconds) => {
					v.currentTime = 0;
					await v.play();
					await new Promise((resolve) => setTimeout(resolve, milliseconds));
					v.pause();
				}, played);
				await harness.waitForPicture();
				await expect.poll(difference, PATIENCE).toBe(0);
				const capture = await harness.captured();
				const frame = Math.round(((capture?.timestamp ?? Number.NaN) / 1e6) * FRAME_RATE);
				expect(capture?.hash).toBe(stream.hashes.get("e36")?.[frame]);
			}
		}
	});

	it("is enhanced on the border of two frames, in the middle, and at the very end", async () => {
		await open();
		const middle = (frame: number) => (frame + 0.5) / FRAME_RATE;
		for (const time of [10 / FRAME_RATE, 11 / FRAME_RATE, 1 / FRAME_RATE - 1e-6, middle(12), middle(19), 0.8, 0]) {
			await harness.element(async (v, at) => {
				const seeked = new Promise((resolve) => v.addEventListener("seeked", resolve, { once: true }));
				v.currentTime = at;
				await seeked;
			}, time);
			await harness.waitForPicture();
			expect(await harness.isCanvasShown()).toBe(true);
			const { enhanced } = await frames();
			// On a border it is either of the two, as the browser rounds it.
			const exact = Math.min(time * FRAME_RATE, FRAMES - 1);
			expect([Math.floor(exact), Math.floor(exact + 0.01)], `at ${time} s`).toContain(enhanced);
		}
	});

	it("is enhanced after the video has ended", async () => {
		await open();
		await harness.element(async (v) => {
			const ended = new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
			await v.play();
			await ended;
		});
		await harness.waitForPicture();
		await expect.poll(difference, PATIENCE).toBe(0);
	});
});
