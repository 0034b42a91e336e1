import { createWebGpuExecutor } from "../model/webgpu-executor.ts";
import { GpuPictures } from "./gpu-pictures.ts";
import type { Picture } from "./picture.ts";
import { testPicture } from "./test-pictures.ts";

/** For tests: runs inside a page, called from Node. Everything that crosses is plain JSON. */

export type Planes = {
	readonly width: number;
	readonly height: number;
	readonly planes: readonly (readonly number[])[];
};
type Size = readonly [width: number, height: number];

const executor = await createWebGpuExecutor();
const pictures = new GpuPictures(executor);

const toJson = ({ width, height, y, u, v }: Picture): Planes => ({
	width,
	height,
	planes: [y, u, v].map((plane) => [...plane]),
});

/** A test picture there and back, at base size, at another size, and folded. */
const derive = async ([width, height]: Size, [toWidth, toHeight]: Size, coded: { width: number; height: number }) => {
	const picture = pictures.upload(testPicture(width, height, 3));
	const resized = pictures.resize(picture, toWidth, toHeight);
	const folded = pictures.fold(picture, coded);
	const result = {
		same: toJson(await pictures.download(picture)),
		base: toJson(await pictures.downscale(picture)),
		resized: toJson(await pictures.download(resized)),
		folded: [...(await executor.download(folded))],
	};
	resized.release();
	folded.dispose();
	picture.release();
	return result;
};

export type FrameRequest = {
	readonly format: "RGBX" | "I420" | "NV12";
	readonly size: Size;
	readonly bytes: readonly number[];
	/** Of the frame's own samples. */
	readonly colour: VideoColorSpaceInit;
	readonly matrix: "pixels" | { readonly red: number; readonly blue: number };
	readonly rotation: 0 | 90 | 180 | 270;
	readonly flip: boolean;
};

/** The picture that is made of a video frame. */
const convert = async ({ format, size, bytes, colour, matrix, rotation, flip }: FrameRequest) => {
	const [codedWidth, codedHeight] = size;
	const init = { format, codedWidth, codedHeight, timestamp: 7, colorSpace: colour };
	const frame = new VideoFrame(Uint8Array.from(bytes), init);
	const sideways = rotation % 180 !== 0;
	const [width, height] = sideways ? [codedHeight, codedWidth] : size;
	const picture = pictures.fromFrame(frame, { width, height, rotation, flip, matrix, timestamp: 7 });
	frame.close();
	const result = toJson(await pictures.download(picture));
	picture.release();
	return result;
};

const bench = { derive, convert };
export type PictureBench = typeof bench;
Object.assign(globalThis, { bench });
