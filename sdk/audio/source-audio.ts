import { AudioSample, AudioSampleSink, canEncodeAudio, EncodedPacketSink } from "mediabunny";
import type { EncodedPacket, Input, InputAudioTrack } from "mediabunny";
import type { Sample } from "../../codec/sample.ts";
import type { AudioTrack } from "../../codec/track.ts";
import { UploadError } from "../errors.ts";
import type { UploadErrorCode } from "../errors.ts";
import type { Feed } from "../feed/feed.ts";
import { MOST_LOSSES } from "../lost-device.ts";
import type { SourceAudio } from "../source/video-source.ts";
import { encodePackets } from "./encode-packets.ts";
import type { MadePacket } from "./encode-packets.ts";
import { opusHeadToDops } from "./opus-head.ts";
import { planAudio } from "./plan.ts";
import type { AudioFacts, AudioPlan } from "./plan.ts";
import { untilBroken } from "./until-broken.ts";
import type { SoundContext } from "./until-broken.ts";

const MICROSECONDS = 1_000_000;

/** What is thrown here of the sound alone. */
const OF_SOUND: ReadonlySet<UploadErrorCode> = new Set(["source-undecodable", "source-damaged"]);

/**
 * The sound of a file in a form that every player takes, or undefined with a warning where there is none to be had.
 * @param origin time in the container, in microseconds, that becomes 0.
 */
export const openAudio = async (
	input: Input,
	origin: number,
	context: SoundContext,
): Promise<SourceAudio | undefined> => {
	const { warnings, signal, check, breaks } = context;
	const track = await input.getPrimaryAudioTrack();
	if (track === null) {
		return undefined;
	}
	try {
		const facts = await factsOf(track);
		const plan = planAudio(facts);
		if (plan.make === "nothing") {
			warnings.push({ code: "audio-dropped", message: `The video is uploaded without sound: ${plan.reason}` });
			return undefined;
		}
		if (facts.channels > 2) {
			warnings.push({
				code: "audio-downmixed",
				message: `The sound's ${facts.channels} channels are mixed to stereo.`,
			});
		}
		if (plan.make === "copy") {
			return enduring(await copiedAudio(track, facts, origin), context);
		}
		const encoded = () => encodedAudio(decodedSound(track, origin), plan);
		const audio = await encoded().catch((error: unknown) => {
			if (breaks?.isNew(error, 0) === true) {
				return encoded();
			}
			throw error;
		});
		return enduring(audio, context);
	} catch (error) {
		signal.throwIfAborted();
		if (error instanceof UploadError && !OF_SOUND.has(error.code)) {
			throw error;
		}
		await check?.();
		// Sound that cannot be read must not cost the pictures; the person is told.
		const detail = error instanceof Error ? error.message : String(error);
		warnings.push({
			code: "audio-dropped",
			message: `The video is uploaded without sound, which is damaged: ${detail}`,
		});
		return undefined;
	}
};

/** Sound that ends where it breaks. */
const enduring = (audio: SourceAudio, context: SoundContext): SourceAudio => ({
	...audio,
	samples: (signal) => untilBroken(audio.samples(signal), { ...context, signal }),
});

const factsOf = async (track: InputAudioTrack): Promise<AudioFacts> => {
	const config = await track.getDecoderConfig();
	return {
		codec: (await track.getCodec()) ?? undefined,
		codecString: (await track.getCodecParameterString()) ?? undefined,
		channels: await track.getNumberOfChannels(),
		sampleRate: await track.getSampleRate(),
		described: config?.description !== undefined,
		decodable: await track.canDecode(),
		encodable: await encodable(),
	};
};

/** What this browser encodes at two channels. */
const encodable = async (): Promise<AudioFacts["encodable"]> => {
	const canMake = (codec: "aac" | "opus") =>
		canEncodeAudio(codec, { numberOfChannels: 2, sampleRate: 48_000, bitrate: 128_000 });
	return { aac: await canMake("aac"), opus: await canMake("opus") };
};

const bytesOf = (source: AllowSharedBufferSource): Uint8Array =>
	ArrayBuffer.isView(source)
		? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
		: new Uint8Array(source).slice();

/** @throws {UploadError} `source-undecodable` for a description that is not what its codec needs. */
const audioTrack = (
	codec: "aac" | "opus",
	codecString: string,
	description: Uint8Array | undefined,
	sampleRate: number,
	channels: number,
): AudioTrack => {
	const payload = codec === "opus" && description !== undefined ? opusHeadToDops(description) : description;
	if (payload === undefined) {
		throw new UploadError("source-undecodable", `The sound's ${codec} header is missing or damaged.`);
	}
	return {
		kind: "audio",
		codec: codec === "opus" ? "opus" : codecString,
		sampleRate,
		channels,
		description: payload,
	};
};

const toSample = (packet: EncodedPacket, timestamp: number): Sample => ({
	data: packet.data,
	timestamp,
	duration: Math.max(1, packet.microsecondDuration),
	sync: true,
});

const copiedAudio = async (track: InputAudioTrack, facts: AudioFacts, origin: number): Promise<SourceAudio> => {
	const config = await track.getDecoderConfig();
	const description = config?.description === undefined ? undefined : bytesOf(config.description);
	const codec = facts.codec === "opus" ? "opus" : "aac";
	return {
		track: audioTrack(codec, facts.codecString ?? "mp4a.40.2", description, facts.sampleRate, facts.channels),
		made: "copied",
		async *samples(signal) {
			let last = -1;
			for await (const packet of new EncodedPacketSink(track).packets()) {
				signal.throwIfAborted();
				const timestamp = packet.microsecondTimestamp - origin;
				// What lies before the first picture, and what does not go forward, has no place on the time line.
				if (timestamp >= 0 && timestamp > last && packet.data.length > 0) {
					last = timestamp;
					yield toSample(packet, timestamp);
				}
			}
		},
	};
};

/** Sound brought to the plan's channels and rate, and encoded. @param sound from time 0 on. @param mostLosses see `encodePackets` */
const encodedAudio = async (
	sound: AsyncIterable<AudioSample>,
	plan: Extract<AudioPlan, { make: "encode" }>,
	mostLosses = 0,
): Promise<SourceAudio> => {
	const packets = encodePackets(sound, plan, mostLosses);
	// The first packet brings the decoder's description, which the asset must be created with.
	const first = await packets.next();
	if (first.done === true) {
		throw new UploadError("source-damaged", "The sound has no samples.");
	}
	const { config } = first.value;
	const description = config?.description === undefined ? undefined : bytesOf(config.description);
	return {
		track: audioTrack(plan.codec, config?.codec ?? "mp4a.40.2", description, plan.sampleRate, plan.channels),
		made: "encoded",
		async *samples(signal) {
			let last = -1;
			try {
				for (
					let next: IteratorResult<MadePacket, void> = first;
					next.done !== true;
					next = await packets.next()
				) {
					signal.throwIfAborted();
					const timestamp = Math.max(0, next.value.packet.microsecondTimestamp);
					if (timestamp > last) {
						last = timestamp;
						yield toSample(next.value.packet, timestamp);
					}
				}
			} finally {
				await packets.return();
			}
		},
	};
};

/** A file's sound, decoded, from `origin` (microseconds in the container) on. */
async function* decodedSound(track: InputAudioTrack, origin: number): AsyncGenerator<AudioSample, void, undefined> {
	for await (const decoded of new AudioSampleSink(track).samples(origin / MICROSECONDS)) {
		const sample = shifted(decoded, origin / MICROSECONDS);
		if (sample !== undefined) {
			yield sample;
		}
	}
}

/** A feed's sound, from `origin` (microseconds on the feed's clock) on. */
async function* fedSound(feed: Feed, origin: number): AsyncGenerator<AudioSample, void, undefined> {
	for (let next = await feed.nextSound(); next !== undefined; next = await feed.nextSound()) {
		const decoded = new AudioSample(next.data);
		decoded.setTimestamp(next.timestamp / MICROSECONDS);
		const sample = shifted(decoded, origin / MICROSECONDS);
		if (sample !== undefined) {
			yield sample;
		}
	}
}

/**
 * The sound of a feed, encoded, or undefined with a warning where there is none to be had.
 * @param origin time on the feed's clock, in microseconds, that becomes 0.
 */
export const openFedAudio = async (
	feed: Feed,
	origin: number,
	context: SoundContext,
): Promise<SourceAudio | undefined> => {
	const { warnings, signal } = context;
	const facts = { codec: undefined, codecString: undefined, channels: 2, sampleRate: 48_000, described: false };
	const plan = planAudio({ ...facts, decodable: true, encodable: await encodable() });
	try {
		if (plan.make === "encode") {
			return enduring(await encodedAudio(fedSound(feed, origin), plan, MOST_LOSSES), context);
		}
	} catch (error) {
		signal.throwIfAborted();
		const detail = error instanceof Error ? error.message : String(error);
		warnings.push({ code: "audio-dropped", message: `The video is uploaded without sound: ${detail}` });
		return undefined;
	}
	const reason = plan.make === "nothing" ? plan.reason : "It is not encoded.";
	warnings.push({ code: "audio-dropped", message: `The video is uploaded without sound: ${reason}` });
	return undefined;
};

/** Moves a sample to the new origin (seconds) and cuts off what lies before it; closes the sample it was given. */
const shifted = (sample: AudioSample, origin: number): AudioSample | undefined => {
	const early = Math.ceil((origin - sample.timestamp) * sample.sampleRate - 1e-6);
	if (early >= sample.numberOfFrames) {
		sample.close();
		return undefined;
	}
	const kept = early > 0 ? sample.trim(early) : sample.clone();
	kept.setTimestamp(Math.max(0, kept.timestamp - origin));
	sample.close();
	return kept;
};
