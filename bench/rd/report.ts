import { table } from "../results.ts";
import { bdRate, type RatePoint } from "./bd-rate.ts";
import type { CrescendoMeasurement } from "./measure-crescendo.ts";
import type { Measurement } from "./measure-opponent.ts";
import { msSsimDecibel } from "./metrics.ts";
import type { Opponent } from "./opponents.ts";

/** All measurements of one clip. */
export interface ClipResult {
	readonly name: string;
	readonly seconds: number;
	readonly crescendo: readonly CrescendoMeasurement[];
	/** H.264 at base size. */
	readonly quarter: readonly Measurement[];
	readonly opponents: readonly { readonly opponent: Opponent; readonly points: readonly Measurement[] }[];
}

/** What BD-rates are taken over. */
export const METRICS = [
	{ key: "psnrYuv", title: "PSNR-YUV 6:1:1" },
	{ key: "msSsim", title: "MS-SSIM" },
	{ key: "psnrY", title: "PSNR-Y" },
] as const;

type MetricKey = (typeof METRICS)[number]["key"];

/**
 * The section of the results, as Markdown.
 *
 * @param model name and id of the weights
 * @param frames where only the first so many of each clip were measured
 */
export function writeReport(results: readonly ClipResult[], model: string, frames?: number): string {
	return [
		"## Rate and quality",
		`\`npm run bench:rd\`${frames === undefined ? "" : `, **the first ${frames} frames of each clip only**`}. Bytes on disk of the whole file (base, enhancement, container) against the source; weights ${model}; closed GOP of two seconds for every encoder, one thread.`,
		"BD-rate in percent by piecewise cubic interpolation over the qualities that both encoders reach; negative: Crescendo needs fewer bits. In brackets the shared part of the opponent's range of quality where it is below 70 percent. MS-SSIM is compared as -10 log10(1 - MS-SSIM).",
		...METRICS.map(({ key, title }) => `### BD-rate, ${title}\n\n${bdTable(results, key)}`),
		`### The base alone\n\nBD-rate of the base against x264 veryfast zerolatency of the same pictures at the same size, a quarter of width and height: bytes of the samples, quality against the source at that size.\n\n${baseTable(results)}`,
		`### Every file of Crescendo\n\n${fileTable(results)}`,
		"Base: PSNR-Y of the base alone, enlarged four times bicubically. Shares of the file in percent.",
		`### Curves\n\n${results.map(({ name }) => `![${name}, PSNR-YUV](curves/${name}-psnrYuv.svg) ![${name}, MS-SSIM](curves/${name}-msSsim.svg)`).join("\n")}`,
	].join("\n\n");
}

function bdTable(results: readonly ClipResult[], key: MetricKey): string {
	const opponents = results[0]?.opponents.map(({ opponent }) => opponent) ?? [];
	const columns = opponents.map((opponent) =>
		results.map((result) => {
			const points = result.opponents.find((other) => other.opponent.name === opponent.name)?.points ?? [];
			return compare(curve(points, key), curve(result.crescendo, key));
		}),
	);
	const rows = results.map((result, i) => [result.name, ...columns.map((column) => column[i]?.text ?? "")]);
	return table(
		["clip", ...opponents.map(({ title }) => title)],
		[...rows, ["**overall**", ...columns.map(overallOf)]],
	);
}

function baseTable(results: readonly ClipResult[]): string {
	const keys = METRICS.map(({ key }) => key);
	const columns = keys.map((key) =>
		results.map(({ crescendo, quarter }) => {
			const bases = crescendo.map(({ setting, shares, base }) => ({ setting, bytes: shares.base, ...base }));
			return compare(curve(quarter, key), curve(bases, key));
		}),
	);
	const rows = results.map(({ name }, i) => [name, ...columns.map((column) => column[i]?.text ?? "")]);
	return table(["clip", ...METRICS.map(({ title }) => title)], [...rows, ["**overall**", ...columns.map(overallOf)]]);
}

/** The mean of a column, and of how many clips where not of all. */
function overallOf(column: readonly Compared[]): string {
	const numbers = column.flatMap(({ percent }) => (percent === undefined ? [] : [percent]));
	const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
	return numbers.length === column.length ? `**${signed(mean)}**` : `${signed(mean)} (${numbers.length} clips)`;
}

interface Compared {
	readonly text: string;
	readonly percent?: number;
}

function compare(reference: readonly RatePoint[], test: readonly RatePoint[]): Compared {
	try {
		const { percent, overlap } = bdRate(reference, test);
		return {
			text: overlap < 0.7 ? `${signed(percent)} (${Math.round(overlap * 100)}%)` : signed(percent),
			percent,
		};
	} catch (error) {
		if (error instanceof RangeError) return { text: "no overlap" };
		throw error;
	}
}

function curve(points: readonly Measurement[], key: MetricKey): RatePoint[] {
	return points.map((point) => ({
		rate: point.bytes,
		quality: key === "msSsim" ? msSsimDecibel(point.msSsim) : point[key],
	}));
}

function fileTable(results: readonly ClipResult[]): string {
	const head = [
		"clip, q",
		"kbit/s",
		"PSNR-Y",
		"PSNR-YUV",
		"MS-SSIM",
		"base PSNR-Y",
		"gain",
		"base",
		"motion",
		"latents",
		"headers",
		"container",
	];
	const rows = results.flatMap(({ name, seconds, crescendo }) =>
		crescendo.map((point) => {
			const { base, motion, latents, headers, container } = point.shares;
			return [
				`${name}, ${point.setting}`,
				((point.bytes * 8) / 1000 / seconds).toFixed(1),
				point.psnrY.toFixed(2),
				point.psnrYuv.toFixed(2),
				point.msSsim.toFixed(4),
				point.basePsnrY.toFixed(2),
				signed(point.psnrY - point.basePsnrY),
				...[base, motion, latents, headers, container].map((bytes) => ((100 * bytes) / point.bytes).toFixed(1)),
			];
		}),
	);
	return table(head, rows);
}

function signed(value: number): string {
	return `${value > 0 ? "+" : ""}${value.toFixed(1)}`;
}
