import { CodecError } from "../errors.ts";
import { requirePicture } from "../picture/extend.ts";
import type { Picture } from "../picture/picture.ts";
import { readY4m } from "../picture/y4m.ts";
import { writeInitSegment } from "../mp4/init-segment.ts";
import { writeMediaSegment } from "../mp4/media-segment.ts";
import { avcCodecString } from "../mp4/sample-entry-reader.ts";
import type { Sample } from "../sample.ts";
import type { BaseTrack, ColourSpace } from "../track.ts";
import { splitAccessUnits, toAvcSample, writeAvcConfiguration } from "./avcc.ts";
import type { BaseDecoder, BaseEncoder, BaseEncoderConfig } from "./base-codec.ts";
import { deferred } from "./deferred.ts";
import { FfmpegProcess } from "./ffmpeg.ts";

/** Options beyond what every base encoder has. */
export type FfmpegBaseConfig = BaseEncoderConfig & {
	/** x264's preset; `slow` unless given. Slower ones give a smaller base of the same quality. */
	readonly preset?: string | undefined;
	/**
	 * A cut in the video is a sync sample too, and the next one follows it after the key interval; none follows within a fifth of the
	 * interval. Default false.
	 */
	readonly sceneCuts?: boolean | undefined;
};

/** Least distance of sync samples with scene cuts, as a part of the key interval. */
const SHORTEST_GROUP = 0.2;

/**
 * H.264 by x264 in an ffmpeg on PATH, in the order of a realtime encoder: no B frames, no look-ahead, IDR pictures where the key
 * interval says and, if asked for, at scene cuts. Bits go where they lessen the squared error, for the enhancement predicts from
 * these pictures: without adaptive quantisation and psychovisual choices the base is 13 percent smaller at equal PSNR, and 6 more
 * by the preset. One thread, so that the same pictures give the same bytes on every machine. Node only.
 */
export class FfmpegBaseEncoder implements BaseEncoder {
	readonly #config: FfmpegBaseConfig;
	readonly #process: FfmpegProcess;
	readonly #times: number[] = [];
	readonly #track = deferred<BaseTrack>();
	#taken = 0;
	/** Pictures since the last sync sample. */
	#sinceSync = 0;

	constructor(config: FfmpegBaseConfig) {
		this.#config = config;
		this.#process = new FfmpegProcess(encoderArguments(config), { signal: config.signal });
	}

	async encode(picture: Picture): Promise<void> {
		requirePicture(picture);
		const { width, height } = this.#config;
		if (picture.width !== width || picture.height !== height) {
			const sizes = `${picture.width}x${picture.height}, the encoder ${width}x${height}`;
			throw new CodecError("invalid-picture", `The base picture is ${sizes}.`);
		}
		this.#times.push(picture.timestamp);
		await this.#process.write(picture.y);
		await this.#process.write(picture.u);
		await this.#process.write(picture.v);
	}

	finish(): Promise<void> {
		this.#process.end();
		return Promise.resolve();
	}

	async *samples(): AsyncGenerator<Sample, void, undefined> {
		const { numerator, denominator } = this.#config.frameRate;
		try {
			for await (const accessUnit of splitAccessUnits(this.#process.output())) {
				const { data, sync, sps, pps } = toAvcSample(accessUnit);
				if (this.#taken === 0) this.#track.resolve(this.#describe(writeAvcConfiguration(sps, pps)));
				const timestamp = this.#times.shift();
				if (timestamp === undefined || !this.#mayBe(sync)) {
					throw new CodecError(
						"backend-failed",
						`Picture ${this.#taken} came out of the encoder as no one asked for.`,
					);
				}
				// A sample lasts until the next picture, which is known: this access unit ended where the next began.
				const end = this.#times[0] ?? timestamp + Math.round((1_000_000 * denominator) / numerator);
				this.#taken++;
				this.#sinceSync = sync ? 1 : this.#sinceSync + 1;
				yield { data, timestamp, duration: end - timestamp, sync };
			}
			if (this.#times.length > 0) {
				throw new CodecError("backend-failed", `The encoder kept ${this.#times.length} pictures to itself.`);
			}
		} catch (error) {
			this.#track.reject(error);
			throw error;
		} finally {
			await this.close();
		}
	}

	/** Whether the next sample may be, or fail to be, a sync sample. */
	#mayBe(sync: boolean): boolean {
		const { keyInterval, sceneCuts = false } = this.#config;
		const due = this.#taken === 0 || this.#sinceSync === keyInterval;
		return sync ? due || sceneCuts : !due;
	}

	track(): Promise<BaseTrack> {
		return this.#track.promise;
	}

	async close(): Promise<void> {
		await this.#process.close();
		this.#track.reject(new CodecError("aborted", "The base encoder was closed before its first sample."));
	}

	#describe(description: Uint8Array): BaseTrack {
		const { width, height, colour } = this.#config;
		return { kind: "base", codec: avcCodecString(description), width, height, description, colour };
	}
}

const encoderArguments = ({
	width,
	height,
	frameRate,
	colour,
	keyInterval,
	rate,
	preset,
	sceneCuts = false,
}: FfmpegBaseConfig): string[] => {
	const shortest = sceneCuts ? Math.max(Math.floor(SHORTEST_GROUP * keyInterval), 1) : keyInterval;
	const rateArguments =
		"crf" in rate
			? ["-crf", String(rate.crf)]
			: ["-b:v", String(rate.bitrate), "-maxrate", String(rate.bitrate), "-bufsize", String(rate.bitrate)];
	return [
		...["-f", "rawvideo", "-pix_fmt", pixelFormat(colour), "-video_size", `${width}x${height}`],
		...["-framerate", `${frameRate.numerator}/${frameRate.denominator}`, "-i", "pipe:0"],
		...["-c:v", "libx264", "-preset", preset ?? "slow", "-tune", "zerolatency", "-profile:v", "high"],
		// At most four references, as the levels of small pictures allow every hardware decoder.
		...["-psy", "0", "-aq-mode", "0", "-refs", "4"],
		...[
			"-bf",
			"0",
			"-g",
			String(keyInterval),
			"-keyint_min",
			String(shortest),
			"-sc_threshold",
			sceneCuts ? "40" : "0",
		],
		...["-threads", "1", ...rateArguments, "-pix_fmt", pixelFormat(colour), ...colourArguments(colour)],
		...["-fps_mode", "passthrough", "-x264-params", "aud=1:open-gop=0", "-f", "h264", "pipe:1"],
	];
};

/** ffmpeg's name that says which range the samples have; with the same name on both sides nothing is converted. */
const pixelFormat = ({ fullRange }: ColourSpace): string => (fullRange ? "yuvj420p" : "yuv420p");

const colourArguments = ({ primaries, transfer, matrix, fullRange }: ColourSpace): string[] => [
	...["-color_primaries", String(primaries), "-color_trc", String(transfer), "-colorspace", String(matrix)],
	...["-color_range", fullRange ? "pc" : "tv"],
];

/** The base decoded by an ffmpeg on PATH: H.264, VP9 or AV1, wrapped as fragmented MP4 with one fragment a sample. Node only. */
export class FfmpegBaseDecoder implements BaseDecoder {
	readonly #track: BaseTrack;
	readonly #process: FfmpegProcess;
	readonly #times: number[] = [];
	#count = 0;

	constructor(track: BaseTrack, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
		this.#track = track;
		this.#process = new FfmpegProcess(DECODER_ARGUMENTS, { signal });
	}

	async decode(sample: Sample): Promise<void> {
		// Times are kept here, not sent through: the decoder needs only an order.
		this.#times.push(sample.timestamp);
		const timestamp = this.#count * 40_000;
		const timescale = 25;
		if (this.#count === 0) await this.#process.write(writeInitSegment([{ id: 1, track: this.#track, timescale }]));
		this.#count++;
		const samples = [{ ...sample, timestamp, duration: 40_000 }];
		await this.#process.write(writeMediaSegment({ trackId: 1, sequenceNumber: this.#count, timescale, samples }));
	}

	finish(): Promise<void> {
		this.#process.end();
		return Promise.resolve();
	}

	async *pictures(): AsyncGenerator<Picture, void, undefined> {
		try {
			const output = this.#process.output();
			const first = await output.next();
			if (first.done === true) return this.#requireAll();
			const { format, pictures } = await readY4m(startingWith(first.value, output));
			if (format.width !== this.#track.width || format.height !== this.#track.height) {
				const sizes = `${format.width}x${format.height}, its track ${this.#track.width}x${this.#track.height}`;
				throw new CodecError("invalid-file", `The base's pictures are ${sizes}.`);
			}
			for await (const picture of pictures) {
				const timestamp = this.#times.shift();
				if (timestamp === undefined)
					throw new CodecError("backend-failed", "The base decoder made up a picture.");
				yield { ...picture, timestamp };
			}
			this.#requireAll();
		} finally {
			await this.close();
		}
	}

	close(): Promise<void> {
		return this.#process.close();
	}

	#requireAll(): void {
		if (this.#times.length === 0) return;
		throw new CodecError(
			"damaged-sample",
			`The base decoder gave ${this.#times.length} pictures less than there are samples.`,
			{
				hint: "The base is damaged.",
			},
		);
	}
}

const DECODER_ARGUMENTS = [
	// No looking ahead: the container says all there is to know, and a picture is wanted as soon as its sample is in.
	...["-probesize", "32", "-analyzeduration", "0", "-fpsprobesize", "0", "-flags", "low_delay"],
	// A rate of our choice for pictures whose times are kept here: the stream's own may not fit the container's.
	...["-threads", "1", "-err_detect", "explode", "-xerror", "-r", "25", "-f", "mp4", "-i", "pipe:0"],
	// Both names of 8-bit 4:2:0, so that nothing is converted.
	...["-map", "0:v:0", "-vf", "format=yuv420p|yuvj420p", "-fps_mode", "drop", "-strict", "-1"],
	...["-f", "yuv4mpegpipe", "pipe:1"],
];

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
	yield first;
	yield* rest;
}
