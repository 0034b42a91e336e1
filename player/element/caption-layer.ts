/**
 * Draws the active cues of showing text tracks above the canvas: the browser draws its own under it. Text only, in the
 * order of the tracks; position settings of WebVTT other than the line order are left to the page's style.
 */
export class CaptionLayer {
	readonly #video: HTMLVideoElement;
	readonly #container: HTMLElement;
	readonly #abort = new AbortController();
	readonly #tracks = new Map<TextTrack, AbortController>();

	constructor(video: HTMLVideoElement, container: HTMLElement) {
		this.#video = video;
		this.#container = container;
		const { signal } = this.#abort;
		for (const type of ["change", "addtrack", "removetrack"]) {
			video.textTracks.addEventListener(type, () => this.#follow(), { signal });
		}
		this.#follow();
	}

	destroy(): void {
		this.#abort.abort();
		for (const abort of this.#tracks.values()) abort.abort();
		this.#tracks.clear();
		this.#container.replaceChildren();
		this.#container.hidden = true;
	}

	/** Listens to the tracks that show; the others cost nothing. */
	#follow(): void {
		const showing = new Set(
			[...this.#video.textTracks].filter(
				({ kind, mode }) => mode === "showing" && (kind === "captions" || kind === "subtitles"),
			),
		);
		for (const [track, abort] of this.#tracks) {
			if (showing.has(track)) continue;
			abort.abort();
			this.#tracks.delete(track);
		}
		for (const track of showing) {
			if (this.#tracks.has(track)) continue;
			const abort = new AbortController();
			track.addEventListener("cuechange", () => this.#draw(), { signal: abort.signal });
			this.#tracks.set(track, abort);
		}
		this.#draw();
	}

	#draw(): void {
		const lines: HTMLElement[] = [];
		for (const track of this.#tracks.keys()) {
			for (const cue of track.activeCues ?? []) {
				if (!("getCueAsHTML" in cue)) continue;
				const line = document.createElement("span");
				// The browser's own parser of cue text: markup becomes elements, nothing runs.
				line.append((cue as VTTCue).getCueAsHTML());
				if (lines.length > 0) lines.push(document.createElement("br"));
				lines.push(line);
			}
		}
		this.#container.replaceChildren(...lines);
		this.#container.hidden = lines.length === 0;
	}
}
