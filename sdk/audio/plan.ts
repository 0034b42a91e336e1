/** What is known of the source's sound. */
export type AudioFacts = {
	/** mediabunny's name: `aac`, `opus`, `mp3`, `pcm-s16`..., or undefined where it has none. */
	readonly codec: string | undefined;
	/** RFC 6381. */
	readonly codecString: string | undefined;
	readonly channels: number;
	readonly sampleRate: number;
	/** The container holds what a decoder must know (AudioSpecificConfig, OpusHead). */
	readonly described: boolean;
	readonly decodable: boolean;
	/** What this browser encodes at two channels. */
	readonly encodable: { readonly aac: boolean; readonly opus: boolean };
};

/** What happens to the sound. */
export type AudioPlan =
	| { readonly make: "copy" }
	| {
			readonly make: "encode";
			readonly codec: "aac" | "opus";
			readonly channels: 1 | 2;
			readonly sampleRate: number;
			/** Bits a second. */
			readonly bitrate: number;
	  }
	| { readonly make: "nothing"; readonly reason: string };

/** AAC-LC, HE-AAC and HE-AAC v2: what every HLS player decodes. */
const PLAYABLE_AAC = new Set(["mp4a.40.2", "mp4a.40.5", "mp4a.40.29"]);

const AAC_RATES = new Set([8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]);

/**
 * Stereo and mono AAC and Opus are copied: nothing is lost and nothing computed. More channels become stereo, other codecs
 * become AAC (plays everywhere) or, where this browser does not encode it, Opus.
 */
export const planAudio = (facts: AudioFacts): AudioPlan => {
	const few = facts.channels >= 1 && facts.channels <= 2;
	if (few && facts.described && facts.codec === "aac" && PLAYABLE_AAC.has(facts.codecString ?? "")) {
		return { make: "copy" };
	}
	if (few && facts.described && facts.codec === "opus") {
		return { make: "copy" };
	}
	const name = facts.codecString ?? facts.codec ?? "unknown";
	if (!facts.decodable) {
		return { make: "nothing", reason: `This browser does not decode the sound (codec ${name}).` };
	}
	const channels = facts.channels === 1 ? 1 : 2;
	const bitrate = channels === 1 ? 64_000 : 128_000;
	if (facts.encodable.aac) {
		const sampleRate = AAC_RATES.has(facts.sampleRate) ? facts.sampleRate : 48_000;
		return { make: "encode", codec: "aac", channels, sampleRate, bitrate };
	}
	if (facts.encodable.opus) {
		return { make: "encode", codec: "opus", channels, sampleRate: 48_000, bitrate };
	}
	return { make: "nothing", reason: "This browser encodes neither AAC nor Opus." };
};
