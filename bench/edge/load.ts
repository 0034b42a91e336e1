import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sample } from "../../codec/sample.ts";
import { table, writeSection } from "../results.ts";
import { BenchClient } from "./client.ts";
import { type ClipTrack, makeClip } from "./clip.ts";
import { measureCutting } from "./cutting.ts";
import { HeapProbe } from "./memory.ts";
import { startNginx } from "./nginx.ts";
import { cpuSeconds, startBareRoute, startEdge } from "./runtime.ts";
import { type Load, quantile, saturate, watch } from "./viewers.ts";

/**
 * `node bench/edge/load.ts`: what the edge costs, on loopback, in a few minutes: cutting, memory while an asset grows, uploads side by
 * side, and segments delivered, next to a Worker that is one Hono route and to nginx with the same files.
 */
const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));
const CONNECTIONS = 8;
const REQUESTS = 200;
const UPLOADS = 3;
const MEMORY_LIMIT = 16 * 2 ** 20;
const CUTTING_LIMIT = 5;

const split = (samples: readonly Sample[], count: number): Sample[][] =>
	Array.from({ length: Math.ceil(samples.length / count) }, (_, index) =>
		samples.slice(index * count, (index + 1) * count),
	);

/** Uploads a clip, its parts in order, track after track; answers the asset and how long each part took. */
const upload = async (
	client: BenchClient,
	tracks: readonly ClipTrack[],
): Promise<{ asset: string; times: number[] }> => {
	const asset = await client.create(tracks);
	const times: number[] = [];
	const counts = new Map<string, number>();
	const parts = tracks.flatMap(({ id, samples }) =>
		split(samples, id === "base" ? 25 : 47).map((part, number) => ({ id, number, part })),
	);
	// By time, as an encoder sends them: else one track waits for the other.
	for (const { id, number, part } of parts.toSorted(
		(a, b) => (a.part[0]?.timestamp ?? 0) - (b.part[0]?.timestamp ?? 0),
	)) {
		const start = performance.now();
		await client.putPart(asset, id, number, part);
		times.push(performance.now() - start);
		counts.set(id, number + 1);
	}
	await client.complete(asset, counts);
	return { asset, times };
};

const sizeOf = (tracks: readonly ClipTrack[]): number =>
	tracks.reduce((sum, { samples }) => sum + samples.reduce((bytes, { data }) => bytes + data.length, 0), 0);
const ms = (value: number): string => value.toFixed(2);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

const folder = await mkdtemp(join(tmpdir(), "crescendo-load-"));
const edge = await startEdge();
const note = (text: string): void => void process.stderr.write(`${text}\n`);
const sections: string[] = [
	"## Cost of the edge",
	"`node bench/edge/load.ts`, client and servers on one machine that does other work too: compare columns, not machines.",
];
try {
	const client = new BenchClient(edge);

	note("cutting");
	const cutting = await measureCutting(6);
	sections.push(
		"CPU for a MB of media, in Node on the code that the Worker runs; the digest is the Worker's, the rest the Durable Object's:",
		table(
			["checking and framing, ms", "cutting into segments, ms", "SHA-256, ms"],
			[[ms(cutting.checking), ms(cutting.cutting), ms(cutting.digest)]],
		),
	);

	note("memory");
	const probe = await HeapProbe.connect(edge.inspectorPort, edge.url);
	const [short, long] = [
		await makeClip({ seconds: 12, kilobits: 3000, gopSeconds: 2 }),
		await makeClip({ seconds: 36, kilobits: 3000, gopSeconds: 2 }),
	];
	await upload(client, short);
	const idle = await probe.alive();
	const rows: string[][] = [];
	for (const tracks of [short, long]) {
		const peak = await probe.peakDuring(upload(client, tracks));
		rows.push([mebibytes(sizeOf(tracks)), mebibytes(peak - idle), mebibytes((await probe.alive()) - idle)]);
		if (peak - idle > MEMORY_LIMIT) throw new Error(`an asset takes ${peak - idle} bytes of memory`);
	}
	probe.close();
	sections.push(
		"Memory that the Worker and the Durable Object keep alive above idle while one asset is uploaded (`Runtime.getHeapUsage` after a collection, every 50 ms):",
		table(["asset, MiB", "peak, MiB", "afterwards, MiB"], rows),
	);

	note("uploads");
	const [start, cpu] = [performance.now(), await cpuSeconds(edge.pid)];
	const uploads = await Promise.all(Array.from({ length: UPLOADS }, () => upload(client, short)));
	const seconds = (performance.now() - start) / 1000;
	const spent = (await cpuSeconds(edge.pid)) - cpu;
	const times = uploads.flatMap((entry) => entry.times);
	const megabytes = (UPLOADS * sizeOf(short)) / 1e6;
	sections.push(
		`${UPLOADS} uploads of ${mebibytes(sizeOf(short))} MiB side by side (CPU is that of the whole local runtime, its simulated R2, SQLite and D1 included):`,
		table(
			["MB/s", "parts/s", "p50 ms", "p99 ms", "CPU ms for a MB"],
			[
				[
					ms(megabytes / seconds),
					ms(times.length / seconds),
					ms(quantile(times, 0.5)),
					ms(quantile(times, 0.99)),
					ms((spent * 1000) / megabytes),
				],
			],
		),
	);

	note("segments");
	const asset = uploads[0]?.asset ?? "";
	const paths = Array.from({ length: 6 }, (_, number) => `v1/assets/${asset}/tracks/base/segments/${number}.m4s`);
	const files = new Map<string, Uint8Array>();
	for (const path of paths) files.set(path, new Uint8Array(await (await fetch(`${edge.url}/${path}`)).arrayBuffer()));
	const size = Math.round([...files.values()].reduce((sum, { length }) => sum + length, 0) / files.size);
	const bare = await startBareRoute(size);
	const nginx = await startNginx(folder, files);
	const loads: [string, Load][] = [];
	try {
		const options = { connections: CONNECTIONS, count: REQUESTS };
		loads.push([
			"edge",
			await saturate(
				paths.map((path) => `${edge.url}/${path}`),
				{ ...options, pid: edge.pid },
			),
		]);
		loads.push(["bare Hono route", await saturate([`${bare.url}/segment`], { ...options, pid: bare.pid })]);
		if (nginx !== undefined) {
			loads.push([
				"nginx",
				await saturate(
					paths.map((path) => `${nginx.url}/${path}`),
					{ ...options, pid: nginx.pid },
				),
			]);
		}
		const rhythm = paths.map((path) => [`${edge.url}/${path}`, `${edge.url}/${path.replace("/base/", "/audio/")}`]);
		loads.push(["edge, 10 viewers", await watch(rhythm, { viewers: 10, seconds: 6, pid: edge.pid })]);
	} finally {
		await bare.stop();
		await nginx?.stop();
	}
	const own = loads[0]?.[1];
	if (own === undefined) throw new Error("nothing was measured");
	sections.push(
		`Segments of ${(size / 1000).toFixed(0)} kB on average, ${CONNECTIONS} connections, ${REQUESTS} requests; then 10 viewers that ask for a segment of two tracks every two seconds. Ratios are of requests a second and of CPU to the edge's:`,
		table(
			["", "requests/s", "p50 ms", "p99 ms", "CPU ms a request", "requests/s, ratio", "CPU, ratio"],
			loads.map(([name, load]) => [
				name,
				load.perSecond.toFixed(0),
				...[load.p50, load.p99, load.cpu].map(ms),
				...(name.startsWith("edge,") ? ["", ""] : [ms(load.perSecond / own.perSecond), ms(load.cpu / own.cpu)]),
			]),
		),
		...(nginx === undefined ? ["nginx is not installed here."] : []),
	);
	const report = sections.join("\n\n");
	console.log(report);
	await writeSection("load", report, RESULTS);
	if (cutting.checking + cutting.cutting > CUTTING_LIMIT) throw new Error("cutting costs too much");
} finally {
	await edge.stop();
	await rm(folder, { recursive: true });
}
