/**
 * Large motion, found on pictures of a quarter of the size: an exhaustive search that gives the fine one a start where
 * no neighbour knows better. Encoder only.
 */

/** Distance searched around zero, in samples of the small picture: 64 luma samples. */
const RANGE = 16;
/** Compared with a block on the small picture: a ring of two samples around it, which steadies the match. */
const RING = 2;
/** The edge is repeated as far as the ring of a displaced block reaches. */
const MARGIN = RANGE + RING;

/** A picture averaged over 4x4 samples, its edges repeated. */
class SmallPicture {
	readonly stride: number;
	readonly samples: Uint8Array;
	private readonly width: number;
	private readonly height: number;

	constructor(codedWidth: number, codedHeight: number) {
		this.width = codedWidth >> 2;
		this.height = codedHeight >> 2;
		this.stride = this.width + 2 * MARGIN;
		this.samples = new Uint8Array(this.stride * (this.height + 2 * MARGIN));
	}

	load(luma: Uint8Array): void {
		const { width, height, stride, samples } = this;
		const from = 4 * width;
		for (let y = 0; y < height; y++) {
			const to = (y + MARGIN) * stride + MARGIN;
			for (let x = 0; x < width; x++) {
				let sum = 8;
				for (let j = 0; j < 4; j++) {
					const i = (4 * y + j) * from + 4 * x;
					sum +=
						(luma[i] as number) +
						(luma[i + 1] as number) +
						(luma[i + 2] as number) +
						(luma[i + 3] as number);
				}
				samples[to + x] = sum >> 4;
			}
			samples.fill(samples[to] as number, to - MARGIN, to);
			samples.fill(samples[to + width - 1] as number, to + width, to + width + MARGIN);
		}
		const first = MARGIN * stride;
		const last = (MARGIN + height - 1) * stride;
		for (let y = 0; y < MARGIN; y++) {
			samples.copyWithin(y * stride, first, first + stride);
			samples.copyWithin(last + (y + 1) * stride, last, last + stride);
		}
	}
}

export class CoarseSearch {
	private now: SmallPicture;
	private before: SmallPicture;

	constructor(codedWidth: number, codedHeight: number) {
		this.now = new SmallPicture(codedWidth, codedHeight);
		this.before = new SmallPicture(codedWidth, codedHeight);
	}

	/** Takes the two luma planes, coded size, tight. */
	load(current: Uint8Array, reference: Uint8Array): void {
		this.now.load(current);
		this.before.load(reference);
	}

	/**
	 * The best match of the `size x size` block at luma position `(x, y)`, in luma samples: `(startX, startY)`, also in
	 * luma samples, then every second position, then the eight around the best.
	 */
	find(
		x: number,
		y: number,
		size: number,
		startX: number,
		startY: number,
	): { readonly x: number; readonly y: number } {
		let bestX = Math.min(Math.max(Math.round(startX / 4), -RANGE), RANGE);
		let bestY = Math.min(Math.max(Math.round(startY / 4), -RANGE), RANGE);
		let best = this.difference(x, y, size, bestX, bestY, Number.MAX_SAFE_INTEGER);
		for (let dy = -RANGE; dy <= RANGE; dy += 2) {
			for (let dx = -RANGE; dx <= RANGE; dx += 2) {
				const sum = this.difference(x, y, size, dx, dy, best);
				if (sum < best) {
					best = sum;
					bestX = dx;
					bestY = dy;
				}
			}
		}
		const centreX = bestX;
		const centreY = bestY;
		for (let dy = Math.max(centreY - 1, -RANGE); dy <= Math.min(centreY + 1, RANGE); dy++) {
			for (let dx = Math.max(centreX - 1, -RANGE); dx <= Math.min(centreX + 1, RANGE); dx++) {
				const sum = this.difference(x, y, size, dx, dy, best);
				if (sum < best) {
					best = sum;
					bestX = dx;
					bestY = dy;
				}
			}
		}
		return { x: 4 * bestX, y: 4 * bestY };
	}

	/** Sum of absolute differences at a displacement; may stop early once it has reached `limit`. */
	private difference(x: number, y: number, size: number, dx: number, dy: number, limit: number): number {
		const { stride } = this.now;
		const current = this.now.samples;
		const reference = this.before.samples;
		let i = ((y >> 2) + MARGIN - RING) * stride + (x >> 2) + MARGIN - RING;
		let k = i + dy * stride + dx;
		const window = (size >> 2) + 2 * RING;
		let sum = 0;
		for (let j = 0; j < window && sum < limit; j++, i += stride, k += stride) {
			for (let n = 0; n < window; n++) sum += Math.abs((current[i + n] as number) - (reference[k + n] as number));
		}
		return sum;
	}
}
