import { FragmentedFileWriter } from "../codec/mp4/fragmented-file.ts";
import type { FileTrack } from "../codec/mp4/init-segment.ts";
import { timescaleOf } from "../codec/mp4/timescale.ts";
import type { Sample } from "../codec/sample.ts";
import type { BaseTrack, EnhancementTrack, Track } from "../codec/track.ts";
import type { AudioLayer } from "./audio.ts";
import type { Output } from "./files.ts";

/** Base, enhancements and audio on their way into one file, a group of pictures at a time. */
export class LayeredFile {
	readonly #output: Output;
	readonly #enhancements: readonly EnhancementTrack[];
	readonly #audio: AudioLayer | undefined;
	readonly #layers: {
		readonly track: Track;
		readonly id: number;
		samples: Sample[];
		bytes: number;
		count: number;
	}[] = [];
	#writer: FragmentedFileWriter | undefined;
	#end = 0;
	/** Bytes written. */
	bytes = 0;

	constructor(output: Output, enhancements: readonly EnhancementTrack[], audio: AudioLayer | undefined) {
		this.#output = output;
		this.#enhancements = enhancements;
		this.#audio = audio;
	}

	/** Writes the header; the base's description is known only once its first sample is. */
	async begin(base: BaseTrack): Promise<void> {
		const tracks: readonly Track[] = [
			base,
			...this.#enhancements,
			...(this.#audio === undefined ? [] : [this.#audio.track]),
		];
		const fileTracks = tracks.map((track, index): FileTrack => ({
			id: index + 1,
			track,
			timescale: timescaleOf(track),
			references: track.kind === "enhancement" ? [{ type: "sbas", trackIds: [1] }] : [],
		}));
		for (const { id, track } of fileTracks) this.#layers.push({ id, track, samples: [], bytes: 0, count: 0 });
		this.#writer = new FragmentedFileWriter(fileTracks);
		await this.#write(this.#writer.header());
	}

	/** Adds a sample: layer 0 is the base, the enhancements follow in their order. */
	add(layer: number, sample: Sample): void {
		this.#add(layer, sample);
		this.#end = sample.timestamp + sample.duration;
	}

	/** Writes what was added since the last group. @param end where it ends, in microseconds. */
	async closeGroup(end: number): Promise<void> {
		if (this.#audio !== undefined) {
			for (const sample of await this.#audio.takeUntil(end)) this.#add(this.#layers.length - 1, sample);
		}
		for (const layer of this.#layers) {
			if (layer.samples.length === 0 || this.#writer === undefined) continue;
			await this.#write(this.#writer.fragment(layer.id, layer.samples));
			layer.samples = [];
		}
	}

	/** Writes what is left. */
	async end(): Promise<void> {
		await this.closeGroup(this.#end);
	}

	/** Layers with their rates, for people. */
	rates(): string {
		return this.summary()
			.map(({ name, kbps }) => `${name} ${kbps} kbit/s`)
			.join(", ");
	}

	/** What each layer has taken so far. */
	summary() {
		const seconds = Math.max(this.#end / 1_000_000, 1e-6);
		return this.#layers.map(({ id, track, bytes, count }) => ({
			...{
				id,
				kind: track.kind,
				name: track.kind === "enhancement" ? `q${track.q}` : track.kind,
				codec: track.codec,
			},
			...{ samples: count, bytes, kbps: round((bytes * 8) / 1000 / seconds) },
		}));
	}

	#add(index: number, sample: Sample): void {
		const layer = this.#layers[index];
		if (layer === undefined) throw new RangeError(`The file has no layer ${index}.`);
		layer.samples.push(sample);
		layer.bytes += sample.data.length;
		layer.count++;
	}

	async #write(bytes: Uint8Array): Promise<void> {
		this.bytes += bytes.length;
		await this.#output.write(bytes);
	}
}

/** Two digits behind the point. */
export const round = (value: number): number => Math.round(value * 100) / 100;
