import { fileURLToPath } from "node:url";
import type { Sample } from "../../codec/sample.ts";
import type { Past } from "../../edge/testing/past.ts";
import {
	baseSamples,
	baseTrack,
	enhancementSamples,
	enhancementTrack,
	FRAME,
} from "../../edge/testing/fixture-media.ts";
import { table, writeSection } from "../results.ts";
import { BenchClient } from "./client.ts";
import type { ClipTrack } from "./clip.ts";
import { cpuSeconds, type Runtime, startEdge } from "./runtime.ts";

/**
 * `node bench/edge/age-cost.ts`: whether a part costs more when an asset is hours long, its SQLite and all. The same half a minute is
 * uploaded to assets that begin with it and to assets that have twelve hours behind them, in turn. CPU is that of the whole local runtime:
 * only the difference says something of the edge, and only on a quiet machine. Fails where hours add as much as cutting may cost in all.
 */
const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));
/** Milliseconds of CPU for a MB. */
const CUTTING_LIMIT = 5;
const ROUNDS = 8;
const SECONDS = 30;
/** Uploaded before that: what reading hours of rows left in memory is collected meanwhile, which happens once and not at every part. */
const WARM_SECONDS = 16;
const SEGMENT_SECONDS = 2;
const PAST_SEGMENTS = (12 * 3600) / SEGMENT_SECONDS - (WARM_SECONDS + SECONDS) / SEGMENT_SECONDS;
const FRAME_RATE = 1_000_000 / FRAME;

const clip = { frames: (WARM_SECONDS + SECONDS) * FRAME_RATE, gop: SEGMENT_SECONDS * FRAME_RATE, size: 2500 };
const TRACKS: readonly ClipTrack[] = [
	{ id: "base", track: baseTrack, samples: baseSamples(clip) },
	{ id: "e30", track: enhancementTrack(30), samples: enhancementSamples(clip, 30) },
	{ id: "e40", track: enhancementTrack(40), samples: enhancementSamples(clip, 40) },
];
const MEGABYTES =
	TRACKS.flatMap(({ samples }) => samples)
		.filter(({ timestamp }) => timestamp >= WARM_SECONDS * 1_000_000)
		.reduce((sum, { data: { length } }) => sum + length, 0) / 1_000_000;

const PAST: Past = {
	segments: PAST_SEGMENTS,
	duration: SEGMENT_SECONDS * 1_000_000,
	tracks: TRACKS.map(({ id }) => ({ id, segmentBytes: 125_000, segmentSamples: SEGMENT_SECONDS * FRAME_RATE })),
};

/** Uploads the half a minute in parts of half a second behind so many segments; answers milliseconds of CPU for a MB. */
const upload = async (edge: Runtime, client: BenchClient, segments: number): Promise<number> => {
	const asset = await client.create(TRACKS, { width: 640, height: 360 });
	if (segments > 0) {
		const aged = await fetch(`${edge.url}/age/${asset}`, { method: "POST", body: JSON.stringify(PAST) });
		if (aged.status !== 204) throw new Error("the asset was not made older");
		// It is read from its disk here, and not while it is measured.
		await client.look(asset);
	}
	let start = 0;
	for (let half = 0; half < 2 * (WARM_SECONDS + SECONDS); half++) {
		if (half === 2 * WARM_SECONDS) start = await cpuSeconds(edge.pid);
		for (const { id, samples } of TRACKS) {
			const within = ({ timestamp }: Sample): boolean => Math.floor(timestamp / 500_000) === half;
			const shift = segments * PAST.duration;
			const part = samples.filter(within).map((sample) => ({ ...sample, timestamp: sample.timestamp + shift }));
			await client.putPart(asset, id, segments + half, part);
		}
	}
	const spent = (await cpuSeconds(edge.pid)) - start;
	await client.remove(asset);
	return (spent * 1000) / MEGABYTES;
};

const edge = await startEdge("edge/testing/aged-worker.ts");
try {
	const client = new BenchClient(edge);
	await upload(edge, client, 0);
	const [young, old]: number[][] = [[], []];
	for (let round = 0; round < ROUNDS; round++) {
		young?.push(await upload(edge, client, 0));
		old?.push(await upload(edge, client, PAST_SEGMENTS));
	}
	// The least of them: what others do on the machine only adds.
	const [first, hours] = [Math.min(...(young ?? [])), Math.min(...(old ?? []))];
	const report = [
		"## Cost of a part after hours",
		`\`node bench/edge/age-cost.ts\`: CPU for a MB of half a minute in parts of half a second, ${MEGABYTES.toFixed(0)} MB of a base and two enhancements, the least of ${ROUNDS} rounds in turn. It is that of the whole local runtime, its simulated R2 and D1 included: the difference is what counts, of which cutting in all may take ${CUTTING_LIMIT} ms.`,
		table(
			["from the beginning, ms", "after 12 hours, ms", "difference, ms"],
			[[first.toFixed(1), hours.toFixed(1), (hours - first).toFixed(1)]],
		),
	].join("\n\n");
	process.stdout.write(`${report}\n`);
	await writeSection("age-cost", report, RESULTS);
	if (hours - first > CUTTING_LIMIT) throw new Error("a part costs more after hours");
} finally {
	await edge.stop();
}
