import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../../player/testing/fixture-stream.ts";
import { PlayerHarness, video } from "../../player/testing/harness.ts";
import { table, writeSection } from "../results.ts";

/**
 * `npm run bench:sync`: how far the enhanced picture is from the sound. The media clock of a playing video is its sound's; whenever
 * the browser shows a frame, the clock and the time of the picture on the canvas are noted, and those of the frame itself.
 */
const SAMPLES = 400;
const FRAME_RATE = 25;
/** Every picture is kept, so that the loop plays enhanced on any machine. Frames. */
const FRAMES = 40;
/** Issue's limit, in milliseconds. */
const LIMIT = 40;

/** Milliseconds that a picture's interval is away from the clock: 0 within it, negative: shown too early. */
const distance = (clock: number, mediaTime: number): number => {
	const from = 1000 * (clock - mediaTime);
	const to = from - 1000 / FRAME_RATE;
	return to > 0 ? to : Math.min(from, 0);
};

const { files } = await makeFixtureStream({
	...{ pictures: testPictures(48, 32, FRAMES), frameRate: FRAME_RATE, segmentFrames: 20, qualities: [36] },
	audioSeconds: FRAMES / FRAME_RATE,
});
const harness = await PlayerHarness.start({ mounts: { "/stream/": files }, frameRate: FRAME_RATE });
type Sample = {
	/** Media clock when the page was told of the frame, and how long before that the browser had presented it; seconds. */
	readonly clock: number;
	readonly late: number;
	readonly base: number;
	readonly enhanced: number | undefined;
};
let samples: readonly Sample[] = [];
try {
	await harness.open(video('enhancement="force" loop').replace(" muted", ""));
	await harness.element(async (v) => {
		v.volume = 0.01;
		await v.play();
	});
	await harness.until(
		(frames) => document.querySelector("crescendo-video")?.statistics.picturesReady === frames,
		FRAMES,
	);
	samples = await harness.element(async (v, count) => {
		const noted: Sample[] = [];
		while (noted.length < count) {
			const metadata = await new Promise<VideoFrameCallbackMetadata>((resolve) =>
				v.nativeEl.requestVideoFrameCallback((_, told) => resolve(told)),
			);
			const clock = v.currentTime;
			const late = Math.max(0, performance.now() - metadata.presentationTime) / 1000;
			// What is shown is read before anything is waited for.
			const capture = await v.captureEnhanced();
			// A turn of the loop has no order.
			if (Math.abs(clock - metadata.mediaTime) > 0.5) continue;
			noted.push({ clock, late, base: metadata.mediaTime, enhanced: capture && capture.mediaTime / 1e6 });
		}
		return noted;
	}, SAMPLES);
} finally {
	await harness.close();
}
const enhanced = samples.filter((sample): sample is Sample & { enhanced: number } => sample.enhanced !== undefined);
const row = (name: string, times: readonly number[], clocks: readonly number[]): string[] => {
	const sorted = times.map((time, i) => distance(clocks[i] ?? 0, time)).toSorted((a, b) => a - b);
	const at = (share: number) =>
		(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0);
	const within = sorted.filter((value) => Math.abs(value) <= LIMIT).length / sorted.length;
	return [name, String(sorted.length), at(0), at(0.05), at(0.5), at(0.95), at(1), (100 * within).toFixed(1)];
};
const clocks = enhanced.map(({ clock }) => clock);
const beyond = enhanced.filter(({ clock, enhanced: time }) => Math.abs(distance(clock, time)) > LIMIT);
const delays = beyond.map(({ late }) => (1000 * late).toFixed(0));
const others = enhanced.filter((sample) => Math.abs(sample.enhanced - sample.base) > 0.5 / FRAME_RATE).length;
const report = [
	"## Sound and picture",
	`\`npm run bench:sync\`: milliseconds between the media clock (the sound's) and the interval of the picture on the screen, at ${SAMPLES} frames of a looping video with sound; 0: the clock is within the picture's interval, negative: the picture is early. Enhanced pictures that were not those of the frame that the video showed: ${others} of ${enhanced.length}.`,
	table(
		["picture", "samples", "least", "5 %", "median", "95 %", "most", `within ${LIMIT} ms, %`],
		[
			row(
				"base, when the page is told of it",
				enhanced.map(({ base }) => base),
				clocks,
			),
			row(
				"base, when the browser presented it",
				enhanced.map(({ base }) => base),
				enhanced.map(({ clock, late }) => clock - late),
			),
			row(
				"enhanced",
				enhanced.map((sample) => sample.enhanced),
				clocks,
			),
		],
	),
	delays.length === 0
		? `No picture is beyond ${LIMIT} ms.`
		: `The ${delays.length} beyond ${LIMIT} ms: the page was told of their frames ${delays.join(", ")} ms after the browser had presented them. What keeps a page from running keeps its canvas as it is; the base below goes on.`,
].join("\n\n");
console.log(report);
await writeSection("sync", report);
