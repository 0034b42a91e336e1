import { AudioSampleSource, Mp4OutputFormat, NullTarget, Output } from "mediabunny";
import type { AudioSample, EncodedPacket } from "mediabunny";
import type { AudioPlan } from "./plan.ts";

/** What an encoder made, and the decoder's description, which comes with the first. */
export type MadePacket = { readonly packet: EncodedPacket; readonly config: AudioDecoderConfig | undefined };

type EncodePlan = Extract<AudioPlan, { make: "encode" }>;

/**
 * Sound brought to the plan's channels and rate, and encoded. Its own channels and rate may change on the way, as they do where somebody puts
 * a headset on: what comes is of one form.
 */
export async function* encodePackets(
	sound: AsyncIterable<AudioSample>,
	plan: EncodePlan,
): AsyncGenerator<MadePacket, void, undefined> {
	let encoder: SoundEncoder | undefined;
	try {
		for await (const sample of sound) {
			if (encoder?.takes(sample) === false) {
				const rest = await encoder.finish();
				encoder = undefined;
				yield* rest;
			}
			encoder ??= await SoundEncoder.start(plan, sample);
			yield* await encoder.add(sample);
		}
		const rest = (await encoder?.finish()) ?? [];
		encoder = undefined;
		yield* rest;
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

	/** Takes and closes a piece of sound. @returns what is encoded so far. */
	async add(sample: AudioSample): Promise<readonly MadePacket[]> {
		try {
			await this.#source.add(sample);
		} finally {
			sample.close();
		}
		return this.#made.splice(0);
	}

	/** @returns the rest. */
	async finish(): Promise<readonly MadePacket[]> {
		await this.#output.finalize();
		return this.#made.splice(0);
	}

	async cancel(): Promise<void> {
		await this.#output.cancel();
	}
}

type Form = Pick<AudioSample, "numberOfChannels" | "sampleRate">;
