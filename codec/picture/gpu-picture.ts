/// <reference types="@webgpu/types" />
import { CodecError } from "../errors.ts";
import type { BufferPool } from "../model/gpu-buffers.ts";
import type { Picture } from "./picture.ts";

/**
 * A picture on a GPU: 8-bit planes of the visible size, packed (`packed-planes.ts`). Whoever takes it last releases it; what is
 * never released is freed with the device.
 */
export class GpuPicture {
	/** Visible luma size, as in {@link Picture}. */
	readonly width: number;
	readonly height: number;
	/** Microseconds. */
	readonly timestamp: number;
	private readonly pool: BufferPool;
	private held: GPUBuffer | undefined;

	/** @param buffer of the pool; the picture owns it from then on */
	constructor(
		{ width, height, timestamp }: Pick<Picture, "width" | "height" | "timestamp">,
		buffer: GPUBuffer,
		pool: BufferPool,
	) {
		this.width = width;
		this.height = height;
		this.timestamp = timestamp;
		this.held = buffer;
		this.pool = pool;
	}

	/** @throws CodecError `invalid-option` once released */
	get buffer(): GPUBuffer {
		if (this.held === undefined) throw new CodecError("invalid-option", "The picture has been released.");
		return this.held;
	}

	/** Gives the memory back; safe more than once. */
	release(): void {
		if (this.held !== undefined) this.pool.give(this.held);
		this.held = undefined;
	}
}

/** A picture to be encoded, where it is: planes in memory, or on the GPU that will encode it. */
export type SourcePicture = Picture | GpuPicture;

/** Says that a picture is not needed any more. Planes in memory need no such word. */
export const releasePicture = (picture: SourcePicture): void => {
	if (picture instanceof GpuPicture) picture.release();
};
