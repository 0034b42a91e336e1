import { readFile } from "node:fs/promises";
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
import { FRONT, OBJECTS, startEdge } from "./runtime.ts";

/**
 * `node bench/edge/hours.ts`: the memory of an asset that is hours long, its segments of full size, while it is written and watched. The
 * hours are put into the asset's database as uploading leaves them there; then the object is started again, the last half a minute is
 * uploaded through the interface, and the asset completed. Fails above what the edge promises. With the numbers of films, only those are
 * measured, and the rows of the others stay as they were written.
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
	readonly name: string;
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
	{
		...usual,
		name: "12 h, the largest parts and segments",
		hours: 12,
		base: 33_000,
		enhancements: Array.from({ length: 10 }, () => 33_000),
		tail: 4,
		part: 0.48,
	},
	{ ...usual, name: "12 h of 2 s", hours: 12, base: 500, enhancements: Array.from({ length: 10 }, () => 550) },
	{
		...usual,
		name: "12 h of 2 s, low latency",
		hours: 12,
		base: 500,
		enhancements: [2000, 3500],
		part: 0.4,
		partialMilliseconds: 400,
	},
	{ ...usual, name: "12 h of 2 s", hours: 12, base: 500, enhancements: [2000, 3500] },
	{ ...usual, name: "30 s of 2 s", hours: 0, base: 500, enhancements: [2000, 3500] },
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
	const edge = await startEdge("edge/testing/aged-worker.ts", { apart: true });
	try {
		const client = new BenchClient(edge);
		const segments = Math.max(0, (film.hours * 3600 - film.tail) / film.segmentSeconds);
		const start = segments * film.segmentSeconds;
		const tracks = tailOf(film, start);
		const { partialMilliseconds } = film;
		const request = { width: 640, height: 360, ...(partialMilliseconds !== undefined && { partialMilliseconds }) };
		// Another asset, so that its Durable Object's isolate always has something to wake for.
		const other = await client.create(tracks, request);
		await client.remove(await client.create(tracks, request));
		const probes = await Promise.all([
			HeapProbe.connect(edge.inspectorPort, OBJECTS, () => client.look(other)),
			HeapProbe.connect(edge.inspectorPort, FRONT, () => client.look(other)),
		]);
		const [object, worker] = probes;
		const idle = [await object.alive(), await worker.alive()];
		/** The most above idle while something is done: of the Durable Object, of the Worker. */
		const peaks = async (work: Promise<unknown>): Promise<number[]> => {
			const most = await Promise.all(probes.map((probe) => probe.peakDuring(work)));
			return most.map((alive, index) => alive - (idle[index] ?? 0));
		};
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
		const written = await peaks(upload);
		const open = (await object.alive()) - (idle[0] ?? 0);
		const completed = await peaks(client.complete(asset, counts));
		const watched = await peaks(watch(edge.url, asset, tracks));
		for (const probe of probes) probe.close();
		const bytes = past.tracks.reduce((sum, { segmentBytes }) => sum + segmentBytes * segments, 0);
		const [most = 0, mostOfWorker = 0] = [0, 1].map((index) =>
			Math.max(...[written, completed, watched].map((peak) => peak[index] ?? 0)),
		);
		const row = [
			film.name,
			String(tracks.length),
			String(tracks.length * (segments + film.tail / film.segmentSeconds)),
			(bytes / 2 ** 30).toFixed(1),
			...[written[0] ?? 0, completed[0] ?? 0, open, mostOfWorker].map(mebibytes),
		];
		return { row, most };
	} finally {
		await edge.stop();
	}
};

const report = (rows: readonly string[][]): string =>
	[
		"## Memory of long assets",
		"`node bench/edge/hours.ts`: bytes that the Durable Object keeps alive above idle (`Runtime.getHeapUsage` of its isolate after a collection, every 50 ms), for an asset that has hours behind it in its database, is uploaded its last seconds, three parts at the same time, watched meanwhile, completed, and watched then; and the most that the Worker in front of it keeps, for all of its requests together. 12 hours, 12 tracks, 32 GiB, 2 MiB a part and 8 MiB a segment are the limits: the first asset has all of them.",
		table(
			[
				"segments",
				"tracks",
				"segments in all",
				"GiB",
				"while written, MiB",
				"completed, MiB",
				"between parts, MiB",
				"Worker, MiB",
			],
			rows,
		),
	].join("\n\n");

/** Of the films that are still measured, the rows that stand in the results, by number of the film. */
const rowsBefore = async (): Promise<Map<number, string[]>> => {
	const section = /<!-- hours: begin -->(.*)<!-- hours: end -->/s.exec(await readFile(RESULTS, "utf8"))?.[1] ?? "";
	const rows = section.split("\n").map((line) =>
		line
			.split("|")
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);
	const found = FILMS.map(({ name, enhancements }, number): [number, string[] | undefined] => [
		number,
		rows.find((row) => row[0] === name && row[1] === String(enhancements.length + 2)),
	]);
	return new Map(found.filter((entry): entry is [number, string[]] => entry[1] !== undefined));
};

const wanted = process.argv.slice(2).map(Number);
const rows = wanted.length === 0 ? new Map<number, string[]>() : await rowsBefore();
let most = 0;
for (const [number, film] of FILMS.entries()) {
	if (wanted.length > 0 && !wanted.includes(number)) continue;
	const measured = await measure(film);
	process.stderr.write(`${measured.row.join("  ")}\n`);
	rows.set(number, measured.row);
	most = Math.max(most, measured.most);
	const sorted = [...rows].toSorted(([left], [right]) => left - right).map(([, row]) => row);
	await writeSection("hours", report(sorted), RESULTS);
}
if (most > MEMORY_LIMIT) throw new Error(`an asset takes ${most} bytes of memory`);
