/**
 * Fits the rule by which the SDK gives the base its rate (`sdk/stages/base-rate.ts`): for each clip, size and CRF it searches the
 * rate at which Chromium's H.264 encoder has the PSNR that x264 has at that CRF, and lays a plane through the logarithms.
 *
 *     node bench/base-rate.ts CLIP...
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { decodeAll, encodeAll } from "../codec/base/base-codec.ts";
import { FfmpegBaseDecoder, FfmpegBaseEncoder } from "../codec/base/ffmpeg-base.ts";
import { measurePsnr } from "../codec/picture/quality.ts";
import type { Picture } from "../codec/picture/picture.ts";
import { readY4m } from "../codec/picture/y4m.ts";
import type { Sample } from "../codec/sample.ts";
import { bitrateFor, detailOf } from "../sdk/stages/base-rate.ts";
import { openBrowser } from "../sdk/testing/browser.ts";
import type { BrowserBench } from "../sdk/testing/browser.ts";

const CRFS = [24, 30, 33, 35];
const SECONDS = 2;
/** A base of an enhanced video is a quarter of its size; one that stands alone has half of these clips' size or more. */
const SHARES = [4, 2];
/** Where the encoder gives so much more than it was asked for, its rate control has lost its way. */
const TOO_MUCH = 1.3;

type Point = { readonly crf: number; readonly detail: number; readonly samples: number; readonly log: number };

const COLOUR = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };

async function* once<T>(item: T): AsyncGenerator<T> {
	yield item;
}

const gather = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
	const all: T[] = [];
	for await (const item of items) all.push(item);
	return all;
};

const readBase = async (clip: string, share: number) => {
	const scale = `scale=trunc(iw/${share}/2)*2:trunc(ih/${share}/2)*2:flags=bicubic`;
	const output = ["-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"];
	const options = { maxBuffer: 2 ** 30 };
	const y4m = execFileSync(
		"ffmpeg",
		["-v", "error", "-i", clip, "-t", String(SECONDS), "-vf", scale, ...output],
		options,
	);
	const { format, pictures } = await readY4m(once(new Uint8Array(y4m)));
	return { rate: format.rate, pictures: await gather(pictures) };
};

const psnrOf = (sources: readonly Picture[], decoded: readonly Picture[]): number =>
	sources.reduce((sum, source, i) => sum + measurePsnr(source, decoded[i] ?? source).yuv, 0) / sources.length;

/** Points of one clip at one size. */
const measureClip = async (clip: string, share: number, folder: string, bench: BrowserBench): Promise<Point[]> => {
	const { rate, pictures } = await readBase(clip, share);
	const [first] = pictures;
	if (first === undefined) throw new Error(`${clip} has no pictures`);
	const { width, height } = first;
	const framesPerSecond = rate.numerator / rate.denominator;
	const samples = width * height * framesPerSecond;
	writeFileSync(join(folder, "base.yuv"), Buffer.concat(pictures.flatMap(({ y, u, v }) => [y, u, v])));
	const common = { width, height, frameRate: rate, colour: COLOUR, keyInterval: pictures.length };
	const bitrates = Array.from({ length: 9 }, (_, i) => Math.round(samples * 0.012 * 2 ** (0.75 * i)));
	const curve = await bench.page.evaluate(
		([shape, wanted]) => globalThis.bench.measureBase("/fixtures/base.yuv", shape, wanted),
		[{ ...common, count: pictures.length }, bitrates] as const,
	);
	const detail = detailOf(first);
	const points: Point[] = [];
	for (const crf of CRFS) {
		const encoder = new FfmpegBaseEncoder({ ...common, rate: { crf } });
		const coded: Sample[] = await gather(encodeAll(encoder, pictures));
		const decoder = new FfmpegBaseDecoder(await encoder.track());
		const target = psnrOf(pictures, await gather(decodeAll(decoder, coded)));
		const name = `${basename(clip)} ${width}x${height} crf ${crf}, detail ${detail.toFixed(2)}: ${target.toFixed(2)} dB`;
		const after = curve.findIndex(({ psnr }) => psnr >= target);
		const [low, high] = [curve[after - 1], curve[after]];
		if (low === undefined || high === undefined || low.actual > TOO_MUCH * low.bitrate) {
			console.log(`${name} is out of reach`);
			continue;
		}
		const way = (target - low.psnr) / (high.psnr - low.psnr);
		const bits = low.bitrate * (high.bitrate / low.bitrate) ** way;
		const x264 = (coded.reduce((sum, { data }) => sum + data.length, 0) * 8) / SECONDS;
		const rule = bitrateFor({ crf, detail, width, height, framesPerSecond });
		const [theirs, here, ruled] = [x264, bits, rule].map((each) => Math.round(each / 1000));
		console.log(`${name} with ${theirs} kbit/s by x264, ${here} here, ${ruled} by the rule`);
		points.push({ crf, detail, samples: width * height, log: Math.log2(bits / samples) });
	}
	return points;
};

/** Solves the normal equations by elimination. */
const leastSquares = (rows: readonly (readonly number[])[], values: readonly number[]): number[] => {
	const size = rows[0]?.length ?? 0;
	const matrix = Array.from({ length: size }, (_, i) => [
		...Array.from({ length: size }, (_, j) => rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0)),
		rows.reduce((sum, row, k) => sum + (row[i] ?? 0) * (values[k] ?? 0), 0),
	]);
	for (let i = 0; i < size; i++) {
		const pivot = matrix[i] ?? [];
		for (let j = 0; j < size; j++) {
			const row = matrix[j] ?? [];
			const factor = j === i ? 0 : (row[i] ?? 0) / (pivot[i] ?? 1);
			for (let k = 0; k <= size; k++) row[k] = (row[k] ?? 0) - factor * (pivot[k] ?? 0);
		}
	}
	return matrix.map((row, i) => (row[size] ?? 0) / (row[i] ?? 1));
};

const main = async (clips: readonly string[]): Promise<void> => {
	const folder = mkdtempSync(join(tmpdir(), "crescendo-base-rate-"));
	const bench = await openBrowser(folder);
	const points: Point[] = [];
	try {
		for (const clip of clips) {
			for (const share of SHARES) points.push(...(await measureClip(clip, share, folder, bench)));
		}
	} finally {
		await bench.close();
		rmSync(folder, { recursive: true, force: true });
	}
	const rows = points.map(({ detail, crf, samples }) => [1, Math.log2(detail), crf, Math.log2(samples)]);
	const fit = leastSquares(
		rows,
		points.map(({ log }) => log),
	);
	const [constant, detail, crf, samples] = fit.map((value) => Number(value.toFixed(3)));
	const errors = rows.map(
		(row, i) => row.reduce((sum, value, j) => sum + value * (fit[j] ?? 0), 0) - (points[i]?.log ?? 0),
	);
	const mean = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
	const worst = Math.max(...errors.map(Math.abs));
	console.log(JSON.stringify({ constant, detail, crf, samples }));
	console.log(`${points.length} points: error ${mean.toFixed(2)} octaves, the worst ${worst.toFixed(2)}`);
};

await main(process.argv.slice(2));
