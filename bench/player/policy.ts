import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exampleStream, RUNTIME_BYTES } from "../../player/policy/simulation/example-stream.ts";
import type { SimulatedStream, Strategy } from "../../player/policy/simulation/session.ts";
import { simulate } from "../../player/policy/simulation/simulate.ts";
import { TRACES } from "../../player/policy/simulation/traces.ts";
import { table } from "../results.ts";

/**
 * `node bench/player/policy.ts`: the player's policies against the base alone, a naive policy, and hls.js on a classic ladder,
 * simulated over the traces of `player/policy/simulation`; the result is `bench/player/POLICY.md`.
 */
const STRATEGIES: readonly (readonly [Strategy, string])[] = [
	["diagonal", "**Crescendo**"],
	["base-only", "base only"],
	["naive", "naive"],
	["ladder", "hls.js, ladder"],
];

/** A device that decodes four times as fast as the video plays. */
const SPEED = 4;

function rowsOf(stream: SimulatedStream): string[][] {
	return TRACES.flatMap((trace) =>
		STRATEGIES.map(([strategy, name], i) => {
			const r = simulate(stream, trace, strategy, SPEED * stream.samplesPerSecond);
			return [
				i === 0 ? trace.name : "",
				name,
				r.startDelay.toFixed(2),
				r.stalled.toFixed(1),
				(100 * r.enhancedShare).toFixed(0),
				r.quality.toFixed(2),
				String(r.switches),
				(r.bytes / 1e6).toFixed(1),
			];
		}),
	);
}

const HEADER = ["network", "policy", "start, s", "stalled, s", "enhanced, %", "mean PSNR-Y, dB", "switches", "MB"];
const example = exampleStream(600, RUNTIME_BYTES);
const kbit = (bits: number): string => (bits / 1000).toFixed(0);
const report = [
	"# Policies over network traces",
	"Written by `node bench/player/policy.ts`; simulated, in steps of 10 ms, with the policies that the player runs (`player/policy`). The networks are made by formula (`player/policy/simulation/traces.ts`); nothing was recorded from anybody.",
	`The stream: 640x360 at 25 frames a second, segments of 2 s. Base ${kbit(example.baseBitrate)} kbit/s at ${example.baseQuality} dB; enhancements of ${example.enhancements.map(({ bitrate, quality }) => `${kbit(bitrate)} kbit/s at ${quality} dB`).join(", ")}. The ladder offers the same qualities as single layers: ${example.ladder.map(({ bitrate }) => kbit(bitrate)).join(", ")} kbit/s, which is what the BD-rate of \`bench/RESULTS.md\` against x264 says. "Enhanced" is the share of the video shown above the lowest layer or level.`,
	"- *naive*: loads the decoder at once, then fetches the next segment's enhancement whenever the bandwidth allows.\n- *hls.js, ladder*: the level choice of hls.js 1.7 with default settings (`player/policy/simulation/hls-ladder.ts`).",
	"## First visit: ten minutes, the decoder (4.8 MB) has to be fetched",
	table(HEADER, rowsOf(example)),
	"## Later visit: two minutes, the decoder is in the browser's cache",
	table(HEADER, rowsOf(exampleStream(120, 0))),
].join("\n\n");
await writeFile(join(import.meta.dirname, "POLICY.md"), `${report}\n`);
console.log(report);
