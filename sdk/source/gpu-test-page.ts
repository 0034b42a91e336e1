import { VideoSample } from "mediabunny";
import { createWebGpuExecutor } from "../../codec/model/webgpu-executor.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { GpuPath } from "./gpu-path.ts";
import { MemoryPath } from "./picture-path.ts";
import type { PicturePath } from "./picture-path.ts";

/** For tests: runs inside a page, called from Node. Everything that crosses is plain JSON. */

const executor = await createWebGpuExecutor();

const [WIDTH, HEIGHT] = [48, 32];

/** A frame as a hardware decoder gives it, of colours that RGB has. @param contrast of its chroma from sample to sample, in code values */
const pairsFrame = (contrast: number, level: number): VideoFrame => {
	const luma = WIDTH * HEIGHT;
	const data = new Uint8Array(1.5 * luma);
	for (let i = 0; i < luma; i++) {
		data[i] = level + 30 * Math.sin((i % WIDTH) / 9) + 20 * Math.cos(Math.floor(i / WIDTH) / 7);
	}
	for (let i = 0; i < luma / 2; i++) {
		const [x, y] = [Math.floor((i % WIDTH) / 2), Math.floor(i / WIDTH)];
		data[luma + i] = 120 + x - (i % 2) * y + (((x + y) & 1) === 0 ? contrast : -contrast);
	}
	const colorSpace = { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false } as const;
	return new VideoFrame(data, { format: "NV12", codedWidth: WIDTH, codedHeight: HEIGHT, timestamp: 5, colorSpace });
};

const distance = (left: Picture, right: Picture): number =>
	(["y", "u", "v"] as const).reduce((worst, plane) => {
		const other = right[plane];
		return left[plane].reduce((most, sample, i) => Math.max(most, Math.abs(sample - (other[i] ?? 999))), worst);
	}, 0);

/** How far pictures of the GPU's way are from those of memory: each as it is, at base size, and smaller; the worst of three frames. */
const compare = async (contrast: number): Promise<readonly number[]> => {
	const [gpu, memory]: PicturePath[] = [new GpuPath(executor), new MemoryPath()];
	const worst = [0, 0, 0];
	for (const level of [100, 110, 120]) {
		const sample = new VideoSample(pairsFrame(contrast, level));
		const pictures: Picture[][] = [];
		for (const path of [gpu, memory]) {
			const picture = await path?.take(sample, 5);
			if (path === undefined || picture === undefined) {
				continue;
			}
			const small = path.scale(picture, 34, 22);
			pictures.push([await path.planes(picture), await path.downscale(picture), await path.planes(small)]);
		}
		sample.close();
		const [here, there] = pictures;
		for (const [i, picture] of (here ?? []).entries()) {
			const other = there?.[i];
			worst[i] = Math.max(worst[i] ?? 0, other === undefined ? 999 : distance(picture, other));
		}
	}
	return worst;
};

const bench = { compare };
export type PathBench = typeof bench;
Object.assign(globalThis, { bench });
