import { encodePart, MAX_PART_BYTES, PART_HEADER_BYTES, SAMPLE_HEADER_BYTES } from "../../protocol/part.ts";
import type { Sample } from "../../codec/sample.ts";
import { UploadError } from "../errors.ts";
import type { OutgoingPart } from "../transport/part-sender.ts";

/** A part with what is inside, for counting. */
export type MadePart = OutgoingPart & {
	/** Group of pictures that its samples belong to. */
	readonly group: number;
	readonly frames: number;
	/** Sum of the samples' durations, microseconds. */
	readonly duration: number;
};

/**
 * Splits samples into runs that each fit into one part. The cuts depend on the samples alone, so that an upload that is
 * resumed makes the same parts again.
 * @throws {UploadError} `encoder-failed` for a sample that is larger than a part may be.
 */
export const splitIntoParts = (samples: readonly Sample[]): Sample[][] => {
	const runs: Sample[][] = [];
	let run: Sample[] = [];
	let size = PART_HEADER_BYTES;
	for (const sample of samples) {
		const bytes = SAMPLE_HEADER_BYTES + sample.data.length;
		if (PART_HEADER_BYTES + bytes > MAX_PART_BYTES) {
			throw new UploadError(
				"encoder-failed",
				`A frame takes ${sample.data.length} bytes, more than can be sent at once.`,
				{
					hint: "Choose a coarser quality or a smaller maxSize.",
				},
			);
		}
		if (run.length > 0 && size + bytes > MAX_PART_BYTES) {
			runs.push(run);
			run = [];
			size = PART_HEADER_BYTES;
		}
		run.push(sample);
		size += bytes;
	}
	if (run.length > 0) {
		runs.push(run);
	}
	return runs;
};

/** Gathers the samples of one track and numbers its parts. */
export class PartMaker {
	readonly #track: string;
	#next: number;
	#samples: Sample[] = [];

	/** @param track id at the edge. @param next number of the first part. */
	constructor(track: string, next = 0) {
		this.#track = track;
		this.#next = next;
	}

	/** Number of the next part, which is how many there are. */
	get next(): number {
		return this.#next;
	}

	/** Parts before this one are made already. */
	skipTo(next: number): void {
		this.#next = next;
	}

	add(sample: Sample): void {
		this.#samples.push(sample);
	}

	/** Closes the run: everything gathered becomes parts of `group`; none if nothing was. */
	cut(group: number): MadePart[] {
		return splitIntoParts(this.#samples.splice(0)).map((run) => ({
			track: this.#track,
			number: this.#next++,
			bytes: encodePart(run),
			group,
			frames: run.length,
			duration: run.reduce((sum, sample) => sum + sample.duration, 0),
		}));
	}
}
