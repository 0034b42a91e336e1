/** The latent bytes of a sample as a whole (SPEC section 5): what the parser and the encoder of a frame hold. */
import {
	decodeHyper,
	decodeLatentPass,
	encodeHyper,
	encodeLatentPass,
	type LatentGeometry,
	type LatentPass,
} from "./latent-coder.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";

/** Collects hyper latents, first pass, second pass, in this order; `finish` gives the bytes. */
export class LatentWriter {
	private readonly encoder = new RansEncoder();
	private empty = true;

	/** @throws RangeError, see {@link encodeHyper} */
	hyper(symbols: Int16Array, planeScales: ArrayLike<number>, geometry: LatentGeometry): void {
		encodeHyper(this.encoder, symbols, planeScales, geometry);
		this.empty &&= symbols.every((s) => s === 0);
	}

	/** @throws RangeError, see {@link encodeLatentPass} */
	pass(symbols: Int16Array, scales: Uint8Array, geometry: LatentGeometry, pass: LatentPass): void {
		encodeLatentPass(this.encoder, symbols, scales, geometry, pass);
		this.empty &&= symbols.every((s) => s === 0);
	}

	/** The latent bytes: none at all where every symbol is 0. */
	finish(): Uint8Array {
		const bytes = this.encoder.finish();
		return this.empty ? new Uint8Array(0) : bytes;
	}
}

/** Reads what {@link LatentWriter} wrote. Damage is reported once, by `finish`; until then it reads as some symbols. */
export class LatentReader {
	private readonly decoder: RansDecoder | undefined;

	/** @param bytes the latent bytes of a sample; none: every symbol is 0 */
	constructor(bytes: Uint8Array) {
		this.decoder = bytes.length === 0 ? undefined : new RansDecoder(bytes);
	}

	/** True once damage has been met: what follows need not be computed, `finish` will throw. */
	get damaged(): boolean {
		return this.decoder?.error ?? false;
	}

	/** Fills `symbols`. */
	hyper(symbols: Int16Array, planeScales: ArrayLike<number>, geometry: LatentGeometry): void {
		if (this.decoder === undefined) symbols.fill(0);
		else decodeHyper(this.decoder, planeScales, symbols, geometry);
	}

	/** Fills the positions of one pass in `symbols`. */
	pass(symbols: Int16Array, scales: Uint8Array, geometry: LatentGeometry, pass: LatentPass): void {
		// An empty frame has zeros in both passes, so filling all of it is the same.
		if (this.decoder === undefined) symbols.fill(0);
		else decodeLatentPass(this.decoder, scales, symbols, geometry, pass);
	}

	/** @throws CodecError `damaged-sample` */
	finish(): void {
		this.decoder?.finish();
	}
}
