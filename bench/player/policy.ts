import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exampleStream, RUNTIME_BYTES } from "../../player/policy/simulation/example-stream.ts";
import type { SimulatedStream, Strategy } from "../../player/policy/simulation/session.ts";
import { simulate } from "../../player/policy/simulation/simulate.ts";
import { type Trace, TRACES } from "../../player/policy/simulation/traces.ts";
import type { SimulationResult } from "../../player/policy/simulation/viewer.ts";
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

const play = (stream: SimulatedStream, trace: Trace, strategy: Strategy) =>
	simulate(stream, trace, strategy, SPEED * stream.samplesPerSecond);

/** What the policy is held to, network by network: less stalling than the base alone, the ladder's quality, the naive policy's share. */
function verdictOf(stream: SimulatedStream): string[][] {
	return TRACES.map((trace) => {
		const [ours, base, naive, ladder] = STRATEGIES.map(([strategy]) => play(stream, trace, strategy)) as [
			SimulationResult,
			SimulationResult,
			SimulationResult,
			SimulationResult,
		];
		const times = naive.enhancedShare > 0 ? (ours.enhancedShare / naive.enhancedShare).toFixed(2) : "all";
		return [
			trace.name,
			(ours.stalled - base.stalled).toFixed(1),
			(ours.quality - ladder.quality).toFixed(2),
			(100 * naive.enhancedShare).toFixed(0),
			times,
		];
	});
}

const VERDICT_HEADER = [
	"network",
	"stalled beyond the base alone, s",
	"mean PSNR-Y above the ladder, dB",
	"naive enhanced, %",
	"times as long enhanced",
];

function rowsOf(stream: SimulatedStream): string[][] {
	return TRACES.flatMap((trace) =>
		STRATEGIES.map(([strategy, name], i) => {
			const r = play(stream, trace, strategy);
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
	"## First visit: ten minutes, the decoder has to be fetched",
	`${(RUNTIME_BYTES / 1e6).toFixed(1)} MB: runtime for WebGPU where WebAssembly can suspend, weights, scripts.`,
	table(VERDICT_HEADER, verdictOf(example)),
	"A network that carries the best level from the first second has nothing to make up with for the seconds in which the decoder loads: there the ladder is ahead by them. Where the naive policy is enhanced for half of the time or less, ours is for twice as long or all but always.",
	table(HEADER, rowsOf(example)),
	"## Later visit: two minutes, the decoder is in the browser's cache",
	table(VERDICT_HEADER, verdictOf(exampleStream(120, 0))),
	table(HEADER, rowsOf(exampleStream(120, 0))),
].join("\n\n");
await writeFile(join(import.meta.dirname, "POLICY.md"), `${report}\n`);
console.log(report);
