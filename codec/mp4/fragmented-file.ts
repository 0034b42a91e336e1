import type { Sample } from "../sample.ts";
import { type FileTrack, writeInitSegment } from "./init-segment.ts";
import { writeMediaSegment } from "./media-segment.ts";
import { CodecError } from "../errors.ts";

/**
 * Writes all tracks into one fragmented file, one fragment a track and call of `write`: callers hand over one GOP at a time
 * and hold no more than that. Bytes come back in the order in which they must be stored.
 */
export class FragmentedFileWriter {
	readonly #tracks: ReadonlyMap<number, FileTrack>;
	#sequenceNumber = 0;

	constructor(tracks: readonly FileTrack[]) {
		this.#tracks = new Map(tracks.map((track) => [track.id, track]));
	}

	/** The bytes in front of all fragments. */
	header(): Uint8Array<ArrayBuffer> {
		return writeInitSegment([...this.#tracks.values()]);
	}

	/**
	 * One fragment.
	 * @throws CodecError `invalid-option` for a track that the header does not have, or as `writeMediaSegment` does.
	 */
	fragment(trackId: number, samples: readonly Sample[]): Uint8Array<ArrayBuffer> {
		const track = this.#tracks.get(trackId);
		if (track === undefined) throw new CodecError("invalid-option", `This file has no track ${trackId}.`);
		const { timescale } = track;
		const sequenceNumber = ++this.#sequenceNumber;
		return writeMediaSegment({ trackId, sequenceNumber, timescale, samples, segmentType: false });
	}
}
