/// <reference types="@webgpu/types" />
import type { DeviceTensor } from "../model/executor.ts";
import type { GpuConstants, GpuProgram } from "../model/gpu-programs.ts";
import type { WebGpuExecutor } from "../model/webgpu-executor.ts";
import { downscaleShader } from "./downscale.wgsl.ts";
import { FOLDED_PLANES } from "./fold.ts";
import { foldShader } from "./fold.wgsl.ts";
import { framePlanesShader } from "./frame-planes.wgsl.ts";
import { geometryOf } from "./geometry.ts";
import { GpuPicture } from "./gpu-picture.ts";
import { packedLayout, packPicture, unpackPicture } from "./packed-planes.ts";
import type { Picture } from "./picture.ts";
import { Resizer, type Taps } from "./resize.ts";
import { resizeShader } from "./resize.wgsl.ts";

const FRAME_PLANES: GpuProgram = { name: "frame planes", code: framePlanesShader, bindings: ["frame", "write"] };
const RESIZE: GpuProgram = { name: "resize", code: resizeShader, bindings: ["read", "read", "write"] };
const DOWNSCALE: GpuProgram = { name: "downscale", code: downscaleShader, bindings: ["read", "write"] };
const FOLD: GpuProgram = { name: "fold", code: foldShader, bindings: ["read", "write"] };

/** Of all shaders here, in x and y. */
const WORKGROUP = 8;
const PLANES = 3;

/** How the samples of a frame become a picture. */
export type FrameReading = {
	/** Size of the picture, as it is shown. */
	readonly width: number;
	readonly height: number;
	/** Degrees clockwise by which the frame is turned, then mirrored left to right if `flip`. */
	readonly rotation: 0 | 90 | 180 | 270;
	readonly flip: boolean;
	/** The matrix of the frame's samples, by its weights of red and blue in luma; `pixels` for frames of 8-bit RGB. */
	readonly matrix: "pixels" | { readonly red: number; readonly blue: number };
	/** Microseconds. */
	readonly timestamp: number;
};

type Size = { readonly width: number; readonly height: number };
type Labelled = Size & { readonly timestamp: number };
/** One direction of a change of size. */
type ResizePass = { readonly taps: GPUBuffer; readonly constants: GpuConstants };

/** Makes pictures on the GPU of an executor, and reads them there. All but colours of frames is exact: equal to the same on a CPU. */
export class GpuPictures {
	private readonly executor: WebGpuExecutor;
	/** Taps of the sizes seen so far, on the GPU as long as the device lives. */
	private readonly resizes = new Map<string, readonly [ResizePass, ResizePass]>();

	constructor(executor: WebGpuExecutor) {
		this.executor = executor;
	}

	/** Brings planes to the GPU: 1.5 bytes for a pixel. */
	upload(picture: Picture): GpuPicture {
		const { programs } = this.executor;
		return new GpuPicture(picture, programs.upload(packPicture(picture)), programs.pool);
	}

	/** The picture of a frame, converted where the frame is. The frame may be closed afterwards. */
	fromFrame(frame: VideoFrame, reading: FrameReading): GpuPicture {
		const { width, height, rotation, flip, matrix } = reading;
		const { device } = this.executor;
		const { red, blue } = matrix === "pixels" ? { red: 0, blue: 0 } : matrix;
		const constants = {
			...{ TO_WIDTH: width, TO_HEIGHT: height, PIXELS: matrix === "pixels" ? 1 : 0, RED: red, BLUE: blue },
			...{ TURN: rotation / 90, FLIP: flip ? 1 : 0 },
		};
		const external = device.importExternalTexture({ source: frame, colorSpace: "srgb" });
		return this.make(FRAME_PLANES, constants, [external], reading);
	}

	/** The picture at another size, as `Resizer` makes it. The picture stays. */
	resize(picture: GpuPicture, width: number, height: number): GpuPicture {
		const { timestamp } = picture;
		const [columns, rows] = this.passes(picture, { width, height });
		const narrow = this.resizeOne(picture, columns, { width, height: picture.height, timestamp });
		const result = this.resizeOne(narrow, rows, { width, height, timestamp });
		narrow.release();
		return result;
	}

	/** The picture at base size, as `downscalePicture` makes it, read back. The picture stays. */
	async downscale(picture: GpuPicture): Promise<Picture> {
		const { baseWidth, baseHeight } = geometryOf(picture.width, picture.height);
		const constants = { ...sizeOf(picture), TO_WIDTH: baseWidth, TO_HEIGHT: baseHeight };
		const size = { width: baseWidth, height: baseHeight, timestamp: picture.timestamp };
		const small = this.make(DOWNSCALE, constants, [picture.buffer], size);
		try {
			return await this.download(small);
		} finally {
			small.release();
		}
	}

	/** Reads a picture back: 1.5 bytes for a pixel. The picture stays. */
	async download({ width, height, timestamp, buffer }: GpuPicture): Promise<Picture> {
		const bytes = await this.executor.read(buffer, packedLayout(width, height).bytes);
		return unpackPicture(new Uint8Array(bytes), width, height, timestamp);
	}

	/** The picture extended to the coded size and folded, `s - 128`: as `foldPicture`, `[1, 24, height/4, width/4]`. The picture stays. */
	fold(picture: GpuPicture, coded: Size): DeviceTensor {
		const [columns, rows] = [coded.width / 4, coded.height / 4];
		const { programs } = this.executor;
		const result = programs.pool.take(4 * FOLDED_PLANES * columns * rows);
		programs.run(
			FOLD,
			{ ...sizeOf(picture), COLUMNS: columns, ROWS: rows },
			[picture.buffer, result],
			[Math.ceil(columns / WORKGROUP), Math.ceil(rows / WORKGROUP), FOLDED_PLANES],
		);
		return this.executor.wrap(result, [1, FOLDED_PLANES, rows, columns]);
	}

	private resizeOne(picture: GpuPicture, { taps, constants }: ResizePass, to: Labelled): GpuPicture {
		const sizes = { ...sizeOf(picture), TO_WIDTH: to.width, TO_HEIGHT: to.height };
		return this.make(RESIZE, { ...sizes, ...constants }, [picture.buffer, taps], to);
	}

	/** Both directions of a change of size. */
	private passes(from: Size, to: Size): readonly [ResizePass, ResizePass] {
		const key = `${from.width}x${from.height} ${to.width}x${to.height}`;
		let passes = this.resizes.get(key);
		if (passes === undefined) {
			const { luma, chroma } = new Resizer(from.width, from.height, to.width, to.height);
			passes = [this.pass(luma[0], chroma[0], 0), this.pass(luma[1], chroma[1], 1)];
			this.resizes.set(key, passes);
		}
		return passes;
	}

	private pass(luma: Taps, chroma: Taps, vertical: 0 | 1): ResizePass {
		const chromaFirst = luma.first.length * (luma.count + 1);
		const words = new Int32Array(chromaFirst + chroma.first.length * (chroma.count + 1));
		layTaps(luma, words, 0);
		layTaps(chroma, words, chromaFirst);
		const counts = { LUMA_TAPS: luma.count, CHROMA_TAPS: chroma.count, CHROMA_FIRST: chromaFirst };
		return { taps: this.executor.programs.upload(words), constants: { VERTICAL: vertical, ...counts } };
	}

	/** Runs a program that writes a packed picture. */
	private make(
		program: GpuProgram,
		constants: GpuConstants,
		inputs: readonly (GPUBuffer | GPUExternalTexture)[],
		to: Labelled,
	): GpuPicture {
		const { programs } = this.executor;
		const result = programs.pool.take(packedLayout(to.width, to.height).bytes);
		const words = Math.ceil(to.width / 4);
		const groups = [Math.ceil(words / WORKGROUP), Math.ceil(to.height / WORKGROUP), PLANES] as const;
		programs.run(program, constants, [...inputs, result], groups);
		return new GpuPicture(to, result, programs.pool);
	}
}

const sizeOf = ({ width, height }: Size): GpuConstants => ({ WIDTH: width, HEIGHT: height });

/** First sample and weights of every output sample, one after the other. */
const layTaps = ({ first, weights, count }: Taps, words: Int32Array, at: number): void => {
	for (let i = 0; i < first.length; i++) {
		const to = at + i * (count + 1);
		words[to] = first[i] as number;
		words.set(weights.subarray(i * count, (i + 1) * count), to + 1);
	}
};
