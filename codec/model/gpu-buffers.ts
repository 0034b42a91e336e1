/// <reference types="@webgpu/types" />

/** What every buffer of the executor may be used for. */
const USAGE = 0x80 /* STORAGE */ | 0x04 /* COPY_SRC */ | 0x08; /* COPY_DST */

/** Shaders may read four floats at a time. */
const ALIGNMENT = 16;

/** Bytes of free buffers kept for reuse; the rest goes back to the device. */
const KEPT_BYTES = 256 * 2 ** 20;

/**
 * Storage buffers by size, reused. Safe because the queue runs in order: what is written to a reused buffer comes after
 * everything that was submitted before.
 */
export class BufferPool {
	private readonly device: GPUDevice;
	private readonly free = new Map<number, GPUBuffer[]>();
	private freeBytes = 0;
	private closed = false;

	constructor(device: GPUDevice) {
		this.device = device;
	}

	/** @returns a buffer of at least so many bytes */
	take(wanted: number): GPUBuffer {
		const bytes = Math.ceil(wanted / ALIGNMENT) * ALIGNMENT;
		const buffer = this.free.get(bytes)?.pop();
		if (buffer !== undefined) {
			this.freeBytes -= bytes;
			return buffer;
		}
		return this.device.createBuffer({ size: bytes, usage: USAGE });
	}

	give(buffer: GPUBuffer): void {
		if (this.closed || this.freeBytes + buffer.size > KEPT_BYTES) {
			buffer.destroy();
			return;
		}
		const list = this.free.get(buffer.size);
		if (list === undefined) this.free.set(buffer.size, [buffer]);
		else list.push(buffer);
		this.freeBytes += buffer.size;
	}

	/** Destroys the free buffers, and from then on whatever is given back. */
	close(): void {
		this.closed = true;
		for (const list of this.free.values()) for (const buffer of list) buffer.destroy();
		this.free.clear();
		this.freeBytes = 0;
	}
}
