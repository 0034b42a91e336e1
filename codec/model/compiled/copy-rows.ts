/** What is moved without a kernel. */
import type { Rows } from "./rows.ts";

/** Copies the pixels of planes, line by line. */
export function copyPlanes(
	memory: WebAssembly.Memory,
	from: Rows,
	to: Rows,
	planes: number,
	height: number,
	width: number,
): void {
	const bytes = new Uint8Array(memory.buffer);
	for (let plane = 0; plane < planes; plane++)
		for (let y = 0; y < height; y++) {
			const source = from.storage.pointer(from.plane + plane) + y * from.storage.rowBytes;
			const target = to.storage.pointer(to.plane + plane) + y * to.storage.rowBytes;
			bytes.copyWithin(target, source, source + 4 * width);
		}
}

/** Channel i of the result is channel `order[i]`. */
export function orderChannels(
	memory: WebAssembly.Memory,
	from: Rows,
	to: Rows,
	order: readonly number[],
	height: number,
	width: number,
): void {
	const values = new Int16Array(memory.buffer);
	for (const [channel, source] of order.entries())
		for (let y = 0; y < height; y++) {
			let read =
				(from.storage.pointer(from.plane + (source >> 1)) + y * from.storage.rowBytes) / 2 + (source & 1);
			let write = (to.storage.pointer(to.plane + (channel >> 1)) + y * to.storage.rowBytes) / 2 + (channel & 1);
			for (let x = 0; x < width; x++, read += 2, write += 2) values[write] = values[read] as number;
		}
}
