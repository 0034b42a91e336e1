import type Hls from "hls.js";
import type { Events, HlsConfig, LevelDetails } from "hls.js";

/** How fast a viewer who fell behind may be shown the video until they are back: speech is still intelligible. */
const FASTEST = 1.5;

/** The part of hls.js that is needed. */
export type CatchUpHls = Pick<Hls, "on"> & { readonly config: Pick<HlsConfig, "maxLiveSyncPlaybackRate"> };

/**
 * Live video with low latency: a viewer who stood still once would stay behind for good, so hls.js may play up to half
 * as fast again until they are back where they were. Only there, and only as long as the viewer's own rate is 1: hls.js would undo any other.
 */
export class LiveCatchUp {
	readonly #config: CatchUpHls["config"];
	readonly #video: Pick<HTMLMediaElement, "playbackRate">;
	#on = false;
	#wasOn = false;

	/** @param updated hls.js's name of the event that a media playlist was read */
	constructor(hls: CatchUpHls, updated: Events.LEVEL_UPDATED, video: Pick<HTMLMediaElement, "playbackRate">) {
		this.#config = hls.config;
		this.#video = video;
		hls.on(updated, (_, { details }) => this.#onPlaylist(details));
	}

	/** Whether the rate of the `<video>` is hls.js's to choose. The viewer's own is 1 then. */
	get isOn(): boolean {
		return this.#on;
	}

	/** Whether hls.js has ever been free to choose the rate, so that a change of it may not be the page's. */
	get wasOn(): boolean {
		return this.#wasOn;
	}

	/** The viewer chooses a rate: from here on, until the next playlist, the `<video>` has the rate that it is given. */
	stop(): void {
		if (!this.#on) return;
		this.#on = false;
		this.#config.maxLiveSyncPlaybackRate = 1;
		// At 1 hls.js leaves the rate alone, also the one that it has just chosen itself.
		this.#video.playbackRate = 1;
	}

	#onPlaylist({ live, partTarget }: Pick<LevelDetails, "live" | "partTarget">): void {
		if (!live || !(partTarget > 0)) {
			this.stop();
			return;
		}
		if (this.#on || this.#video.playbackRate !== 1) return;
		this.#on = this.#wasOn = true;
		this.#config.maxLiveSyncPlaybackRate = FASTEST;
	}
}
