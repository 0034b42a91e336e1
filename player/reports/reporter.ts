import { formatReport, REPORTS_URI } from "../../protocol/cmcd.ts";
import type { EnhancementReason, EnhancementState } from "../reasons.ts";
import { PlaybackAccount } from "./playback-account.ts";

/** What the reporter asks when it reports. */
export type ReporterOptions = {
	readonly video: HTMLVideoElement;
	/** Absolute address of the master playlist: reports go beside it. */
	readonly masterUrl: string;
	/** Milliseconds from the wish to play to the first picture; undefined: there was none yet. */
	readonly startup: () => number | undefined;
	readonly state: () => EnhancementState;
	readonly reason: () => EnhancementReason | undefined;
	/** Asked before each report: the page may not want any. */
	readonly allowed: () => boolean;
};

/** Milliseconds between two reports while it plays. */
const PERIOD = 30_000;

/** Reasons that pass by themselves say nothing of why a picture was not enhanced. */
const PASSING: ReadonlySet<EnhancementReason | undefined> = new Set([
	...(["playback-not-begun", "base-first", "loading-runtime", "waiting-for-segment", "catching-up"] as const),
	undefined,
]);

/**
 * Tells the edge how one playback went, as CMCD: every half minute, at the end, and when the page goes. Nothing in a report names
 * the viewer: the session is a random number that lives as long as the source.
 */
export class Reporter {
	readonly #o: ReporterOptions;
	readonly #session = randomName();
	readonly #account = new PlaybackAccount(performance.now());
	readonly #abort = new AbortController();
	readonly #timer: ReturnType<typeof setInterval>;
	/** The last line that was sent: the same is not sent twice. */
	#sent: string | undefined;
	#waiting = false;
	#failed = false;

	constructor(options: ReporterOptions) {
		this.#o = options;
		const { signal } = this.#abort;
		const { video } = options;
		video.addEventListener("waiting", () => this.#observe(true), { signal });
		for (const type of ["playing", "seeking", "pause", "ended"]) {
			video.addEventListener(type, () => this.#observe(false), { signal });
		}
		video.addEventListener("ended", () => this.send(), { signal });
		// The last event that a phone fires for sure.
		document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.send(), {
			signal,
		});
		this.#timer = setInterval(() => this.send(), PERIOD);
		this.#observe(false);
	}

	/** The picture has changed between base and enhanced. */
	update(): void {
		this.#observe(this.#waiting);
	}

	/** The base cannot play on. */
	fail(): void {
		this.#failed = true;
		this.send();
	}

	/** Sends the totals so far, unless nothing was played or nothing has changed. */
	send(): void {
		const { video, masterUrl, startup, state, reason, allowed } = this.#o;
		if (!allowed()) return;
		const totals = this.#account.totals(performance.now());
		if (totals.playedMilliseconds === 0 && !this.#failed) return;
		const [milliseconds, fallback] = [startup(), reason()];
		const shownOrComing = state() === "active" || PASSING.has(fallback);
		const line = formatReport({
			...{ session: this.#session, ...totals, failed: this.#failed },
			...(milliseconds !== undefined && { startupMilliseconds: milliseconds }),
			droppedFrames: video.getVideoPlaybackQuality().droppedVideoFrames,
			...(!shownOrComing && fallback !== undefined && { fallback }),
		});
		if (line === this.#sent) return;
		this.#sent = line;
		// Plain text needs no question across origins before it; `keepalive` outlives the page.
		const request = { method: "POST", body: line, keepalive: true, credentials: "omit", priority: "low" } as const;
		// Totals: what is lost is in the next one. A viewer has nothing to do with it, so nothing is said.
		fetch(new URL(REPORTS_URI, masterUrl), request).catch(() => undefined);
	}

	/** Sends what has not been sent, and stops. */
	destroy(): void {
		this.send();
		this.#abort.abort();
		clearInterval(this.#timer);
	}

	#observe(waiting: boolean): void {
		const { video, state } = this.#o;
		const wants = !video.paused && !video.ended && !video.seeking;
		this.#waiting = waiting;
		this.#account.observe(
			{ playing: wants && !waiting, stalled: wants && waiting, enhanced: state() === "active" },
			performance.now(),
		);
	}
}

/** 32 hex digits. (`crypto.randomUUID` is there on secure pages only.) */
function randomName(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
		"",
	);
}
