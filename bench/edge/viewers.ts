import { Agent, get } from "node:http";
import { cpuSeconds } from "./runtime.ts";

/** How requests went. Times in milliseconds; CPU of the server in milliseconds for one request. */
export type Load = {
	readonly perSecond: number;
	readonly p50: number;
	readonly p99: number;
	readonly cpu: number;
	/** Of each request, milliseconds. */
	readonly times: readonly number[];
};

/** Rounds of the same as one: the median of their rates, quantiles over all of their requests. */
export const together = (rounds: readonly Load[]): Load => {
	const times = rounds.flatMap((round) => round.times);
	return {
		perSecond: quantile(
			rounds.map(({ perSecond }) => perSecond),
			0.5,
		),
		p50: quantile(times, 0.5),
		p99: quantile(times, 0.99),
		cpu: rounds.reduce((sum, { cpu }) => sum + cpu, 0) / rounds.length,
		times,
	};
};

/** Reads an answer to its end. Fails for any status but 200 and any length but what it says. */
const fetchWhole = (agent: Agent, url: string): Promise<number> =>
	new Promise((resolve, reject) => {
		get(url, { agent }, (response) => {
			let bytes = 0;
			response.on("data", (chunk: Buffer) => {
				bytes += chunk.length;
			});
			response.on("error", reject);
			response.on("end", () => {
				const said = response.headers["content-length"];
				if (response.statusCode !== 200 || (said !== undefined && Number(said) !== bytes)) {
					reject(new Error(`${url}: ${response.statusCode}, ${bytes} bytes`));
				} else resolve(bytes);
			});
		}).on("error", reject);
	});

/** As many requests as `connections` can do one after the other, `count` in all. */
export const saturate = async (
	urls: readonly string[],
	{ connections, count, pid }: { readonly connections: number; readonly count: number; readonly pid: number },
): Promise<Load> => {
	const agent = new Agent({ keepAlive: true, maxSockets: connections });
	for (const url of urls) await fetchWhole(agent, url);
	const times: number[] = [];
	let next = 0;
	const [start, cpu] = [performance.now(), await cpuSeconds(pid)];
	const client = async (): Promise<void> => {
		while (next < count) {
			const url = urls[next++ % urls.length];
			if (url === undefined) return;
			const begun = performance.now();
			await fetchWhole(agent, url);
			times.push(performance.now() - begun);
		}
	};
	await Promise.all(Array.from({ length: connections }, client));
	const seconds = (performance.now() - start) / 1000;
	const spent = (await cpuSeconds(pid)) - cpu;
	agent.destroy();
	return {
		perSecond: count / seconds,
		p50: quantile(times, 0.5),
		p99: quantile(times, 0.99),
		cpu: (spent * 1000) / count,
		times,
	};
};

/** Viewers that ask for a segment of every track every two seconds, each beginning at a time of its own. */
export const watch = async (
	segments: readonly (readonly string[])[],
	{ viewers, seconds, pid }: { readonly viewers: number; readonly seconds: number; readonly pid: number },
): Promise<Load> => {
	const agent = new Agent({ keepAlive: true });
	const times: number[] = [];
	const [start, cpu] = [performance.now(), await cpuSeconds(pid)];
	const viewer = async (index: number): Promise<void> => {
		for (let due = (2000 * index) / viewers, number = 0; due < seconds * 1000; due += 2000, number++) {
			await new Promise((resolve) => {
				setTimeout(resolve, Math.max(0, start + due - performance.now()));
			});
			const urls = segments[number % segments.length] ?? [];
			await Promise.all(
				urls.map(async (url) => {
					const begun = performance.now();
					await fetchWhole(agent, url);
					times.push(performance.now() - begun);
				}),
			);
		}
	};
	await Promise.all(Array.from({ length: viewers }, (_, index) => viewer(index)));
	const spent = (await cpuSeconds(pid)) - cpu;
	agent.destroy();
	const perSecond = times.length / ((performance.now() - start) / 1000);
	return {
		perSecond,
		p50: quantile(times, 0.5),
		p99: quantile(times, 0.99),
		cpu: (spent * 1000) / times.length,
		times,
	};
};

/** The value that this share of the values does not exceed. */
export const quantile = (values: readonly number[], share: number): number =>
	values.toSorted((left, right) => left - right)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
	Number.NaN;
