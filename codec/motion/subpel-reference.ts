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
const TILE_BITS = 5;
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
	private readonly rows = new Int32Array((TILE + 5) * TILE);

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

	private fill(plane: Uint8Array, phaseX: number, phaseY: number, tx: number, ty: number): void {
		const { stride, paddedHeight, rows } = this;
		const x = tx << TILE_BITS;
		const y = ty << TILE_BITS;
		if (phaseY === 0) {
			const source = this.filteredTile(phaseX, tx, ty);
			for (let j = 0; j < TILE; j++) {
				const row = (y + j) * stride + x;
				for (let i = row; i < row + TILE; i++) {
					const value = ((source[i] as number) + 32) >> 6;
					plane[i] = value < 0 ? 0 : value > 255 ? 255 : value;
				}
			}
			return;
		}
		// Rows y - 2 .. y + TILE + 2, horizontally filtered, in multiples of 64.
		if (phaseX === 0) {
			const padded = this.planes[0] as Uint8Array;
			for (let j = 0; j < TILE + 5; j++) {
				const from = Math.min(Math.max(y + j - 2, 0), paddedHeight - 1) * stride + x;
				for (let i = 0; i < TILE; i++) rows[j * TILE + i] = (padded[from + i] as number) << 6;
			}
		} else {
			const last = (paddedHeight >> TILE_BITS) - 1;
			if (ty > 0) this.filteredTile(phaseX, tx, ty - 1);
			if (ty < last) this.filteredTile(phaseX, tx, ty + 1);
			const source = this.filteredTile(phaseX, tx, ty);
			for (let j = 0; j < TILE + 5; j++) {
				const from = Math.min(Math.max(y + j - 2, 0), paddedHeight - 1) * stride + x;
				for (let i = 0; i < TILE; i++) rows[j * TILE + i] = source[from + i] as number;
			}
		}
		const a = LUMA_TAPS[6 * phaseY] as number;
		const b = LUMA_TAPS[6 * phaseY + 1] as number;
		const c = LUMA_TAPS[6 * phaseY + 2] as number;
		const d = LUMA_TAPS[6 * phaseY + 3] as number;
		const e = LUMA_TAPS[6 * phaseY + 4] as number;
		const f = LUMA_TAPS[6 * phaseY + 5] as number;
		for (let j = 0; j < TILE; j++) {
			const to = (y + j) * stride + x;
			for (let i = 0; i < TILE; i++) {
				const r = j * TILE + i;
				const sum =
					a * (rows[r] as number) +
					b * (rows[r + TILE] as number) +
					c * (rows[r + 2 * TILE] as number) +
					d * (rows[r + 3 * TILE] as number) +
					e * (rows[r + 4 * TILE] as number) +
					f * (rows[r + 5 * TILE] as number);
				const value = (sum + 2048) >> 12;
				plane[to + i] = value < 0 ? 0 : value > 255 ? 255 : value;
			}
		}
	}

	/** The horizontally filtered plane of a phase other than 0, filled in at one tile. */
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
