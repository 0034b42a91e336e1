import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { boundsOf } from "../../player/policy/simulation/bounds.ts";
import { DECODER_BYTES } from "../../player/policy/decoder-bytes.ts";
import { exampleStream } from "../../player/policy/simulation/example-stream.ts";
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
		const most = boundsOf(stream, trace, base.startDelay);
		const times = (share: number) => (naive.enhancedShare > 0 ? (share / naive.enhancedShare).toFixed(2) : "all");
		return [
			trace.name,
			(ours.stalled - base.stalled).toFixed(1),
			(ours.quality - ladder.quality).toFixed(2),
			(most.quality - ladder.quality).toFixed(2),
			(100 * naive.enhancedShare).toFixed(0),
			times(ours.enhancedShare),
			times(most.enhancedShare),
		];
	});
}

const VERDICT_HEADER = [
	"network",
	"stalled beyond the base alone, s",
	"mean PSNR above the ladder, dB",
	"possible at most",
	"naive enhanced, %",
	"times as long enhanced",
	"possible at most",
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

const HEADER = ["network", "policy", "start, s", "stalled, s", "enhanced, %", "mean PSNR, dB", "switches", "MB"];
const example = exampleStream(600, DECODER_BYTES);
const kbit = (bits: number): string => (bits / 1000).toFixed(0);

const report = [
	"# Policies over network traces",
	"Written by `node bench/player/policy.ts`; simulated, in steps of 10 ms, with the decision that the player runs (`player/policy/decide.ts`, and what it asks). The networks are made by formula (`player/policy/simulation/traces.ts`); nothing was recorded from anybody.",
	`The stream: 640x360 at 25 frames a second, segments of 2 s. Base ${kbit(example.baseBitrate)} kbit/s at ${example.baseQuality} dB; enhancements of ${example.enhancements.map(({ bitrate, quality }) => `${kbit(bitrate)} kbit/s at ${quality} dB`).join(", ")}. The ladder offers the same qualities as single layers: ${example.ladder.map(({ bitrate }) => kbit(bitrate)).join(", ")} kbit/s, which is what the BD-rate of \`bench/RESULTS.md\` against x264 says. "Enhanced" is the share of the video shown above the lowest layer or level.`,
	"- *naive*: loads the decoder at once, then fetches the next segment's enhancement whenever the bandwidth allows.\n- *hls.js, ladder*: the level choice of hls.js 1.7 with default settings, among them a buffer of 60 MB: minutes of the lower levels (`player/policy/simulation/hls-ladder.ts`). The other three keep 30 s of base, as the player has hls.js do; ours has the last of it wait at the start (`player/policy/base-ahead.ts`).",
	"## First visit: ten minutes, the decoder has to be fetched",
	`${(DECODER_BYTES / 1e6).toFixed(1)} MB: weights, and scripts with kernels and shaders.`,
	table(VERDICT_HEADER, verdictOf(example)),
	`"Possible at most" is what no policy can exceed that fetches the decoder after the first picture: the whole network brings the decoder first, and from then on everything is there in its best quality without a byte more (\`player/policy/simulation/bounds.ts\`).`,
	"By *car* and *train* the naive policy is enhanced for half of the time and more already, and twice that would be more than there is.",
	table(HEADER, rowsOf(example)),
	"## Later visit: two minutes, the decoder is in the browser's cache",
	"And the page knows it, as after an earlier video in it.",
	table(VERDICT_HEADER, verdictOf(exampleStream(120, 0))),
	"On the *train* the naive policy is enhanced for half of the time here too, and twice that is not reached: of two minutes one half is a tunnel and poor coverage, and what was not ahead by then is not there.",
	table(HEADER, rowsOf(exampleStream(120, 0))),
].join("\n\n");
await writeFile(join(import.meta.dirname, "POLICY.md"), `${report}\n`);
console.log(report);
