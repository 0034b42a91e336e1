import { CodecError } from "../errors.ts";
import type { DeviceTensor } from "../model/executor.ts";
import type { GpuProgram } from "../model/gpu-programs.ts";
import { gpuBufferOf, type WebGpuExecutor } from "../model/webgpu-executor.ts";
import { GpuMotionSearch } from "../motion/gpu-search.ts";
import type { MotionEffort } from "../motion/search.ts";
import type { MotionField, MotionModels } from "../motion/syntax.ts";
import { GpuPicture, type SourcePicture } from "../picture/gpu-picture.ts";
import { GpuPictures } from "../picture/gpu-pictures.ts";
import { addedErrorsShader } from "./added-errors.wgsl.ts";
import type { AddedErrors } from "./copied-blocks.ts";
import type { DecodedPicture } from "./decoded-picture.ts";
import type { FrameAnalysis } from "./frame-analysis.ts";
import { type FrameGeometry, requireSourceSize } from "./geometry.ts";
import { patchSumsShader } from "./patch-sums.wgsl.ts";
import { blockDetail } from "./quality-map.ts";

const PATCH_SUMS: GpuProgram = { name: "patch sums", code: patchSumsShader, bindings: ["read", "write"] };
const ADDED_ERRORS: GpuProgram = {
	name: "added errors",
	code: addedErrorsShader,
	bindings: ["read", "read", "read", "write"],
};

/** Of both shaders, in x and y. */
const WORKGROUP = 8;

/** A frame that was taken. */
type Taken = {
	readonly picture: GpuPicture;
	readonly folded: DeviceTensor;
	/** Whether the picture was brought here for this frame alone. */
	readonly own: boolean;
};

/** The samples on the GPU that runs the networks; what is read back are sums over blocks and errors of vectors. */
export class GpuFrameAnalysis implements FrameAnalysis {
	private readonly executor: WebGpuExecutor;
	private readonly geometry: FrameGeometry;
	private readonly pictures: GpuPictures;
	private readonly search: GpuMotionSearch;
	private taken: Taken | undefined;

	constructor(executor: WebGpuExecutor, geometry: FrameGeometry, effort: MotionEffort) {
		this.executor = executor;
		this.geometry = geometry;
		this.pictures = new GpuPictures(executor);
		this.search = new GpuMotionSearch(executor, geometry.codedWidth, geometry.codedHeight, effort);
	}

	take(source: SourcePicture): void {
		requireSourceSize(source, this.geometry);
		this.drop();
		const own = !(source instanceof GpuPicture);
		const picture = source instanceof GpuPicture ? source : this.pictures.upload(source);
		const { codedWidth: width, codedHeight: height } = this.geometry;
		try {
			this.taken = { picture, folded: this.pictures.fold(picture, { width, height }), own };
		} catch (error) {
			if (own) picture.release();
			throw error;
		}
	}

	get folded(): DeviceTensor {
		return this.frame.folded;
	}

	async detail(): Promise<Float64Array> {
		const { picture } = this.frame;
		const { grid8, grid32 } = this.geometry;
		const constants = { WIDTH: picture.width, HEIGHT: picture.height, COLUMNS: grid8.width, ROWS: grid8.height };
		const groups = [Math.ceil(grid8.width / WORKGROUP), Math.ceil(grid8.height / WORKGROUP), 1] as const;
		const sums = await this.sums(8 * grid8.cells, (result) =>
			this.executor.programs.run(PATCH_SUMS, constants, [picture.buffer, result], groups),
		);
		return blockDetail(new Uint32Array(sums), grid32);
	}

	async motion(models: MotionModels, lambda: number): Promise<MotionField> {
		if (!this.search.ready) {
			throw new CodecError("missing-reference", "The first frame must be an intra frame.");
		}
		return this.search.search(this.folded, models, lambda);
	}

	async addedErrors(coded: DeviceTensor, copied: DeviceTensor, offset: 0 | 128): Promise<AddedErrors> {
		const { grid4, grid16 } = this.geometry;
		const constants = { COLUMNS: grid4.width, ROWS: grid4.height, OFFSET: offset };
		const groups = [Math.ceil(grid16.width / WORKGROUP), Math.ceil(grid16.height / WORKGROUP), 1] as const;
		const buffers = [this.folded, coded, copied].map(gpuBufferOf);
		const sums = await this.sums(8 * grid16.cells, (result) =>
			this.executor.programs.run(ADDED_ERRORS, constants, [...buffers, result], groups),
		);
		return new Int32Array(sums);
	}

	async remember(decoded: DecodedPicture): Promise<void> {
		this.search.load(decoded.tensor);
	}

	forget(): void {
		this.search.forget();
	}

	dispose(): void {
		this.forget();
		this.drop();
	}

	/** What a program writes, read back. @param bytes of it */
	private async sums(bytes: number, run: (result: GPUBuffer) => void): Promise<ArrayBuffer> {
		const { pool } = this.executor.programs;
		const result = pool.take(bytes);
		try {
			run(result);
			return await this.executor.read(result, bytes);
		} finally {
			pool.give(result);
		}
	}

	private drop(): void {
		this.taken?.folded.dispose();
		if (this.taken?.own) this.taken.picture.release();
		this.taken = undefined;
	}

	private get frame(): Taken {
		if (this.taken === undefined) throw new CodecError("invalid-option", "No frame has been taken yet.");
		return this.taken;
	}
}
