import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bdRate } from "./bd-rate.ts";
import type { ResultCache } from "./cache.ts";
import { type CrescendoMeasurement, measureCrescendo } from "./measure-crescendo.ts";
import { msSsimDecibel } from "./metrics.ts";
import { probe } from "./video.ts";

/** One way to encode, next to others. */
export type Variant = {
	readonly title: string;
	/** Flags of `crescendo encode` at an enhancement quality. */
	readonly flags: (q: number) => readonly string[];
};

/** What variants are compared on. */
export type Comparison = {
	/** Paths of the clips. */
	readonly clips: readonly string[];
	/** Enhancement qualities; a curve needs three at least. */
	readonly qualities: readonly number[];
	/** First frames of each clip. */
	readonly frames: number;
	/** Of the codec: what was measured with another is measured again. */
	readonly version: string;
	readonly cache: ResultCache;
};

/** The curve of every clip. */
export type Curves = readonly (readonly CrescendoMeasurement[])[];

/** Paths of the clips in `folder` whose names begin with one of `names`, in order. */
export async function clipsNamed(folder: string, names: readonly string[]): Promise<string[]> {
	const files = await readdir(folder);
	return files
		.filter((file) => names.some((name) => file.startsWith(name)))
		.toSorted()
		.map((file) => join(folder, file));
}

/** Real files of one variant, through the command line tool. */
export async function measureVariant(variant: Variant, on: Comparison): Promise<Curves> {
	const curves: CrescendoMeasurement[][] = [];
	for (const clip of on.clips) {
		const facts = await probe(clip);
		const points: CrescendoMeasurement[] = [];
		for (const q of on.qualities) {
			const flags = variant.flags(q);
			points.push(...(await measureCrescendo(clip, facts, [q], on.version, on.cache, on.frames, flags)));
		}
		curves.push(points);
	}
	return curves;
}

/** Rate at equal quality against `reference`, mean of the clips, in percent: PSNR-YUV and MS-SSIM. */
export function gainOver(reference: Curves, variant: Curves): { readonly psnrYuv: number; readonly msSsim: number } {
	const mean = (quality: (point: CrescendoMeasurement) => number): number => {
		const curve = (points: readonly CrescendoMeasurement[] = []) =>
			points.map((point) => ({ rate: point.bytes, quality: quality(point) }));
		const rates = variant.map((points, i) => bdRate(curve(reference[i]), curve(points)).percent);
		return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
	};
	return { psnrYuv: mean((point) => point.psnrYuv), msSsim: mean((point) => msSsimDecibel(point.msSsim)) };
}

/** With its sign and one decimal. */
export const signedPercent = (percent: number): string => `${percent >= 0 ? "+" : ""}${percent.toFixed(1)} %`;
