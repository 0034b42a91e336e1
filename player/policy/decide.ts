import type { EnhancementReason } from "../reasons.ts";
import { chooseEnhancement, type ChoiceObservation } from "./choose-enhancement.ts";
import { decideStart, type StartObservation } from "./start.ts";

/** What the whole decision looks at. */
export type Observation = {
	readonly start: StartObservation;
	readonly choice: ChoiceObservation;
	/** Whether there is a decoder: none; on its way over the network; here, though it may not be ready. */
	readonly decoder: "none" | "coming" | "here";
	/** Nothing has come over the network for so long that what was measured of it says nothing any more. */
	readonly networkUnknown: boolean;
};

/** What the enhancement does now. */
export type Decision =
	/** The base is shown. `probe`: a segment of this enhancement is fetched all the same, to measure the network anew. */
	| { readonly act: "rest"; readonly reason: EnhancementReason; readonly probe: string | undefined }
	/** A decoder is fetched and started. */
	| { readonly act: "load" }
	/** It is on its way: segments beside it would delay it, and be played before it is there. */
	| { readonly act: "await" }
	/** What is here is decoded and shown, and segments of `fetch` are fetched. */
	| { readonly act: "play"; readonly fetch: string; readonly limit: undefined }
	/** Nothing more is fetched, for this reason; what is here is shown as long as it can be decoded in time. */
	| { readonly act: "play"; readonly fetch: undefined; readonly limit: "bandwidth-too-low" | "decoding-too-slow" };

/** With fewer seconds left to play there is no point in asking the network once more. */
const WORTH_A_PROBE = 10;

/**
 * The whole decision, asked again and again. What speaks against *fetching* a decoder counts until there is one; afterwards the network
 * limits what is fetched and never hides what has been.
 *
 * Where the base has everything and the enhancement fetches nothing, nobody would ever notice that the network is better than it was:
 * then one segment of the cheapest enhancement is fetched from time to time.
 */
export function decide(o: Observation): Decision {
	const start = decideStart(o.start);
	const cheapest = o.choice.options[0]?.id;
	const probe = o.networkUnknown && (o.start.loops || o.start.secondsLeft >= WORTH_A_PROBE) ? cheapest : undefined;
	if (!start.start) {
		const ofNetwork = start.reason === "bandwidth-too-low" || start.reason === "not-worth-loading";
		if (o.decoder === "none" || !(ofNetwork || start.reason === "base-first")) {
			return { act: "rest", reason: start.reason, probe: ofNetwork ? probe : undefined };
		}
	}
	if (o.decoder === "none") return { act: "load" };
	if (o.decoder === "coming") return { act: "await" };
	const { id, limit } = chooseEnhancement(o.choice);
	if (id !== undefined) return { act: "play", fetch: id, limit: undefined };
	if (limit === "bandwidth-too-low" && probe !== undefined) return { act: "play", fetch: probe, limit: undefined };
	return { act: "play", fetch: undefined, limit: limit ?? "bandwidth-too-low" };
}
