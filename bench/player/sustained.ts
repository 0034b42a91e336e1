import { cpus } from "node:os";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../../player/testing/fixture-stream.ts";
import { PlayerHarness, video } from "../../player/testing/harness.ts";
import { WASM_SAMPLES_PER_SECOND } from "../../player/policy/start.ts";
import { table, writeSection } from "../results.ts";

/**
 * `npm run bench:sustained`: how fast the player decodes on WASM while it plays, and what the viewer gets of it: a video is played from its
 * start to its end, once, with the enhancement insisted on.
 */
const FRAME_RATE = 25;
const FRAMES = 125;
const SIZES = [
	{ width: 96, height: 64 },
	{ width: 160, height: 96 },
	{ width: 320, height: 180 },
	{ width: 640, height: 360 },
];

const mounts: Record<string, Map<string, Uint8Array>> = {};
for (const { width, height } of SIZES) {
	const { files } = await makeFixtureStream({
		...{ pictures: testPictures(width, height, FRAMES), frameRate: FRAME_RATE, segmentFrames: 50, qualities: [36] },
	});
	mounts[`/${width}x${height}/`] = files;
}
const harness = await PlayerHarness.start({ mounts, frameRate: FRAME_RATE });
const rows: string[][] = [];
try {
	for (const { width, height } of SIZES) {
		const size = `${width}x${height}`;
		await harness.open(video('enhancement="force"', `/${size}/master.m3u8`));
		// Runtime and weights are there before the clock runs.
		await harness.standOn(0);
		await harness.waitForPicture();
		const before = await harness.element((v) => v.statistics.frames);
		const s = await harness.element(async (v) => {
			const ended = new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
			await v.play();
			await ended;
			return v.statistics;
		});
		const all = s.frames.all - before.all;
		const share = (100 * (s.frames.enhanced - before.enhanced)) / all;
		const { parse, reconstruct, convert } = s.times ?? {};
		rows.push([
			size,
			s.decodeRate?.toFixed(1) ?? "–",
			...[parse, reconstruct, convert].map((time) => time?.toFixed(1) ?? "–"),
			share.toFixed(0),
			String(s.frames.missed - before.missed),
			String(s.dropped),
			String(all),
		]);
		console.error(rows.at(-1)?.join(", "));
	}
} finally {
	await harness.close();
}
const report = [
	"## Decoding while playing, on WASM",
	`\`npm run bench:sustained\` on ${cpus()[0]?.model.trim() ?? "this machine"}, ${cpus().length} cores: ${FRAMES} frames at ${FRAME_RATE} a second, played once, \`enhancement="force"\`, one thread, as the statistics say at the end. A picture whose segment was given to the decoder and that came late is missed; dropped frames are the browser's own, of the base. What cannot be decoded in time is left to the base. Without \`force\`, more than ${WASM_SAMPLES_PER_SECOND / 1e6} million samples a second are not tried on WASM at all.`,
	table(
		[
			"size",
			"pictures decoded a second",
			"parse, ms",
			"reconstruct, ms",
			"paint, ms",
			"shown enhanced, %",
			"missed",
			"dropped",
			"frames told",
		],
		rows,
	),
].join("\n\n");
console.log(report);
await writeSection("sustained", report);
