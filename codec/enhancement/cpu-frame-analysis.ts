import { CodecError } from "../errors.ts";
import type { DeviceTensor, Executor } from "../model/executor.ts";
import { type MotionEffort, MotionSearch } from "../motion/search.ts";
import type { MotionField, MotionModels } from "../motion/syntax.ts";
import { FOLDED_PLANES, foldPicture } from "../picture/fold.ts";
import { GpuPicture, type SourcePicture } from "../picture/gpu-picture.ts";
import type { Picture } from "../picture/picture.ts";
import { type AddedErrors, addedErrors } from "./copied-blocks.ts";
import type { DecodedPicture } from "./decoded-picture.ts";
import type { FrameAnalysis } from "./frame-analysis.ts";
import { extendSource, type FrameGeometry } from "./geometry.ts";
import { blockDetail, patchSums } from "./quality-map.ts";

/** A frame that was taken. */
type Taken = { readonly picture: Picture; readonly folded: DeviceTensor };

/** The samples in memory. */
export class CpuFrameAnalysis implements FrameAnalysis {
	private readonly executor: Executor;
	private readonly geometry: FrameGeometry;
	private readonly search: MotionSearch;
	private taken: Taken | undefined;
	/** Luma of the coded size that motion points into. */
	private reference: Uint8Array | undefined;

	constructor(executor: Executor, geometry: FrameGeometry, effort: MotionEffort) {
		this.executor = executor;
		this.geometry = geometry;
		this.search = new MotionSearch(geometry.codedWidth, geometry.codedHeight, effort);
	}

	take(source: SourcePicture): void {
		if (source instanceof GpuPicture) {
			throw new CodecError("invalid-option", "The picture is on a GPU, where this backend does not see it.");
		}
		const picture = extendSource(source, this.geometry);
		const { width, height } = this.geometry.grid4;
		this.taken?.folded.dispose();
		const folded = this.executor.upload(foldPicture(picture, -128), [1, FOLDED_PLANES, height, width]);
		this.taken = { picture, folded };
	}

	get folded(): DeviceTensor {
		return this.frame.folded;
	}

	async detail(): Promise<Float64Array> {
		const { grid32 } = this.geometry;
		return blockDetail(patchSums(this.frame.picture.y, grid32), grid32);
	}

	async motion(models: MotionModels, lambda: number): Promise<MotionField> {
		const { reference } = this;
		if (reference === undefined) {
			throw new CodecError("missing-reference", "The first frame must be an intra frame.");
		}
		return this.search.search({ current: this.frame.picture.y, reference, models, lambda });
	}

	async addedErrors(coded: DeviceTensor, copied: DeviceTensor, offset: 0 | 128): Promise<AddedErrors> {
		const pictures = {
			source: await this.executor.download(this.folded),
			coded: await this.executor.download(coded),
			copied: await this.executor.download(copied),
		};
		return addedErrors({ ...pictures, offset }, this.geometry);
	}

	async remember(decoded: DecodedPicture): Promise<void> {
		this.reference = (await decoded.toCodedPicture()).y;
	}

	forget(): void {
		this.reference = undefined;
	}

	dispose(): void {
		this.forget();
		this.taken?.folded.dispose();
		this.taken = undefined;
	}

	private get frame(): Taken {
		if (this.taken === undefined) throw new CodecError("invalid-option", "No frame has been taken yet.");
		return this.taken;
	}
}
