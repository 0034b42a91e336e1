import { createWebGpuExecutor } from "../model/webgpu-executor.ts";
import { GpuMotionSearch } from "../motion/gpu-search.ts";
import { MOTION_EFFORTS, MotionSearch } from "../motion/search.ts";
import { writeMotion } from "../motion/motion-bytes.ts";
import { type MotionField, MotionModels } from "../motion/syntax.ts";
import { warpLuma } from "../motion/warp.ts";
import { FOLDED_PLANES, foldPicture } from "../picture/fold.ts";
import type { Picture } from "../picture/picture.ts";
import { testPicture } from "../picture/test-pictures.ts";
import { CpuFrameAnalysis } from "./cpu-frame-analysis.ts";
import { frameGeometry } from "./geometry.ts";
import { GpuFrameAnalysis } from "./gpu-frame-analysis.ts";

/** For tests: runs inside a page, called from Node. Everything that crosses is plain JSON. */

const executor = await createWebGpuExecutor();

/** What both analyses say of a test picture. */
const analyse = async (width: number, height: number) => {
	const geometry = frameGeometry(width, height);
	const { width: columns, height: rows, cells } = geometry.grid4;
	const samples = (offset: number, spread: number) =>
		Float32Array.from({ length: FOLDED_PLANES * cells }, (_, i) => offset + ((i * 37 + (i >> 5) * 11) % spread));
	const shape = [1, FOLDED_PLANES, rows, columns] as const;
	const [coded, copied] = [executor.upload(samples(0, 256), shape), executor.upload(samples(-128, 251), shape)];
	const results: { detail: number[]; added: number[]; folded: number[] }[] = [];
	for (const Analysis of [CpuFrameAnalysis, GpuFrameAnalysis]) {
		const analysis = new Analysis(executor, geometry, MOTION_EFFORTS.normal);
		analysis.take(testPicture(width, height, 5));
		results.push({
			detail: [...(await analysis.detail())],
			added: [
				...(await analysis.addedErrors(coded, copied, 0)),
				...(await analysis.addedErrors(copied, copied, 128)),
			],
			folded: [...(await executor.download(analysis.folded))],
		});
		analysis.dispose();
	}
	return results;
};

/** Error + lambda * bits of a field. */
const costOf = (current: Uint8Array, reference: Uint8Array, field: MotionField, bytes: number, lambda: number) => {
	const predicted = new Uint8Array(current.length);
	warpLuma(reference, field.toBlockMotion(), predicted);
	return current.reduce((sum, s, i) => sum + (s - (predicted[i] as number)) ** 2, 0) + lambda * 8 * bytes;
};

const toFolded = (y: Uint8Array, width: number, height: number, offset: number) => {
	const chroma = new Uint8Array((width * height) / 4);
	const picture: Picture = { width, height, y, u: chroma, v: chroma, timestamp: 0 };
	return executor.upload(foldPicture(picture, offset), [1, FOLDED_PLANES, height / 4, width / 4]);
};

/** Costs of both searches over some pictures, each looked for in the one before. @param planes luma of the coded size */
const search = async (
	width: number,
	height: number,
	planes: readonly (readonly number[])[],
	lambda: number,
	effort: keyof typeof MOTION_EFFORTS,
) => {
	const lumas = planes.map((plane) => Uint8Array.from(plane));
	const processor = new MotionSearch(width, height, MOTION_EFFORTS[effort]);
	const gpu = new GpuMotionSearch(executor, width, height, MOTION_EFFORTS[effort]);
	const models = { processor: new MotionModels(), gpu: new MotionModels() };
	const total = { still: 0, processor: 0, gpu: 0 };
	const vectors: number[][] = [];
	for (let t = 1; t < lumas.length; t++) {
		const [current, reference] = [lumas[t] as Uint8Array, lumas[t - 1] as Uint8Array];
		const source = toFolded(current, width, height, -128);
		const picture = toFolded(reference, width, height, 0);
		gpu.load(picture);
		const fields = {
			processor: processor.search({ current, reference, models: models.processor, lambda }),
			gpu: await gpu.search(source, models.gpu, lambda),
		};
		for (const which of ["processor", "gpu"] as const) {
			const { length } = writeMotion(fields[which], models[which]);
			total[which] += costOf(current, reference, fields[which], length, lambda);
		}
		total.still += current.reduce((sum, s, i) => sum + (s - (reference[i] as number)) ** 2, 0);
		vectors.push([...fields.gpu.vectors]);
		source.dispose();
		picture.dispose();
	}
	gpu.forget();
	return { total, vectors };
};

const bench = { analyse, search };
export type AnalysisBench = typeof bench;
Object.assign(globalThis, { bench });
