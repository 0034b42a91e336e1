import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sample } from "../../codec/sample.ts";
import { table, writeSection } from "../results.ts";
import { BenchClient } from "./client.ts";
import { type ClipTrack, makeClip } from "./clip.ts";
import { type CuttingCost, measureCutting } from "./cutting.ts";
import { startNginx } from "./nginx.ts";
import { cpuSeconds, type Runtime, startBareRoute, startEdge } from "./runtime.ts";
import { type Load, quantile, saturate, together, watch } from "./viewers.ts";

/**
 * `node bench/edge/load.ts`: what the edge costs, on loopback, in a minute or two: cutting, uploads side by side, and segments delivered, next
 * to a Worker that is one Hono route and to nginx with the same files. Fails where cutting is above what the edge promises.
 */
const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));
const CONNECTIONS = 8;
/** Each server is asked in so many rounds, the order turned round each time. */
const ROUNDS = 4;
const REQUESTS = 100;
const UPLOADS = 3;
const VIEWERS = 10;
const CUTTING_LIMIT = 5;

const split = (samples: readonly Sample[], count: number): Sample[][] =>
	Array.from({ length: Math.ceil(samples.length / count) }, (_, index) =>
		samples.slice(index * count, (index + 1) * count),
	);

/** Uploads a clip in parts of so many pictures; answers the asset and how long each part took. */
const upload = async (
	client: BenchClient,
	tracks: readonly ClipTrack[],
	pictures = 25,
): Promise<{ asset: string; times: number[] }> => {
	const asset = await client.create(tracks);
	const times: number[] = [];
	const counts = new Map<string, number>();
	const [seconds = 1] = tracks.map(({ samples }) => samples.length / pictures);
	const parts = tracks.flatMap(({ id, samples }) =>
		split(samples, Math.ceil(samples.length / seconds)).map((part, number) => ({ id, number, part })),
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

const cuttingSection = ({ checking, cutting, digest }: CuttingCost): string[] => [
	"CPU for a MB of media, in Node on the code that the Worker runs; the digest is the Worker's, the rest the Durable Object's:",
	table(
		["checking and framing, ms", "cutting into segments, ms", "SHA-256, ms"],
		[[ms(checking), ms(cutting), ms(digest)]],
	),
];

const uploadSection = async (edge: Runtime, client: BenchClient, clip: readonly ClipTrack[]) => {
	const [start, cpu] = [performance.now(), await cpuSeconds(edge.pid)];
	const uploads = await Promise.all(Array.from({ length: UPLOADS }, () => upload(client, clip)));
	const seconds = (performance.now() - start) / 1000;
	const spent = (await cpuSeconds(edge.pid)) - cpu;
	const times = uploads.flatMap((entry) => entry.times);
	const megabytes = (UPLOADS * sizeOf(clip)) / 1e6;
	const values = [megabytes / seconds, times.length / seconds, quantile(times, 0.5), quantile(times, 0.99)];
	const section = [
		`${UPLOADS} uploads of ${mebibytes(sizeOf(clip))} MiB side by side (CPU is that of the whole local runtime, its simulated R2, SQLite and D1 included):`,
		table(
			["MB/s", "parts/s", "p50 ms", "p99 ms", "CPU ms for a MB"],
			[[...values, (spent * 1000) / megabytes].map(ms)],
		),
	];
	return { section, asset: uploads[0]?.asset ?? "" };
};

const deliverySection = async (edge: Runtime, asset: string, folder: string): Promise<string[]> => {
	const paths = Array.from({ length: 6 }, (_, number) => `v1/assets/${asset}/tracks/base/segments/${number}.m4s`);
	const files = new Map<string, Uint8Array>();
	for (const path of paths) files.set(path, new Uint8Array(await (await fetch(`${edge.url}/${path}`)).arrayBuffer()));
	const size = Math.round([...files.values()].reduce((sum, { length }) => sum + length, 0) / files.size);
	const bare = await startBareRoute(size);
	const nginx = await startNginx(folder, files);
	try {
		const servers: { name: string; pid: number; urls: string[]; loads: Load[] }[] = [
			{ name: "edge", pid: edge.pid, urls: paths.map((path) => `${edge.url}/${path}`), loads: [] },
			{ name: "bare Hono route", pid: bare.pid, urls: [`${bare.url}/segment`], loads: [] },
		];
		if (nginx !== undefined) {
			servers.push({
				name: "nginx",
				pid: nginx.pid,
				urls: paths.map((path) => `${nginx.url}/${path}`),
				loads: [],
			});
		}
		for (let round = 0; round < ROUNDS; round++) {
			const options = { connections: CONNECTIONS, count: REQUESTS };
			for (const { urls, pid, loads } of round % 2 === 0 ? servers : servers.toReversed())
				loads.push(await saturate(urls, { ...options, pid }));
		}
		const loads: [string, Load][] = servers.map((server) => [server.name, together(server.loads)]);
		const own = together(servers[0]?.loads ?? []);
		const rhythm = paths.map((path) => [`${edge.url}/${path}`, `${edge.url}/${path.replace("/base/", "/audio/")}`]);
		const viewers = await watch(rhythm, { viewers: VIEWERS, seconds: 12, pid: edge.pid });
		const columns = ({ perSecond, p50, p99, cpu }: Load) => [perSecond.toFixed(0), ...[p50, p99, cpu].map(ms)];
		return [
			`Segments of ${(size / 1000).toFixed(0)} kB on average, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${REQUESTS} requests to each server, their order turned round each time; then ${VIEWERS} viewers that ask for a segment of two tracks every two seconds. Ratios are of requests a second and of CPU to the edge's:`,
			table(
				["", "requests/s", "p50 ms", "p99 ms", "CPU ms a request", "requests/s, ratio", "CPU, ratio"],
				[
					...loads.map(([name, load]) => [
						...[name, ...columns(load)],
						...[ms(load.perSecond / own.perSecond), ms(load.cpu / own.cpu)],
					]),
					[`edge, ${VIEWERS} viewers`, ...columns(viewers), "", ""],
				],
			),
			...(nginx === undefined ? ["nginx is not installed here."] : []),
		];
	} finally {
		await bare.stop();
		await nginx?.stop();
	}
};

const folder = await mkdtemp(join(tmpdir(), "crescendo-load-"));
const edge = await startEdge();
const note = (text: string): void => void process.stderr.write(`${text}\n`);
try {
	const client = new BenchClient(edge);
	const clip = await makeClip({ seconds: 12, kilobits: 3000, gopSeconds: 2 });
	note("cutting");
	const cutting = await measureCutting(6);
	note("uploads");
	const uploads = await uploadSection(edge, client, clip);
	note("segments");
	const delivery = await deliverySection(edge, uploads.asset, folder);
	const report = [
		"## Cost of the edge",
		"`node bench/edge/load.ts`, client and servers on one machine: compare columns, not machines.",
		...cuttingSection(cutting),
		...uploads.section,
		...delivery,
	].join("\n\n");
	console.log(report);
	await writeSection("load", report, RESULTS);
	if (cutting.checking + cutting.cutting > CUTTING_LIMIT) throw new Error("cutting costs too much");
} finally {
	await edge.stop();
	await rm(folder, { recursive: true });
}
