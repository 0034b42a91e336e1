import { UnsupportedInputFormatError } from "mediabunny";
import type { Input, InputVideoTrack, VideoSample } from "mediabunny";
import { openAudio } from "../audio/source-audio.ts";
import type { SoundBreaks } from "../audio/until-broken.ts";
import { UploadError } from "../errors.ts";
import type { PatientFetch } from "../transport/patient-fetch.ts";
import { isHighDynamicRange, resolveColour } from "./colour.ts";
import { decodedFrames } from "./decoded-frames.ts";
import { Container } from "./container.ts";
import { isInterlaced } from "./interlaced.ts";
import { highDynamicRange, refuseSize } from "./refusals.ts";
import { withDurations } from "./timing.ts";
import type { PicturePath } from "./picture-path.ts";
import type { SourceWarning } from "./source-warning.ts";
import type { SourceAudio, SourceInfo, TimedPicture, VideoSource } from "./video-source.ts";

/** Packets that the average rate is taken from. */
const RATE_PACKETS = 100;

/** A video that ends so much earlier than its index says, in seconds, is cut. */
const MISSING_SECONDS = 0.5;

const MICROSECONDS = 1_000_000;

/** Runs a step of reading a container; what mediabunny throws becomes a typed refusal. */
const reading = async <T>(step: () => Promise<T>): Promise<T> => {
	try {
		return await step();
	} catch (cause) {
		if (cause instanceof UploadError) {
			throw cause;
		}
		const known = !(cause instanceof UnsupportedInputFormatError);
		throw new UploadError(
			"source-unreadable",
			known
				? "The file is damaged or cut short before its index."
				: "This is not a video file that is known here.",
			{ hint: "Use an mp4, mov, webm or mkv file, and check that it plays from start to end elsewhere.", cause },
		);
	}
};

const refuseUnsuitable = async (track: InputVideoTrack): Promise<void> => {
	const codec =
		(await track.getCodecParameterString()) ?? (await track.getCodec()) ?? String(await track.getInternalCodecId());
	if (!(await track.canDecode())) {
		throw new UploadError("source-undecodable", `This browser does not decode this video (codec ${codec}).`, {
			hint: "Try another browser, or convert the file to H.264 (for example: ffmpeg -i in -c:v libx264 out.mp4).",
		});
	}
	if (await track.hasHighDynamicRange()) {
		throw highDynamicRange();
	}
	const description = (await track.getDecoderConfig())?.description;
	if (codec.startsWith("avc") && description !== undefined && isInterlaced(bytesOf(description))) {
		throw new UploadError("source-interlaced", "The video is interlaced: each picture holds two moments.", {
			hint: "Deinterlace it first (for example: ffmpeg -i in -vf bwdif -c:v libx264 out.mp4).",
		});
	}
	if (await track.canBeTransparent()) {
		throw new UploadError("source-alpha", "The video has an alpha channel, which would be lost.", {
			hint: "Put it over a background and export it without transparency.",
		});
	}
};

const bytesOf = (source: AllowSharedBufferSource): Uint8Array =>
	ArrayBuffer.isView(source)
		? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
		: new Uint8Array(source);

/** A file, blob or address, read by mediabunny and decoded by WebCodecs. */
export class FileSource implements VideoSource {
	readonly info: SourceInfo;
	readonly audio: SourceAudio | undefined;
	readonly #container: Container;
	readonly #track: InputVideoTrack;
	/** Time of the first picture in the container, microseconds: the zero of everything that comes out. */
	readonly #origin: number;
	readonly #warnings: SourceWarning[];

	private constructor(
		container: Container,
		track: InputVideoTrack,
		origin: number,
		info: SourceInfo,
		audio: SourceAudio | undefined,
		warnings: SourceWarning[],
	) {
		this.#container = container;
		this.#track = track;
		this.#origin = origin;
		this.info = info;
		this.audio = audio;
		this.#warnings = warnings;
	}

	get warnings(): readonly SourceWarning[] {
		return this.#warnings;
	}

	/**
	 * Opens a source and refuses what cannot be uploaded as it should look.
	 * @throws {UploadError} `source-empty`, `source-unreadable`, `source-no-video`, `source-undecodable`, `source-hdr`,
	 * `source-interlaced`, `source-alpha`, `source-size`, `source-damaged`, `network-failed`, `aborted`
	 */
	static async open(
		source: Blob | string,
		options: {
			readonly audio: "auto" | "none";
			readonly signal: AbortSignal;
			readonly fetch?: PatientFetch;
			/** Where the sound broke when the source was read before. */
			readonly breaks?: SoundBreaks;
		},
	): Promise<FileSource> {
		if (source instanceof Blob && source.size === 0) {
			throw new UploadError("source-empty", "The file is empty.", { hint: "Choose another file." });
		}
		const container = Container.open(source, options.signal, options.fetch);
		try {
			return await FileSource.#open(container, options.audio, options.signal, options.breaks);
		} catch (error) {
			container.close();
			options.signal.throwIfAborted();
			await container.checkReadable();
			throw error;
		}
	}

	static async #open(
		container: Container,
		sound: "auto" | "none",
		signal: AbortSignal,
		breaks: SoundBreaks | undefined,
	): Promise<FileSource> {
		const warnings: SourceWarning[] = [];
		const { input } = container;
		const track = await reading(() => input.getPrimaryVideoTrack());
		signal.throwIfAborted();
		if (track === null && (await reading(() => input.getTracks())).length === 0) {
			throw new UploadError("source-unreadable", "The file is damaged or cut short before its index.", {
				hint: "Check that it plays from start to end elsewhere, or download it again.",
			});
		}
		if (track === null) {
			throw new UploadError("source-no-video", "The file has no video track.", {
				hint: "Choose a file with pictures; sound alone cannot be uploaded.",
			});
		}
		await reading(() => refuseUnsuitable(track));
		const first = await firstFrame(track, signal);
		const { displayWidth: width, displayHeight: height, colorSpace, rotation } = first;
		const origin = Math.max(0, first.microsecondTimestamp);
		first.close();
		refuseSize(width, height);
		if (isHighDynamicRange(colorSpace)) {
			throw highDynamicRange();
		}
		const stats = await reading(() => track.computePacketStats(RATE_PACKETS));
		const end =
			(await reading(() => track.getDurationFromMetadata())) ?? (await reading(() => track.computeDuration()));
		await warnOfExtraTracks(input, sound, warnings);
		const check = () => container.checkReadable();
		const audio =
			sound === "none" ? undefined : await openAudio(input, origin, { warnings, signal, check, breaks });
		const info: SourceInfo = {
			width,
			height,
			duration: Math.max(0, end - origin / MICROSECONDS),
			live: false,
			frameRate: stats.averagePacketRate > 0 ? stats.averagePacketRate : undefined,
			codec: (await track.getCodecParameterString()) ?? "unknown",
			colour: resolveColour(colorSpace, height),
			rotation,
			fingerprint: await container.fingerprint(),
		};
		return new FileSource(container, track, origin, info, audio, warnings);
	}

	async *pictures(
		from: number,
		path: PicturePath,
		signal: AbortSignal,
	): AsyncGenerator<TimedPicture, void, undefined> {
		const frames = this.#frames(from, signal);
		const timed = withDurations(frames, ({ sample }) => sample.close());
		for await (const { frame, duration } of timed) {
			try {
				signal.throwIfAborted();
				yield { picture: await path.take(frame.sample, frame.timestamp), duration };
			} finally {
				frame.sample.close();
			}
		}
	}

	close(): void {
		this.#container.close();
	}

	/** Decoded frames with times from the start of the video. A file that ends too early gives what it has. */
	async *#frames(from: number, signal: AbortSignal): AsyncGenerator<DecodedFrame, void, undefined> {
		const samples = decodedFrames(this.#track, from + this.#origin, signal);
		let any = false;
		let end = from;
		try {
			for await (const sample of samples) {
				const timestamp = Math.max(0, sample.microsecondTimestamp - this.#origin);
				any = true;
				end = timestamp + sample.microsecondDuration;
				yield { sample, timestamp, duration: sample.microsecondDuration };
			}
			this.#checkEnd(end);
		} catch (error) {
			signal.throwIfAborted();
			await this.#broken(error, any);
		}
	}

	/** Some readers end without an error where a file does: the index promised more. */
	#checkEnd(end: number): void {
		const missing = (this.info.duration ?? 0) - end / MICROSECONDS;
		if (missing > MISSING_SECONDS && !this.#warnings.some(({ code }) => code === "truncated")) {
			const message = `The file breaks off ${missing.toFixed(1)} s before its end; what came before was kept.`;
			this.#warnings.push({ code: "truncated", message });
		}
	}

	/** Decoding failed, again: fatal before the first picture, afterwards the end of what can be kept, if it is the file that is at fault. */
	async #broken(error: unknown, any: boolean): Promise<void> {
		if (error instanceof UploadError) {
			throw error;
		}
		await this.#container.checkReadable();
		if (!any) {
			throw new UploadError("source-damaged", "The video could not be decoded.", {
				hint: "Check that the file plays elsewhere, or download it again.",
				cause: error,
			});
		}
		const detail = error instanceof Error ? error.message : String(error);
		this.#warnings.push({
			code: "truncated",
			message: `The file breaks off; what came before was kept. (${detail})`,
		});
	}
}

type DecodedFrame = { readonly sample: VideoSample; readonly timestamp: number; readonly duration: number };

const firstFrame = async (track: InputVideoTrack, signal: AbortSignal): Promise<VideoSample> => {
	const samples = decodedFrames(track, 0, signal);
	try {
		const { value } = await samples.next();
		if (value !== undefined) {
			return value;
		}
	} catch (cause) {
		signal.throwIfAborted();
		if (cause instanceof UploadError) {
			throw cause;
		}
		throw new UploadError("source-damaged", "The first picture could not be decoded.", {
			hint: "Check that the file plays elsewhere, or download it again.",
			cause,
		});
	} finally {
		await samples.return();
	}
	throw new UploadError("source-damaged", "The video track has no pictures.", { hint: "Choose another file." });
};

const warnOfExtraTracks = async (input: Input, sound: "auto" | "none", warnings: SourceWarning[]): Promise<void> => {
	const videos = (await input.getVideoTracks()).length;
	const audios = sound === "none" ? 0 : (await input.getAudioTracks()).length;
	if (videos > 1 || audios > 1) {
		const message = `Of ${videos} video and ${audios} audio tracks the primary one of each is uploaded.`;
		warnings.push({ code: "extra-tracks", message });
	}
};
