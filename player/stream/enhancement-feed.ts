import type { ListedEnhancement } from "./enhancement-list.ts";
import { type ByteLocation, fetchBytes } from "./fetch-bytes.ts";
import { type MediaPlaylist, type PlaylistParser, type PlaylistSegment, readMediaPlaylist } from "./media-playlist.ts";
import type { NetworkMeter } from "../policy/network-meter.ts";

/** Bytes of one enhancement segment, and of the init segment that it belongs to. */
export type EnhancementBytes = {
	readonly init: Uint8Array<ArrayBuffer>;
	readonly media: Uint8Array<ArrayBuffer>;
};

const PLAYLIST_BYTES = 16 * 2 ** 20;
const INIT_BYTES = 64 * 1024;
const SEGMENT_BYTES = 64 * 2 ** 20;

/** One enhancement: its playlist and its segments, fetched at low priority. */
export class EnhancementFeed {
	readonly enhancement: ListedEnhancement;
	readonly #parser: PlaylistParser;
	readonly #network: NetworkMeter;
	readonly #inits = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
	#playlist: MediaPlaylist | undefined;

	constructor(enhancement: ListedEnhancement, parser: PlaylistParser, network: NetworkMeter) {
		this.enhancement = enhancement;
		this.#parser = parser;
		this.#network = network;
	}

	/** The playlist as last read; undefined before. */
	get playlist(): MediaPlaylist | undefined {
		return this.#playlist;
	}

	/**
	 * Reads the playlist, again where it was not complete.
	 *
	 * @throws FetchError, CodecError `invalid-file`
	 */
	async refresh(signal: AbortSignal): Promise<MediaPlaylist> {
		if (this.#playlist?.complete) return this.#playlist;
		const url = this.enhancement.playlistUrl;
		const bytes = await fetchBytes({ url, range: undefined }, { signal, limit: PLAYLIST_BYTES });
		this.#playlist = readMediaPlaylist(this.#parser, new TextDecoder().decode(bytes), url);
		return this.#playlist;
	}

	/** @throws FetchError, CodecError `invalid-file` */
	async segment(segment: PlaylistSegment, signal: AbortSignal): Promise<EnhancementBytes> {
		const [init, media] = await Promise.all([
			this.#init(segment.init),
			fetchBytes(segment.media, { signal, limit: SEGMENT_BYTES, immutable: true, network: this.#network }),
		]);
		return { init, media };
	}

	/** Init segments are few and small: each is fetched once, and not aborted with the segment that asked first. */
	#init(location: ByteLocation): Promise<Uint8Array<ArrayBuffer>> {
		const key = `${location.url}#${location.range?.join("-") ?? ""}`;
		let init = this.#inits.get(key);
		if (!init) {
			init = fetchBytes(location, { limit: INIT_BYTES, immutable: true });
			this.#inits.set(key, init);
			// A failed fetch is not remembered: the next segment tries again.
			init.catch(() => this.#inits.delete(key));
		}
		return init;
	}
}
