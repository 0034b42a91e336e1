import type { FrameType } from "../bitstream/frame-header.ts";
import { readSample } from "../bitstream/sample.ts";
import { LatentModels, LatentReader } from "../entropy/latent-stream.ts";
import { RansDecoder } from "../entropy/rans.ts";
import { CodecError } from "../errors.ts";
import { hashPicture } from "../hash/picture-hash.ts";
import type { Executor } from "../model/executor.ts";
import { HYPER_PLANES, LATENT_PLANES, type Model } from "../model/model-file.ts";
import { getBidirectionalMotion, MotionHistory } from "../motion/bidirectional.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import { getMotion } from "../motion/syntax.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import { changeLevels, withoutCopied } from "./copied-blocks.ts";
import type { FrameSymbols } from "./frame-symbols.ts";
import { extendBase, type FrameGeometry, frameGeometry } from "./geometry.ts";
import { type LatentModel, LatentPrior } from "./latent-prior.ts";
import { qualityMap } from "./quality-map.ts";
import { dequantisePass } from "./quantiser.ts";

/** Bound of a hyper latent: the range that the prior's certificate is for. */
export const LARGEST_HYPER = 127;

/** What the parser saw on its way, for conformance tools. */
export type ParserTrace = {
	readonly hyper: Int16Array;
	readonly symbols: Int16Array;
	readonly first: LatentModel;
	readonly second: LatentModel;
};

/** Options of {@link EnhancementParser.create}. */
export type ParserOptions = {
	readonly model: Model;
	readonly executor: Executor;
	/** Visible size of the enhanced picture. */
	readonly width: number;
	readonly height: number;
	/** Called once per frame. */
	readonly trace?: (trace: ParserTrace) => void;
};

/**
 * The first stage of a decoder: bytes to symbols (SPEC section 2, parser). It reads samples, base pictures and its own
 * past symbols, never an enhanced picture, so it may run any number of frames ahead of reconstruction.
 */
export class EnhancementParser {
	readonly geometry: FrameGeometry;
	private readonly prior: LatentPrior;
	private readonly trace: ParserOptions["trace"];
	/** What was learned of block motion since the last intra frame. */
	private motionHistory = new MotionHistory();
	/** And of latents. */
	private latentModels = new LatentModels();
	private current: Promise<unknown> | undefined;

	private constructor(options: ParserOptions, geometry: FrameGeometry, prior: LatentPrior) {
		this.trace = options.trace;
		this.geometry = geometry;
		this.prior = prior;
	}

	/** @throws CodecError `invalid-picture`, `model-invalid`, `backend-failed` */
	static async create(options: ParserOptions): Promise<EnhancementParser> {
		const geometry = frameGeometry(options.width, options.height);
		return new EnhancementParser(
			options,
			geometry,
			await LatentPrior.create(options.model, options.executor, geometry),
		);
	}

	/**
	 * One sample at a time, in order of decoding (`codingUnits`). After an error only an intra frame can follow.
	 *
	 * @param base the decoded base picture of the same frame, visible size
	 * @throws CodecError `damaged-sample`, `unsupported-version`, `base-mismatch`, `missing-reference`,
	 * `invalid-picture` where the base picture has another size, `aborted`, `backend-failed`
	 */
	async parse(sample: Sample, base: Picture, signal?: AbortSignal): Promise<FrameSymbols> {
		if (this.current !== undefined) {
			throw new CodecError("invalid-option", "A parser takes one sample at a time: await the last.");
		}
		const work = this.parseFrame(sample, base, signal);
		this.current = work;
		try {
			return await work;
		} catch (error) {
			this.reset();
			throw error;
		} finally {
			this.current = undefined;
		}
	}

	/** Resolves when no sample is being parsed. */
	async settled(): Promise<void> {
		await this.current?.then(
			() => undefined,
			() => undefined,
		);
	}

	/** Forgets the past, as at a seek: only an intra frame can follow. */
	reset(): void {
		this.prior.forget();
	}

	async dispose(): Promise<void> {
		await this.prior.dispose();
	}

	private readMotion(type: FrameType, decoder: RansDecoder | undefined): Pick<FrameSymbols, "motion" | "directions"> {
		const { width, height } = this.geometry.grid8;
		if (type === "intra") return { motion: undefined, directions: undefined };
		if (type === "inter") {
			const motion = getMotion(decoder, width, height, this.motionHistory.inter).toBlockMotion();
			return { motion, directions: undefined };
		}
		const { field, directions } = getBidirectionalMotion(decoder, width, height, this.motionHistory);
		return { motion: field.toBlockMotion(), directions };
	}

	private async parseFrame(sample: Sample, base: Picture, signal: AbortSignal | undefined): Promise<FrameSymbols> {
		throwIfAborted(signal);
		const parts = readSample(sample.data);
		const extended = extendBase(base, this.geometry);
		if (parts.baseHash !== undefined) checkBase(base, parts.baseHash);
		this.prior.check(parts.type, extended);
		const { grid16, grid32 } = this.geometry;
		if (parts.type === "intra") {
			this.motionHistory = new MotionHistory();
			this.latentModels = new LatentModels();
		}
		const decoder = parts.payload.length === 0 ? undefined : new RansDecoder(parts.payload);
		const { motion, directions } = this.readMotion(parts.type, parts.hasMotion ? decoder : undefined);
		const reader = new LatentReader(parts.hasLatents ? decoder : undefined, this.latentModels, parts.type);
		const offsets = new Int8Array(grid32.cells);
		reader.quality(offsets, grid32);
		const quality = qualityMap(parts.q, offsets);
		const cues = this.prior.cues(extended, motion, directions);
		let copied: CopiedMap | undefined;
		if (motion !== undefined) {
			copied = { columns: grid16.width, rows: grid16.height, flags: new Uint8Array(grid16.cells) };
			reader.copied(copied.flags, changeLevels(cues, this.geometry), grid16);
		}
		const { grid8 } = this.geometry;
		const hyper = new Int16Array(HYPER_PLANES * grid32.cells);
		reader.hyper(hyper, { channels: HYPER_PLANES, ...grid32 });
		requireUndamaged(decoder);
		if (hyper.some((value) => Math.abs(value) > LARGEST_HYPER)) {
			throw new CodecError("damaged-sample", `A hyper latent is beyond ${LARGEST_HYPER}.`);
		}
		const law = (of: LatentModel) => (copied === undefined ? of : withoutCopied(of, copied.flags, grid8));
		const first = law(await this.prior.first({ quality, hyper, cues, type: parts.type }));
		throwIfAborted(signal);
		const symbols = new Int16Array(LATENT_PLANES * grid8.cells);
		const latents = new Int16Array(symbols.length);
		const size = { channels: LATENT_PLANES, ...grid8 };
		reader.pass(symbols, first.scale, size, 0);
		requireUndamaged(decoder);
		dequantisePass(symbols, first.mean, latents, grid8, 0);
		const second = law(await this.prior.second(latents));
		throwIfAborted(signal);
		reader.pass(symbols, second.scale, size, 1);
		decoder?.finish();
		dequantisePass(symbols, second.mean, latents, grid8, 1);
		this.prior.remember(extended, parts.type);
		this.trace?.({ hyper, symbols, first, second });
		return {
			type: parts.type,
			q: parts.q,
			quality,
			motion,
			directions,
			copied,
			latents,
			baseHash: parts.baseHash,
			pictureHash: parts.pictureHash,
			timestamp: sample.timestamp,
			duration: sample.duration,
		};
	}
}

function checkBase(base: Picture, expected: number): void {
	const hash = hashPicture(base);
	if (hash === expected) return;
	const hex = (value: number) => value.toString(16).padStart(8, "0");
	throw new CodecError(
		"base-mismatch",
		`The base picture at ${base.timestamp} us hashes to ${hex(hash)}, the enhancement was coded against ${hex(expected)}.`,
		{ hint: "The base decoder is not exact, or base and enhancement belong to different videos." },
	);
}

/** Damage that has shown already need not wait for the networks. */
function requireUndamaged(decoder: RansDecoder | undefined): void {
	if (decoder?.error) decoder.finish();
}

/** @throws CodecError `aborted` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
	if (signal?.aborted) throw new CodecError("aborted", "Stopped on request.", { cause: signal.reason });
}
