import { CodecError } from "../errors.ts";
import type { Sample } from "../sample.ts";
import { invalid, readBoxHeader } from "./box-reader.ts";
import {
	type Fragment,
	type FragmentIndex,
	readMovieFragment,
	requireData,
	requireInside,
	withData,
} from "./fragment-reader.ts";
import { type InitSegment, type ReadTrack, readMovie } from "./init-reader.ts";

/** Bytes at random: a file, a Blob, a buffer. */
export interface ByteSource {
	/** Bytes in all. */
	readonly size: number;
	/** Exactly `length` bytes from `offset` on; callers stay inside `size`. */
	read(offset: number, length: number): Promise<Uint8Array>;
}

/** A buffer as `ByteSource`. */
export const bytesSource = (bytes: Uint8Array): ByteSource => ({
	size: bytes.length,
	read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
});

/** A Blob or File as `ByteSource`. */
export const blobSource = (blob: Blob): ByteSource => ({
	size: blob.size,
	read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
});

/** Largest `moov` or `moof` that is read; headers of hours of video stay far below. */
const MAX_HEADER_BYTES = 32 * 2 ** 20;

/** Largest piece of media data that is read at once. */
const MAX_DATA_BYTES = 512 * 2 ** 20;

/** A fragmented file, read one fragment at a time. */
export class FragmentedFileReader {
	readonly #source: ByteSource;
	readonly #init: InitSegment;

	private constructor(source: ByteSource, init: InitSegment) {
		this.#source = source;
		this.#init = init;
	}

	/**
	 * Reads the tracks.
	 * @throws CodecError `invalid-file` for what is no MP4, `unsupported-format` for one without fragments.
	 */
	static async open(source: ByteSource): Promise<FragmentedFileReader> {
		for await (const box of topLevelBoxes(source)) {
			if (box.type === "mdat") break;
			if (box.type === "moov")
				return new FragmentedFileReader(source, readMovie(await readHeaderBox(source, box)));
		}
		throw new CodecError("invalid-file", 'The file has no "moov" in front of its data.', {
			hint: "Only fragmented MP4 is read; `crescendo encode` writes it.",
		});
	}

	/** The tracks of this package's codecs, in the order of the file. */
	get tracks(): readonly ReadTrack[] {
		return this.#init.tracks;
	}

	/** Tracks of other codecs. */
	get unsupported(): InitSegment["unsupported"] {
		return this.#init.unsupported;
	}

	/** The fragments of the tracks with these ids (all tracks unless given), in the order of the file. */
	async *fragments(trackIds?: readonly number[]): AsyncGenerator<Fragment> {
		const wanted = this.tracks.filter((track) => trackIds?.includes(track.id) ?? true);
		let pending: readonly FragmentIndex[] = [];
		for await (const box of topLevelBoxes(this.#source)) {
			if (box.type === "moof") {
				requireData(pending);
				pending = readMovieFragment(await readHeaderBox(this.#source, box), box.start, wanted);
			} else if (box.type === "mdat" && pending.length > 0) {
				requireInside(pending, box.start + box.headerSize, box.start + box.size);
				for (const index of pending) yield await this.#readData(index);
				pending = [];
			}
		}
		requireData(pending);
	}

	/** The samples of one track; memory holds one fragment. */
	async *samples(trackId: number): AsyncGenerator<Sample> {
		for await (const fragment of this.fragments([trackId])) yield* fragment.samples;
	}

	async #readData(index: FragmentIndex): Promise<Fragment> {
		if (index.samples.length === 0) return { trackId: index.trackId, samples: [] };
		const start = index.samples.reduce((least, { offset }) => Math.min(least, offset), Number.POSITIVE_INFINITY);
		const end = index.samples.reduce((most, { offset, size }) => Math.max(most, offset + size), 0);
		if (end - start > MAX_DATA_BYTES) throw invalid(`A fragment holds ${end - start} bytes.`);
		return withData(index, await this.#source.read(start, end - start), start);
	}
}

type TopLevelBox = ReturnType<typeof readBoxHeader> & { readonly start: number };

async function* topLevelBoxes(source: ByteSource): AsyncGenerator<TopLevelBox> {
	let start = 0;
	while (start < source.size) {
		const available = source.size - start;
		const header = readBoxHeader(await source.read(start, Math.min(16, available)), available);
		yield { ...header, start };
		start += header.size;
	}
}

const readHeaderBox = (source: ByteSource, box: TopLevelBox): Promise<Uint8Array> => {
	if (box.size > MAX_HEADER_BYTES) throw invalid(`Box "${box.type}" is ${box.size} bytes large.`);
	return source.read(box.start + box.headerSize, box.size - box.headerSize);
};
