import { CodecError } from "../errors.ts";
import { avcCodecString } from "../mp4/sample-entry-reader.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import type { BaseTrack } from "../track.ts";
import { raiseLevel1b } from "./avcc.ts";
import type { BaseDecoder, BaseEncoder } from "./base-codec.ts";
import { deferred } from "./deferred.ts";
import { OutputQueue } from "./output-queue.ts";
import { frameToPicture, pictureToFrame } from "./video-frame.ts";
import {
	av1Configuration,
	chooseEncoderConfig,
	type WebCodecsBaseConfig,
	vp9Configuration,
} from "./webcodecs-candidates.ts";

/** Pictures that may wait inside an encoder. */
const ENCODER_DEPTH = 4;

/** Pictures that may be in a decoder or wait to be read: more than the 16 that H.264 may hold back. */
const DECODER_DEPTH = 24;

/** The base by the browser's VideoEncoder: H.264, or VP9 or AV1 where it has none. For pages and workers. */
export class WebCodecsBaseEncoder implements BaseEncoder {
	readonly #config: WebCodecsBaseConfig;
	readonly #encoderConfig: VideoEncoderConfig;
	readonly #encoder: VideoEncoder;
	readonly #output = new OutputQueue<Sample>();
	readonly #track = deferred<BaseTrack>();
	readonly #abort = () => this.#fail(new CodecError("aborted", "The base encoder was stopped."));
	#held: Picture | undefined;
	#heldSync = false;
	#count = 0;
	#wake: (() => void) | undefined;

	private constructor(config: WebCodecsBaseConfig, encoderConfig: VideoEncoderConfig) {
		this.#config = config;
		this.#encoderConfig = encoderConfig;
		this.#encoder = new VideoEncoder({
			output: (chunk, metadata) => this.#take(chunk, metadata),
			error: (error) => this.#fail(failed("encoder", error)),
		});
		this.#encoder.configure(encoderConfig);
		config.signal?.addEventListener("abort", this.#abort, { once: true });
		if (config.signal?.aborted === true) this.#abort();
	}

	/** @throws CodecError `backend-unavailable` where the browser encodes none of the codecs. */
	static async create(config: WebCodecsBaseConfig): Promise<WebCodecsBaseEncoder> {
		return new WebCodecsBaseEncoder(config, await chooseEncoderConfig(config));
	}

	/** Codec string that was chosen. */
	get codec(): string {
		return this.#encoderConfig.codec;
	}

	/**
	 * @param sync makes this picture a sync sample (or not), whatever the key interval says: for video whose frame rate varies.
	 * The first must be one.
	 */
	async encode(picture: Picture, sync = this.#count % this.#config.keyInterval === 0): Promise<void> {
		this.#requireRunning();
		// One picture is held back: its duration is the distance to the next.
		if (this.#held !== undefined) this.#submit(this.#held, picture.timestamp - this.#held.timestamp);
		this.#held = picture;
		this.#heldSync = sync;
		this.#count++;
		while (this.#encoder.encodeQueueSize > ENCODER_DEPTH && this.#output.failure === undefined) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
				this.#encoder.addEventListener("dequeue", () => resolve(), { once: true });
			});
		}
	}

	async finish(): Promise<void> {
		this.#requireRunning();
		const { numerator, denominator } = this.#config.frameRate;
		if (this.#held !== undefined) this.#submit(this.#held, Math.round((1_000_000 * denominator) / numerator));
		this.#held = undefined;
		try {
			await this.#encoder.flush();
			this.#output.end();
		} catch (error) {
			this.#fail(failed("encoder", error));
		}
	}

	async *samples(): AsyncGenerator<Sample, void, undefined> {
		try {
			yield* this.#output.read();
		} finally {
			await this.close();
		}
	}

	track(): Promise<BaseTrack> {
		return this.#track.promise;
	}

	close(): Promise<void> {
		this.#fail(new CodecError("aborted", "The base encoder was closed."));
		return Promise.resolve();
	}

	#requireRunning(): void {
		if (this.#output.failure !== undefined) throw this.#output.failure.error;
	}

	#submit(picture: Picture, duration: number): void {
		const frame = pictureToFrame(picture, duration, this.#config.colour);
		try {
			const { rate } = this.#config;
			const quantizer = "crf" in rate ? quantizerOptions(this.codec, rate.crf) : {};
			this.#encoder.encode(frame, { keyFrame: this.#heldSync, ...quantizer });
		} catch (error) {
			this.#fail(failed("encoder", error));
			this.#requireRunning();
		} finally {
			frame.close();
		}
	}

	#take(chunk: EncodedVideoChunk, metadata: EncodedVideoChunkMetadata | undefined): void {
		const { decoderConfig } = metadata ?? {};
		if (decoderConfig !== undefined) this.#describe(decoderConfig);
		const data = new Uint8Array(chunk.byteLength);
		chunk.copyTo(data);
		const { timestamp, duration, type } = chunk;
		this.#output.push({ data, timestamp, duration: duration ?? 0, sync: type === "key" });
	}

	#describe(decoderConfig: VideoDecoderConfig): void {
		const { width, height, colour } = this.#config;
		const given = decoderConfig.description;
		const { codec } = decoderConfig;
		let description: Uint8Array;
		if (codec.startsWith("avc1")) {
			if (given === undefined) return this.#fail(failed("encoder", "it gave no avcC"));
			description = raiseLevel1b(toBytes(given));
		} else {
			description = codec.startsWith("vp09") ? vp9Configuration(codec, this.#config) : av1Configuration(codec);
		}
		const name = codec.startsWith("avc1") ? avcCodecString(description) : codec;
		this.#track.resolve({ kind: "base", codec: name, width, height, description, colour });
	}

	#fail(error: CodecError): void {
		this.#config.signal?.removeEventListener("abort", this.#abort);
		this.#output.fail(error);
		this.#track.reject(error);
		this.#wake?.();
		if (this.#encoder.state !== "closed") this.#encoder.close();
	}
}

/** The base by the browser's VideoDecoder, in software: exact pictures, whatever the graphics driver. For pages and workers. */
export class WebCodecsBaseDecoder implements BaseDecoder {
	readonly #decoder: VideoDecoder;
	readonly #signal: AbortSignal | undefined;
	readonly #output = new OutputQueue<Picture>();
	readonly #abort = () => this.#fail(new CodecError("aborted", "The base decoder was stopped."));
	#copies: Promise<void> = Promise.resolve();
	#fed = 0;
	#copied = 0;
	#read = 0;
	#wake: (() => void) | undefined;

	/** @throws CodecError `backend-unavailable` without WebCodecs. */
	constructor(track: BaseTrack, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
		if (typeof VideoDecoder === "undefined") {
			throw new CodecError("backend-unavailable", "This browser has no WebCodecs video decoder.", {
				hint: "Use a current browser, on a page served by https or from localhost.",
			});
		}
		this.#signal = signal;
		this.#decoder = new VideoDecoder({
			output: (frame) => this.#take(frame),
			error: (error) =>
				this.#fail(new CodecError("damaged-sample", "The base cannot be decoded.", { cause: error })),
		});
		this.#decoder.configure({
			codec: track.codec,
			codedWidth: track.width,
			codedHeight: track.height,
			hardwareAcceleration: "prefer-software",
			optimizeForLatency: true,
			...(track.codec.startsWith("avc1") ? { description: track.description } : {}),
		});
		signal?.addEventListener("abort", this.#abort, { once: true });
		if (signal?.aborted === true) this.#abort();
	}

	async decode(sample: Sample): Promise<void> {
		this.#requireRunning();
		const { data, timestamp, duration, sync } = sample;
		try {
			this.#decoder.decode(new EncodedVideoChunk({ type: sync ? "key" : "delta", data, timestamp, duration }));
		} catch (cause) {
			// A first sample that none can begin with is refused at once, without the decoder's callback.
			this.#fail(new CodecError("damaged-sample", "The base cannot be decoded from here.", { cause }));
			this.#requireRunning();
		}
		this.#fed++;
		while (this.#fed - this.#read >= DECODER_DEPTH && this.#output.failure === undefined) {
			await new Promise<void>((resolve) => (this.#wake = resolve));
		}
	}

	async finish(): Promise<void> {
		this.#requireRunning();
		try {
			await this.#decoder.flush();
			await this.#copies;
		} catch (error) {
			// A decoder that gave up has reported why already; the first error counts.
			return this.#fail(failed("decoder", error));
		}
		if (this.#copied < this.#fed) {
			const missing = this.#fed - this.#copied;
			return this.#fail(
				new CodecError("damaged-sample", `The base decoder gave ${missing} pictures less than samples.`),
			);
		}
		this.#output.end();
	}

	async *pictures(): AsyncGenerator<Picture, void, undefined> {
		try {
			for await (const picture of this.#output.read()) {
				this.#read++;
				this.#wake?.();
				yield picture;
			}
		} finally {
			await this.close();
		}
	}

	close(): Promise<void> {
		this.#fail(new CodecError("aborted", "The base decoder was closed."));
		return Promise.resolve();
	}

	#requireRunning(): void {
		if (this.#output.failure !== undefined) throw this.#output.failure.error;
	}

	/** Copies are chained, so that pictures leave in the order in which frames came. */
	#take(frame: VideoFrame): void {
		this.#copies = this.#copies.then(async () => {
			try {
				if (this.#output.failure !== undefined) return;
				this.#output.push(await frameToPicture(frame));
				this.#copied++;
			} catch (error) {
				this.#fail(error instanceof CodecError ? error : failed("decoder", error));
			} finally {
				frame.close();
			}
		});
	}

	#fail(error: CodecError): void {
		this.#signal?.removeEventListener("abort", this.#abort);
		this.#output.fail(error);
		this.#wake?.();
		if (this.#decoder.state !== "closed") this.#decoder.close();
	}
}

const failed = (which: "encoder" | "decoder", cause: unknown): CodecError =>
	new CodecError("backend-failed", `The browser's video ${which} failed: ${String(cause)}.`, { cause });

const toBytes = (source: AllowSharedBufferSource): Uint8Array<ArrayBuffer> =>
	ArrayBuffer.isView(source)
		? Uint8Array.from(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
		: Uint8Array.from(new Uint8Array(source));

/** Quantiser of one picture on the codec's own scale: 0..51 for H.264, 0..63 for VP9 and AV1. */
const quantizerOptions = (codec: string, crf: number): VideoEncoderEncodeOptions => {
	if (codec.startsWith("avc1")) return { avc: { quantizer: Math.round(crf) } };
	const quantizer = Math.round((crf * 63) / 51);
	return codec.startsWith("vp09") ? { vp9: { quantizer } } : { av1: { quantizer } };
};
