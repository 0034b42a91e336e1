import { trackProgress } from "./progress.ts";
import { refuse } from "./result.ts";
import type { TrackState } from "./state.ts";

/** Refusals that more than one request may get. */
export const noSuch = (what: string) =>
	refuse("not-found", `There is no ${what}.`, "Deleted and abandoned assets are gone for good.");

/** The store or the catalogue failed, and the request is safe to repeat. */
export const storeFails = (message: string, hint: string) =>
	refuse("storage-unavailable", message, hint, { retryAfter: 2 });

/** The track cannot be cut into segments. */
export const trackFailed = (track: TrackState) =>
	refuse(
		"track-failed",
		track.failure === "misaligned"
			? `Track ${track.id} has no sync sample at the base's.`
			: `Track ${track.id} has more bytes, samples or seconds between two boundaries than a segment may.`,
		track.kind === "audio"
			? "Segments end at the base's sync samples: send sound of a lower bit rate, and make a new asset."
			: "Encode a sync sample every two seconds in all video tracks at the same times, and make a new asset.",
		{ body: { track: trackProgress(track) } },
	);
