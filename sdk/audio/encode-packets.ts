import { AudioSampleSource, Mp4OutputFormat, NullTarget, Output } from "mediabunny";
import type { AudioSample, EncodedPacket } from "mediabunny";
import { isLostDevice } from "../lost-device.ts";
import type { AudioPlan } from "./plan.ts";

/** What an encoder made, and the decoder's description, which comes with the first. */
export type MadePacket = { readonly packet: EncodedPacket; readonly config: AudioDecoderConfig | undefined };

type EncodePlan = Extract<AudioPlan, { make: "encode" }>;

/**
 * Sound brought to the plan's channels and rate, and encoded. Its own channels and rate may change on the way, as they do where somebody puts
 * a headset on: what comes is of one form.
 * @param mostLosses encoders in a row that may die: the next one goes on behind the sound that died with them.
 */
export async function* encodePackets(
	sound: AsyncIterable<AudioSample>,
	plan: EncodePlan,
	mostLosses = 0,
): AsyncGenerator<MadePacket, void, undefined> {
	let encoder: SoundEncoder | undefined;
	let losses = 0;
	try {
		for await (const sample of sound) {
			try {
				if (encoder?.takes(sample) === false) {
					const ending = encoder;
					encoder = undefined;
					yield* await ending.finish();
				}
				encoder ??= await SoundEncoder.start(plan, sample);
				const made = await encoder.add(sample);
				losses = made.length > 0 ? 0 : losses;
				yield* made;
			} catch (error) {
				if (!isLostDevice(error) || ++losses > mostLosses) {
					throw error;
				}
				const dead = encoder;
				encoder = undefined;
				await dead?.cancel();
			} finally {
				sample.close();
			}
		}
		const ending = encoder;
		encoder = undefined;
		yield* (await ending?.finish()) ?? [];
	} finally {
		await encoder?.cancel();
	}
}

/** An encoder for sound of one form. */
class SoundEncoder {
	readonly #form: Form;
	readonly #made: MadePacket[] = [];
	readonly #source: AudioSampleSource;
	readonly #output: Output;

	private constructor(plan: EncodePlan, form: Form) {
		this.#form = form;
		this.#source = new AudioSampleSource({
			codec: plan.codec,
			bitrate: plan.bitrate,
			transform: { numberOfChannels: plan.channels, sampleRate: plan.sampleRate },
			onEncodedPacket: (packet, meta) => this.#made.push({ packet, config: meta?.decoderConfig }),
		});
		// mediabunny encodes only into a file; this one goes nowhere, the packets are taken on their way.
		const format = new Mp4OutputFormat({ fastStart: "fragmented" });
		this.#output = new Output({ format, target: new NullTarget() });
		this.#output.addAudioTrack(this.#source);
	}

	static async start(plan: EncodePlan, { numberOfChannels, sampleRate }: Form): Promise<SoundEncoder> {
		const encoder = new SoundEncoder(plan, { numberOfChannels, sampleRate });
		await encoder.#output.start();
		return encoder;
	}

	takes({ numberOfChannels, sampleRate }: Form): boolean {
		return numberOfChannels === this.#form.numberOfChannels && sampleRate === this.#form.sampleRate;
	}

	/** Takes a piece of sound. @returns what is encoded so far. */
	async add(sample: AudioSample): Promise<readonly MadePacket[]> {
		await this.#source.add(sample);
		return this.#made.splice(0);
	}

	/** Ends it, also where it throws. @returns the rest. */
	async finish(): Promise<readonly MadePacket[]> {
		await this.#output.finalize();
		return this.#made.splice(0);
	}

	async cancel(): Promise<void> {
		await this.#output.cancel();
	}
}

type Form = Pick<AudioSample, "numberOfChannels" | "sampleRate">;
