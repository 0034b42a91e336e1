/** The latents of a sample as a whole (SPEC section 5.3): what the parser and the encoder of a frame hold. */
import type { FrameType } from "../bitstream/frame-header.ts";
import { type BlockGrid, CopiedModels } from "./copied-coder.ts";
import { HyperModels } from "./hyper-coder.ts";
import { decodeLatentPass, encodeLatentPass } from "./latent-coder.ts";
import type { LatentGeometry, LatentPass } from "./latent-contexts.ts";
import { QualityModels } from "./quality-coder.ts";
import type { RansDecoder, RansEncoder } from "./rans.ts";
import { ScaleOffsets } from "./scale-offsets.ts";

/** What has been learned of the latents of frames of one kind. */
class KindModels {
	readonly copied = new CopiedModels();
	readonly hyper = new HyperModels();
	readonly offsets = new ScaleOffsets();

	copyFrom(other: KindModels): void {
		this.copied.copyFrom(other.copied);
		this.hyper.copyFrom(other.hyper);
		this.offsets.copyFrom(other.offsets);
	}
}

/**
 * What encoder and decoder have learned of latents since the last intra frame; a new one for each intra frame. Bidirectional frames, which
 * have far fewer of them, are learned apart; the quality of blocks is one for all.
 */
export class LatentModels {
	readonly quality = new QualityModels();
	private readonly references = new KindModels();
	private readonly bidirectional = new KindModels();

	/** Those of a frame. */
	of(type: FrameType): KindModels {
		return type === "bidirectional" ? this.bidirectional : this.references;
	}

	/** Models that know the same, and go on by themselves. */
	copy(): LatentModels {
		const copy = new LatentModels();
		copy.quality.copyFrom(this.quality);
		copy.references.copyFrom(this.references);
		copy.bidirectional.copyFrom(this.bidirectional);
		return copy;
	}
}

/** Codes quality offsets, copied blocks (of any but an intra frame), hyper latents, first pass, second pass, in this order; `finish` puts them. */
export class LatentWriter {
	private readonly shared: LatentModels;
	private readonly models: KindModels;
	private readonly parts: ((encoder: RansEncoder) => void)[] = [];
	/** Every symbol is 0. */
	private empty = true;
	private copiedBlocks: Uint8Array | undefined;
	private qualityOffsets: Int8Array | undefined;

	/** @param models what decoders know; learns the frame in `finish` */
	constructor(models: LatentModels, type: FrameType) {
		this.shared = models;
		this.models = models.of(type);
	}

	/** @param flags 1 where a block is copied. @param levels see {@link CopiedModels}; neither they nor `flags` are copied */
	copied(flags: Uint8Array, levels: Uint8Array, grid: BlockGrid): void {
		this.parts.push((encoder) => this.models.copied.put(encoder, flags, levels, grid));
		this.copiedBlocks = flags;
	}

	/** @param offsets see {@link QualityModels}; not copied */
	quality(offsets: Int8Array, grid: BlockGrid): void {
		this.parts.push((encoder) => this.shared.quality.put(encoder, offsets, grid));
		this.qualityOffsets = offsets;
	}

	/** @param symbols -255..255, `[channels, height, width]`; not copied */
	hyper(symbols: Int16Array, geometry: LatentGeometry): void {
		this.parts.push((encoder) => this.models.hyper.put(encoder, symbols, geometry));
		this.empty &&= symbols.every((s) => s === 0);
	}

	/** @param symbols see {@link encodeLatentPass}; neither they nor `scales` are copied */
	pass(symbols: Int16Array, scales: Uint8Array, geometry: LatentGeometry, pass: LatentPass): void {
		this.parts.push((encoder) => {
			const corrected = this.models.offsets.put(encoder, symbols, scales, geometry, pass);
			encodeLatentPass(encoder, symbols, scales, geometry, pass, corrected);
		});
		this.empty &&= symbols.every((s) => s === 0);
	}

	/**
	 * Puts nothing at all where every symbol is 0 and, in an inter frame, every block is copied. An intra frame of which nothing is put has
	 * quality offsets of 0, so where it has others it is put: the networks are told of them even where there is nothing to add.
	 *
	 * @returns whether anything was put. @throws RangeError where a symbol is out of range, or not 0 at scale 0
	 */
	finish(encoder: RansEncoder): boolean {
		const { copiedBlocks, qualityOffsets } = this;
		const understood = copiedBlocks?.every((flag) => flag === 1) ?? !qualityOffsets?.some((offset) => offset !== 0);
		if (this.empty && understood) {
			if (copiedBlocks !== undefined) this.models.copied.allCopied(copiedBlocks.length);
			this.models.hyper.skip();
			return false;
		}
		for (const put of this.parts) put(encoder);
		return true;
	}
}

/** Reads what {@link LatentWriter} put. Damage is reported once, by the decoder's `finish`; until then it reads as some symbols. */
export class LatentReader {
	private readonly shared: LatentModels;
	private readonly models: KindModels;
	private readonly decoder: RansDecoder | undefined;

	/**
	 * @param decoder behind the motion; undefined: the sample has no latents, every symbol is 0 and every block of an inter frame copied
	 * @param models learns the frame; of no use after damage until the next intra frame
	 */
	constructor(decoder: RansDecoder | undefined, models: LatentModels, type: FrameType) {
		this.shared = models;
		this.models = models.of(type);
		this.decoder = decoder;
	}

	/** Fills `flags`, of an inter frame. */
	copied(flags: Uint8Array, levels: Uint8Array, grid: BlockGrid): void {
		if (this.decoder !== undefined) return this.models.copied.get(this.decoder, flags, levels, grid);
		this.models.copied.allCopied(flags.length);
		flags.fill(1);
	}

	/** Fills `offsets`. */
	quality(offsets: Int8Array, grid: BlockGrid): void {
		if (this.decoder !== undefined) return this.shared.quality.get(this.decoder, offsets, grid);
		this.shared.quality.stay(offsets);
	}

	/** Fills `symbols`. */
	hyper(symbols: Int16Array, geometry: LatentGeometry): void {
		if (this.decoder !== undefined) return this.models.hyper.get(this.decoder, symbols, geometry);
		this.models.hyper.skip();
		symbols.fill(0);
	}

	/** Fills the positions of one pass in `symbols`. */
	pass(symbols: Int16Array, scales: Uint8Array, geometry: LatentGeometry, pass: LatentPass): void {
		if (this.decoder === undefined) {
			// An empty frame has zeros in both passes, so filling all of it is the same.
			symbols.fill(0);
			return;
		}
		const corrected = this.models.offsets.get(this.decoder, pass);
		decodeLatentPass(this.decoder, scales, symbols, geometry, pass, corrected);
	}
}
