/**
 * The reference luma at every quarter-sample phase, for the encoder's search: equal to what the decoder's warp gives
 * (SPEC section 4.3), but as sixteen planes that are filled in tile by tile when first looked at. A still scene thus
 * costs nothing, and a moving one interpolates each sample once however often it is compared.
 */
import { LUMA_TAPS } from "./warp-planes.ts";

/** Blocks may lie this far outside the picture; further out the edge repeats anyway. */
export const REACH = 64;
/** The taps reach three samples further; eight keep tiles aligned. */
const MARGIN = REACH + 8;
const TILE_BITS = 4;
const TILE = 1 << TILE_BITS;

export class SubpelReference {
	readonly width: number;
	readonly height: number;
	/** Distance of rows in every plane. */
	readonly stride: number;
	private readonly paddedHeight: number;
	/** By `phaseY << 2 | phaseX`; phase 0 is the padded picture itself. Planes exist once they were needed. */
	private readonly planes: (Uint8Array | undefined)[] = [];
	/** Taps of one direction only, unrounded, by `phaseX`: shared by the phases above each other. */
	private readonly horizontal: (Int16Array | undefined)[] = [];
	private readonly tileColumns: number;
	/** The picture number for which a tile was filled in last, per phase. */
	private readonly stamps: Int32Array[] = [];
	private readonly horizontalStamps: Int32Array[] = [];
	private pictureNumber = 0;

	/** @param width coded width. @param height coded height */
	constructor(width: number, height: number) {
		this.width = width;
		this.height = height;
		this.stride = Math.ceil((width + 2 * MARGIN) / TILE) * TILE;
		this.paddedHeight = Math.ceil((height + 2 * MARGIN) / TILE) * TILE;
		this.tileColumns = this.stride >> TILE_BITS;
		const tiles = this.tileColumns * (this.paddedHeight >> TILE_BITS);
		for (let phase = 0; phase < 16; phase++) this.stamps.push(new Int32Array(tiles));
		for (let phase = 0; phase < 4; phase++) this.horizontalStamps.push(new Int32Array(tiles));
		this.planes[0] = new Uint8Array(this.stride * this.paddedHeight);
	}

	/** Takes another picture. @param luma coded size, tight */
	load(luma: Uint8Array): void {
		const { width, height, stride, paddedHeight } = this;
		const padded = this.planes[0] as Uint8Array;
		this.pictureNumber++;
		for (let y = 0; y < paddedHeight; y++) {
			const from = Math.min(Math.max(y - MARGIN, 0), height - 1) * width;
			const to = y * stride;
			padded.fill(luma[from] as number, to, to + MARGIN);
			padded.set(luma.subarray(from, from + width), to + MARGIN);
			padded.fill(luma[from + width - 1] as number, to + MARGIN + width, to + stride);
		}
	}

	/** Offset in a plane of picture position `(x, y)`. */
	offset(x: number, y: number): number {
		return (y + MARGIN) * this.stride + x + MARGIN;
	}

	/**
	 * The plane of a phase, filled in at least where a block of `size x size` at whole position `(x, y)` lies. The
	 * block may be up to {@link REACH} samples outside the picture.
	 */
	plane(phaseX: number, phaseY: number, x: number, y: number, size: number): Uint8Array {
		const phase = (phaseY << 2) | phaseX;
		if (phase === 0) return this.planes[0] as Uint8Array;
		let plane = this.planes[phase];
		if (plane === undefined) {
			plane = new Uint8Array(this.stride * this.paddedHeight);
			this.planes[phase] = plane;
		}
		const stamps = this.stamps[phase] as Int32Array;
		const right = (x + MARGIN + size - 1) >> TILE_BITS;
		const bottom = (y + MARGIN + size - 1) >> TILE_BITS;
		for (let ty = (y + MARGIN) >> TILE_BITS; ty <= bottom; ty++) {
			for (let tx = (x + MARGIN) >> TILE_BITS; tx <= right; tx++) {
				const tile = ty * this.tileColumns + tx;
				if (stamps[tile] !== this.pictureNumber) {
					stamps[tile] = this.pictureNumber;
					this.fill(plane, phaseX, phaseY, tx, ty);
				}
			}
		}
		return plane;
	}

	/** Interpolates one tile; rows that the taps would take beyond the padding are never part of a block. */
	private fill(plane: Uint8Array, phaseX: number, phaseY: number, tx: number, ty: number): void {
		const { stride, paddedHeight } = this;
		const left = tx << TILE_BITS;
		const top = Math.max(ty << TILE_BITS, 2);
		const bottom = Math.min((ty + 1) << TILE_BITS, paddedHeight - 3);
		const source = this.filteredTile(phaseX, tx, ty);
		if (phaseY === 0) {
			for (let row = top; row < bottom; row++) {
				const from = row * stride + left;
				for (let i = from; i < from + TILE; i++) {
					const value = ((source[i] as number) + 32) >> 6;
					plane[i] = (value & ~255) === 0 ? value : value < 0 ? 0 : 255;
				}
			}
			return;
		}
		if (ty > 0) this.filteredTile(phaseX, tx, ty - 1);
		if ((ty + 1) << TILE_BITS < paddedHeight) this.filteredTile(phaseX, tx, ty + 1);
		filterColumns(source, plane, stride, left, top, bottom, phaseY);
	}

	/** The horizontally filtered plane of a phase, in 64ths, filled in at one tile. */
	private filteredTile(phaseX: number, tx: number, ty: number): Int16Array {
		const { stride } = this;
		let plane = this.horizontal[phaseX];
		if (plane === undefined) {
			plane = new Int16Array(stride * this.paddedHeight);
			this.horizontal[phaseX] = plane;
		}
		const tile = ty * this.tileColumns + tx;
		const stamps = this.horizontalStamps[phaseX] as Int32Array;
		if (stamps[tile] === this.pictureNumber) return plane;
		stamps[tile] = this.pictureNumber;
		const padded = this.planes[0] as Uint8Array;
		if (phaseX === 0) {
			for (let row = ty << TILE_BITS; row < (ty + 1) << TILE_BITS; row++) {
				const from = row * stride + (tx << TILE_BITS);
				for (let i = from; i < from + TILE; i++) plane[i] = (padded[i] as number) << 6;
			}
			return plane;
		}
		const a = LUMA_TAPS[6 * phaseX] as number;
		const b = LUMA_TAPS[6 * phaseX + 1] as number;
		const c = LUMA_TAPS[6 * phaseX + 2] as number;
		const d = LUMA_TAPS[6 * phaseX + 3] as number;
		const e = LUMA_TAPS[6 * phaseX + 4] as number;
		const f = LUMA_TAPS[6 * phaseX + 5] as number;
		// The first two and last three columns of the padding are never part of a block: MARGIN exceeds REACH by eight.
		const left = Math.max(tx << TILE_BITS, 2);
		const right = Math.min((tx + 1) << TILE_BITS, stride - 3);
		for (let j = 0; j < TILE; j++) {
			const row = ((ty << TILE_BITS) + j) * stride;
			for (let i = row + left; i < row + right; i++) {
				plane[i] =
					a * (padded[i - 2] as number) +
					b * (padded[i - 1] as number) +
					c * (padded[i] as number) +
					d * (padded[i + 1] as number) +
					e * (padded[i + 2] as number) +
					f * (padded[i + 3] as number);
			}
		}
		return plane;
	}
}

/** Filters `TILE` columns from `left` vertically, rows `top .. bottom - 1`. */
function filterColumns(
	source: Int16Array,
	plane: Uint8Array,
	stride: number,
	left: number,
	top: number,
	bottom: number,
	phaseY: number,
): void {
	const a = LUMA_TAPS[6 * phaseY] as number;
	const b = LUMA_TAPS[6 * phaseY + 1] as number;
	const c = LUMA_TAPS[6 * phaseY + 2] as number;
	const d = LUMA_TAPS[6 * phaseY + 3] as number;
	const e = LUMA_TAPS[6 * phaseY + 4] as number;
	const f = LUMA_TAPS[6 * phaseY + 5] as number;
	for (let row = top; row < bottom; row++) {
		const from = row * stride + left;
		for (let i = from; i < from + TILE; i++) {
			const sum =
				a * (source[i - 2 * stride] as number) +
				b * (source[i - stride] as number) +
				c * (source[i] as number) +
				d * (source[i + stride] as number) +
				e * (source[i + 2 * stride] as number) +
				f * (source[i + 3 * stride] as number);
			const value = (sum + 2048) >> 12;
			plane[i] = (value & ~255) === 0 ? value : value < 0 ? 0 : 255;
		}
	}
}
