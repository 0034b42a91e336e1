import type { BaseEncoder } from "../../codec/base/base-codec.ts";
import { BoundedQueue } from "../../codec/enhancement/bounded-queue.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { BaseTrack } from "../../codec/track.ts";
import { UploadError } from "../errors.ts";

/** A base encoder that has done its work already: takes the same pictures again and gives the samples of that time. */
export class ReplayEncoder implements BaseEncoder {
	readonly #track: BaseTrack;
	readonly #samples: readonly Sample[];
	readonly #output = new BoundedQueue<Sample>(4);
	#taken = 0;

	/** @param samples of one group. */
	constructor(track: BaseTrack, samples: readonly Sample[]) {
		this.#track = track;
		this.#samples = samples;
	}

	async encode(picture: Picture): Promise<void> {
		const sample = this.#samples[this.#taken];
		if (sample === undefined || sample.timestamp !== picture.timestamp) {
			throw new UploadError("source-damaged", "The video is not the one whose upload is continued.", {
				hint: "Choose the same file again, or upload with options.resume set to false.",
			});
		}
		this.#taken += 1;
		await this.#output.push(sample);
	}

	async finish(): Promise<void> {
		this.#output.end();
	}

	async *samples(): AsyncGenerator<Sample, void, undefined> {
		for (let sample = await this.#output.pull(); sample !== undefined; sample = await this.#output.pull()) {
			yield sample;
		}
	}

	async track(): Promise<BaseTrack> {
		return this.#track;
	}

	async close(): Promise<void> {
		this.#output.end();
	}
}
