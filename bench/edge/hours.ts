import { fileURLToPath } from "node:url";
import type { Past } from "../../edge/testing/past.ts";
import {
	audioTrack,
	baseSamples,
	baseTrack,
	enhancementSamples,
	enhancementTrack,
	FRAME,
} from "../../edge/testing/fixture-media.ts";
import type { Sample } from "../../codec/sample.ts";
import { table, writeSection } from "../results.ts";
import { BenchClient } from "./client.ts";
import type { ClipTrack } from "./clip.ts";
import { HeapProbe } from "./memory.ts";
import { startEdge } from "./runtime.ts";

/**
 * `node bench/edge/hours.ts`: the memory of an asset that is hours long, its segments of full size, while it is written and watched. The
 * hours are put into the asset's database as uploading leaves them there; then the object is started again, the last half a minute is
 * uploaded through the interface, and the asset completed. Fails above what the edge promises.
 */
const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));
const MEMORY_LIMIT = 16 * 2 ** 20;
/** Seconds of each film that are uploaded, unless it says otherwise. */
const TAIL = 30;
/** Parts that are on their way at the same time: as many as the SDK sends. */
const LANES = 3;
const FRAME_RATE = 1_000_000 / FRAME;
const AUDIO_KILOBITS = 128;

/** An asset of so many hours; kilobits a second of base and enhancements. */
type Film = {
	readonly hours: number;
	readonly segmentSeconds: number;
	readonly base: number;
	readonly enhancements: readonly number[];
	/** Seconds that are uploaded, and in a part. */
	readonly tail: number;
	readonly part: number;
	/** Low latency, in pieces of so many milliseconds. */
	readonly partialMilliseconds?: number;
};

const usual = { segmentSeconds: 2, tail: TAIL, part: 2 };

/** The hardest first; what is measured is written down after each. */
const FILMS: readonly Film[] = [
	// As much as a segment and a part may hold, in the last seconds of all tracks.
	{ ...usual, hours: 12, base: 33_000, enhancements: Array.from({ length: 10 }, () => 33_000), tail: 4, part: 1.2 },
	{ ...usual, hours: 12, base: 500, enhancements: Array.from({ length: 10 }, () => 550) },
	{ ...usual, hours: 12, base: 500, enhancements: [2000, 3500], part: 0.4, partialMilliseconds: 400 },
	{ ...usual, hours: 12, base: 500, enhancements: [2000, 3500] },
	{ ...usual, hours: 12, base: 500, enhancements: [4000], segmentSeconds: 6 },
	{ ...usual, hours: 3, base: 500, enhancements: [2000, 3500] },
	{ ...usual, hours: 0, base: 500, enhancements: [2000, 3500] },
];

/** Most kilobits a second that a track had in the hours behind it, where twelve tracks take the bytes that an asset may have. */
const PAST_KILOBITS = 550;

/** The end of a film, which is uploaded; times begin at `start` seconds. */
const tailOf = (film: Film, start: number): ClipTrack[] => {
	const clip = { frames: film.tail * FRAME_RATE, gop: film.segmentSeconds * FRAME_RATE };
	const frameBytes = (kilobits: number): number => (kilobits * 1000) / 8 / FRAME_RATE;
	const later = (samples: readonly Sample[]): Sample[] =>
		samples.map((sample) => ({ ...sample, timestamp: sample.timestamp + start * 1e6 }));
	const audio = Array.from({ length: Math.floor((film.tail * 48_000) / 1024) }, (_, index): Sample => {
		const at = (number: number): number => Math.round((number * 1024 * 1e6) / 48_000);
		const data = new Uint8Array((AUDIO_KILOBITS * 128) / 48).fill(index);
		return { data, timestamp: at(index), duration: at(index + 1) - at(index), sync: true };
	});
	return [
		{ id: "base", track: baseTrack, samples: later(baseSamples({ ...clip, size: frameBytes(film.base) })) },
		...film.enhancements.map((kilobits, index) => ({
			id: `e${index}`,
			track: enhancementTrack(30 + index),
			samples: later(enhancementSamples({ ...clip, size: frameBytes(kilobits) / 2 }, 30 + index)),
		})),
		{ id: "audio", track: audioTrack, samples: later(audio) },
	];
};

const pastOf = (film: Film, segments: number): Past => {
	const most = film.enhancements.length > 2 ? PAST_KILOBITS : Infinity;
	const bytes = (kilobits: number): number => (Math.min(kilobits, most) * 125 - 100) * film.segmentSeconds;
	const pictures = film.segmentSeconds * FRAME_RATE;
	return {
		segments,
		duration: film.segmentSeconds * 1e6,
		tracks: [
			{ id: "base", segmentBytes: bytes(film.base), segmentSamples: pictures },
			...film.enhancements.map((kilobits, index) => ({
				...{ id: `e${index}`, segmentBytes: bytes(kilobits), segmentSamples: pictures },
			})),
			{ id: "audio", segmentBytes: bytes(AUDIO_KILOBITS), segmentSamples: Math.ceil(film.segmentSeconds * 47) },
		],
	};
};

/** Parts by time, as an encoder sends them. */
const partsOf = (tracks: readonly ClipTrack[], start: number, { tail, part }: Film) =>
	Array.from({ length: Math.ceil(tail / part) }, (_, number) => {
		const [from, until] = [(start + part * number) * 1e6, (start + part * (number + 1)) * 1e6];
		const within = ({ timestamp }: Sample): boolean => timestamp >= from && timestamp < until;
		return tracks.map(({ id, samples }) => ({ id, number, samples: samples.filter(within) }));
	}).flat();

/** Does all of it in this order, so many at the same time. */
const inLanes = async <Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> => {
	const left = items.values();
	const lane = async (): Promise<void> => {
		for (const item of left) await work(item);
	};
	await Promise.all(Array.from({ length: LANES }, lane));
};

/** What a viewer asks for: everything but media. */
const watch = async (url: string, asset: string, tracks: readonly ClipTrack[]): Promise<void> => {
	const paths = ["master.m3u8", "enhancements.json", ...tracks.map(({ id }) => `tracks/${id}/playlist.m3u8`)];
	for (const path of paths) {
		const response = await fetch(`${url}/v1/assets/${asset}/${path}`);
		await response.arrayBuffer();
		if (!response.ok) throw new Error(`${path}: ${response.status}`);
	}
};

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** A row of the table, and the most bytes that the film took. */
const measure = async (film: Film): Promise<{ row: string[]; most: number }> => {
	const edge = await startEdge("edge/testing/aged-worker.ts");
	try {
		const client = new BenchClient(edge);
		const segments = Math.max(0, (film.hours * 3600 - film.tail) / film.segmentSeconds);
		const start = segments * film.segmentSeconds;
		const tracks = tailOf(film, start);
		const { partialMilliseconds } = film;
		const request = { width: 640, height: 360, ...(partialMilliseconds !== undefined && { partialMilliseconds }) };
		await client.remove(await client.create(tracks, request));
		const probe = await HeapProbe.connect(edge.inspectorPort, edge.url);
		const idle = await probe.alive();
		const asset = await client.create(tracks, request);
		const past = pastOf(film, segments);
		if (segments > 0) {
			const aged = await fetch(`${edge.url}/age/${asset}`, { method: "POST", body: JSON.stringify(past) });
			if (aged.status !== 204) throw new Error("the asset was not made older");
		}
		const counts = new Map<string, number>();
		const parts = partsOf(tracks, start, film);
		for (const { id, number } of parts) counts.set(id, segments + number + 1);
		const upload = inLanes(parts, async ({ id, number, samples }) => {
			await client.putPart(asset, id, segments + number, samples);
			if (id === "audio" && number % 5 === 2) await watch(edge.url, asset, tracks);
		});
		const written = await probe.peakDuring(upload);
		const open = await probe.alive();
		const completed = await probe.peakDuring(client.complete(asset, counts));
		const watched = await probe.peakDuring(watch(edge.url, asset, tracks));
		probe.close();
		const bytes = past.tracks.reduce((sum, { segmentBytes }) => sum + segmentBytes * segments, 0);
		const row = [
			`${film.hours === 0 ? `${film.tail} s` : `${film.hours} h`} of ${film.segmentSeconds} s`,
			String(tracks.length),
			String(tracks.length * (segments + film.tail / film.segmentSeconds)),
			(bytes / 2 ** 30).toFixed(1),
			...[written, completed, watched, open].map((alive) => mebibytes(alive - idle)),
		];
		return { row, most: Math.max(written, completed, watched) - idle };
	} finally {
		await edge.stop();
	}
};

const report = (rows: readonly string[][]): string =>
	[
		"## Memory of long assets",
		"`node bench/edge/hours.ts`: bytes that Worker and Durable Object keep alive above idle (`Runtime.getHeapUsage` after a collection, every 50 ms), for an asset that has hours behind it in its database, is uploaded its last 30 s in parts of 2 s (a base of 0.5 Mbit/s, enhancements of 2 and 3.5, or one of 4, or ten of 0.55; audio), watched meanwhile, completed, and watched then. 12 hours, 12 tracks and 32 GiB are the limits.",
		table(
			[
				"segments",
				"tracks",
				"segments in all",
				"GiB",
				"while written, MiB",
				"completed, MiB",
				"watched then, MiB",
				"between parts, MiB",
			],
			rows,
		),
	].join("\n\n");

const rows: string[][] = [];
let most = 0;
for (const film of process.argv.length > 2
	? FILMS.slice(Number(process.argv[2]), Number(process.argv[2]) + 1)
	: FILMS) {
	const measured = await measure(film);
	process.stderr.write(`${measured.row.join("  ")}\n`);
	rows.push(measured.row);
	most = Math.max(most, measured.most);
	await writeSection("hours", report(rows), RESULTS);
}
if (most > MEMORY_LIMIT) throw new Error(`an asset takes ${most} bytes of memory`);
