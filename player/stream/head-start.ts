import { readBounded, Silence } from "./fetch-bytes.ts";

/** What a request that was made ahead has brought. */
export type EarlyAnswer = {
	/** After redirects. */
	readonly url: string;
	readonly body: ArrayBuffer;
	/** `Age` of the answer when it came, in seconds; 0 where it does not say. */
	readonly age: number;
	/** Milliseconds of `performance.now`: asked, first byte, last byte. */
	readonly start: number;
	readonly first: number;
	readonly end: number;
};

/** Addresses that a playlist leads to. */
export type Leads = { readonly playlists: readonly string[]; readonly media: readonly string[] };

/** Milliseconds without a byte until a request made ahead is given up: whoever wanted its answer then asks for themselves. */
const PATIENCE = 10_000;
/** Milliseconds for which the playlist of a stream under way stays useful: LL-HLS reloads it about that often. */
const FRESH = 2000;
/** No playlist and no segment is longer, in bytes. */
const LONGEST = 32 * 2 ** 20;

/** Media never changes; a playlist may. */
type Kind = "playlist" | "media";

/**
 * Asks for what playback begins with while the script that plays is itself still on its way: the multivariant playlist, and from there
 * on what it leads to, up to the first segment. Each answer is handed out once; a request that fails is as if it had never been made.
 */
export class HeadStart {
	readonly #answers = new Map<string, { readonly kind: Kind; readonly answer: Promise<EarlyAnswer | undefined> }>();
	readonly #fromStart: boolean;
	readonly #abort = new AbortController();
	readonly #signal: AbortSignal;

	/**
	 * @param url of the playlist, absolute
	 * @param fromStart playback begins where the stream says, so that the first segment is worth asking for
	 * @param signal ends all requests
	 */
	constructor(url: string, fromStart: boolean, signal: AbortSignal) {
		this.#fromStart = fromStart;
		this.#signal = AbortSignal.any([signal, this.#abort.signal]);
		this.#askForPlaylist(url);
	}

	/**
	 * The answer to a request that was made ahead, for the first who wants it.
	 *
	 * @returns undefined where there was no such request; a promise of undefined where it failed, or the answer is too old
	 */
	take(url: string): Promise<EarlyAnswer | undefined> | undefined {
		const asked = this.#answers.get(url);
		this.#answers.delete(url);
		return asked?.answer.then((early) => (early && (asked.kind === "media" || isFresh(early)) ? early : undefined));
	}

	/** Nobody will want anything any more: requests end, answers are forgotten. */
	end(): void {
		this.#abort.abort();
		this.#answers.clear();
	}

	#askForPlaylist(url: string): void {
		void this.#ask(url, "playlist").then((answer) => {
			if (!answer) return;
			const { playlists, media } = leadsOf(new TextDecoder().decode(answer.body), answer.url, this.#fromStart);
			for (const playlist of playlists) this.#askForPlaylist(playlist);
			for (const part of media) void this.#ask(part, "media");
		});
	}

	#ask(url: string, kind: Kind): Promise<EarlyAnswer | undefined> {
		const answer = fetchEarly(url, this.#signal);
		this.#answers.set(url, { kind, answer });
		return answer;
	}
}

/** Undefined where it fails in any way: the one who is meant to play asks again, and says what is wrong. */
async function fetchEarly(url: string, signal: AbortSignal): Promise<EarlyAnswer | undefined> {
	const silence = new Silence(PATIENCE);
	const start = performance.now();
	try {
		const response = await fetch(url, { signal: AbortSignal.any([signal, silence.signal]) });
		const first = performance.now();
		if (!response.ok) return undefined;
		const { buffer: body } = await readBounded(response, url, LONGEST, () => silence.broken());
		const age = Number(response.headers.get("Age") ?? 0) || 0;
		return { url: response.url, body, age, start, first, end: performance.now() };
	} catch {
		return undefined;
	} finally {
		silence.over();
	}
}

/** Whether a playlist still says how things stand: that of a stream under way goes on, a multivariant one and a complete one do not. */
function isFresh({ body, end }: EarlyAnswer): boolean {
	if (performance.now() - end < FRESH) return true;
	return /^#EXT-X-(?:STREAM-INF:|ENDLIST)/m.test(new TextDecoder().decode(body));
}

/**
 * What is certain to be asked for after a playlist (RFC 8216): of a multivariant one its variant and its audio rendition, where there
 * is one of each and so nothing to choose; of a media playlist the initialization segment, and the first segment of a complete one.
 *
 * @param base address of the playlist, absolute
 */
export function leadsOf(playlist: string, base: string, fromStart: boolean): Leads {
	const lines = playlist.split(/\r?\n/);
	const resolve = (uris: readonly (string | undefined)[]): string[] =>
		// A variable in an address (`EXT-X-DEFINE`) is for the player to fill in.
		uris.flatMap((uri) => (uri && !uri.includes("{$") && URL.parse(uri, base)?.href) || []);
	/** The only address among several tags; none where there is a choice. */
	const only = (uris: readonly (string | undefined)[]) => (uris.length === 1 ? uris : []);
	/** The line with a tag's address. */
	const after = (tag: string) =>
		lines.flatMap((line, i) =>
			line.startsWith(tag) ? [lines.slice(i + 1).find((next) => next && !next.startsWith("#"))] : [],
		);
	const attribute = (tag: string, filter = "") =>
		lines
			.filter((line) => line.startsWith(tag) && line.includes(filter))
			.map((line) => /\bURI="([^"]+)"/.exec(line)?.[1]);

	const variants = after("#EXT-X-STREAM-INF:");
	if (variants.length > 0) {
		const playlists = [...only(variants), ...only(attribute("#EXT-X-MEDIA:", "TYPE=AUDIO"))];
		return { playlists: resolve(playlists), media: [] };
	}
	// Parts of files and encrypted ones take more than an address.
	if (/^#EXT-X-(?:BYTERANGE|KEY)|^#EXT-X-MAP:.*BYTERANGE/m.test(playlist)) return { playlists: [], media: [] };
	const wholeFromStart = fromStart && playlist.includes("#EXT-X-ENDLIST") && !playlist.includes("#EXT-X-START:");
	const segment = wholeFromStart ? after("#EXTINF:").slice(0, 1) : [];
	return { playlists: [], media: resolve([...attribute("#EXT-X-MAP:").slice(0, 1), ...segment]) };
}
