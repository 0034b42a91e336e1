import type { Bottleneck, UploadProgress } from "../progress.ts";

const BOTTLENECKS: Readonly<Record<Bottleneck, string>> = {
	decode: "the decoder",
	base: "the base encoder",
	enhancement: "the enhancement",
	upload: "the network",
};

/** How far a running upload is, on what, and what holds it up: a line for people. */
export const progressInWords = (progress: UploadProgress): string => {
	const { backend, bottleneck, fps, framesDropped, framesEncoded, secondsLeft, waitingForNetwork } = progress;
	const on = backend?.kind === "none" ? "" : ` on ${backend?.description ?? "this machine"}`;
	const waiting = waitingForNetwork ? ", waiting for the network" : "";
	if (framesEncoded === 0) {
		return `Preparing${on}${waiting}`;
	}
	// That the network is away says it already.
	const limit = waitingForNetwork ? "" : `, limited by ${BOTTLENECKS[bottleneck]}`;
	const dropped = framesDropped > 0 ? `, ${framesDropped} left out` : "";
	const left = secondsLeft === undefined ? "" : `, ${Math.ceil(secondsLeft)} s left`;
	return `${framesEncoded} frames, ${fps.toFixed(1)} a second${on}${limit}${dropped}${left}${waiting}`;
};
