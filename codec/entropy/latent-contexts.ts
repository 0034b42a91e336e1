/** What the decoded neighbours of a latent say about it (SPEC section 5.3): how many of them are not 0. */

/** Size of a latent tensor `[channels, height, width]`. */
export type LatentGeometry = { readonly channels: number; readonly width: number; readonly height: number };

/** 0: positions where `x + y + c` is even; 1: the others. */
export type LatentPass = 0 | 1;

/** Contexts of both passes together. */
export const CONTEXTS = 9;
/** The first context of each pass: 0..2 count three neighbours of the pass, 3..8 those and twice the four of the first pass. */
export const FIRST_CONTEXT = [0, 3] as const;

/** Context by the count of neighbours, for the second pass behind that of the first. */
const CONTEXT_OF_COUNT = Uint8Array.of(0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8);
const FIRST_COUNT = [0, 4] as const;

/**
 * Which positions of one plane are not 0, with a margin of zeros: as far as decoded, so that counting needs no look at
 * edges or at the order of decoding.
 */
export class Significance {
	/** Distance of rows. */
	readonly stride: number;
	/** 1 where a symbol is not 0, by {@link at}. */
	readonly flags: Uint8Array;
	private readonly width: number;
	private readonly height: number;

	constructor(width: number, height: number) {
		this.width = width;
		this.height = height;
		this.stride = width + 4;
		this.flags = new Uint8Array(this.stride * (height + 2));
	}

	/** The first position of row `y`. */
	at(y: number): number {
		return (y + 1) * this.stride + 2;
	}

	/** Begins a plane: everything is 0 but, in the second pass, what the first one decoded. */
	start(symbols: Int16Array, first: number, channel: number, pass: LatentPass): void {
		const { width, height, flags } = this;
		flags.fill(0);
		if (pass === 0) return;
		for (let y = 0, row = first; y < height; y++, row += width) {
			const to = this.at(y);
			for (let x = (channel + y) & 1; x < width; x += 2) flags[to + x] = symbols[row + x] === 0 ? 0 : 1;
		}
	}
}

/** The context at a position of {@link Significance}. */
export function contextAt(flags: Uint8Array, stride: number, at: number, pass: LatentPass): number {
	const above = at - stride;
	let count = (flags[above - 1] as number) + (flags[above + 1] as number) + (flags[at - 2] as number);
	if (pass === 1) {
		count +=
			FIRST_COUNT[1] +
			2 *
				((flags[at - 1] as number) +
					(flags[at + 1] as number) +
					(flags[above] as number) +
					(flags[at + stride] as number));
	}
	return CONTEXT_OF_COUNT[count] as number;
}

/**
 * Goes through the coded positions of one pass in the order of decoding, with the contexts that a decoder will see.
 *
 * @param scales scale indices 0..63; a position of scale 0 is not coded
 * @throws RangeError where a symbol is not 0 at scale 0
 */
export function eachContext(
	symbols: Int16Array,
	scales: Uint8Array,
	{ channels, width, height }: LatentGeometry,
	pass: LatentPass,
	visit: (index: number, context: number, scale: number) => void,
): void {
	const seen = new Significance(width, height);
	const { flags, stride } = seen;
	for (let c = 0, row = 0; c < channels; c++) {
		seen.start(symbols, row, c, pass);
		for (let y = 0; y < height; y++, row += width) {
			const to = seen.at(y);
			for (let x = (c + y + pass) & 1; x < width; x += 2) {
				const scale = scales[row + x] as number;
				const symbol = symbols[row + x] as number;
				if (scale > 0) visit(row + x, contextAt(flags, stride, to + x, pass), scale);
				if (symbol === 0) continue;
				if (scale === 0) throw new RangeError(`Symbol ${symbol} at (${c}, ${y}, ${x}) has scale 0.`);
				flags[to + x] = 1;
			}
		}
	}
}
