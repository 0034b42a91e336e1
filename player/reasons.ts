import type { CodecErrorCode } from "../codec/errors.ts";

/** The `enhancement` attribute. `force` overrules speed, bandwidth and data saver. */
export type EnhancementMode = "auto" | "off" | "force";

/** The `backend` attribute. */
export type BackendPreference = "auto" | "webgpu" | "wasm";

/**
 * What the viewer sees: `base` (with a reason), `loading` (weights, self-test), `filling` (segments on their
 * way, base shown), `active` (enhanced pictures shown), `stopped` (for a while), `failed` (for this source).
 */
export type EnhancementState = "base" | "loading" | "filling" | "active" | "stopped" | "failed";

/** Why the enhanced picture is not shown; a closed list, `REASONS` has the words. */
export type EnhancementReason =
	| "off-by-choice"
	| "no-enhancement"
	| "no-enhancement-here"
	| "browser-incapable"
	| "no-backend"
	| "data-saver"
	| "too-large-for-wasm"
	| "bandwidth-too-low"
	| "not-worth-loading"
	| "playback-not-begun"
	| "base-first"
	| "loading-runtime"
	| "waiting-for-segment"
	| "catching-up"
	| "decoding-too-slow"
	| "missed-frames"
	| "page-hidden"
	| "picture-in-picture"
	| "invalid-list"
	| CodecErrorCode;

/** One sentence for each reason, for people. */
export const REASONS: Readonly<Record<EnhancementReason, string>> = {
	"off-by-choice": "Low resolution was chosen.",
	"no-enhancement": "This stream has no enhancement.",
	"no-enhancement-here": "This part of the video has no enhancement.",
	"browser-incapable": "This browser lacks WebCodecs, OffscreenCanvas or video frame callbacks.",
	"no-backend": "There is no WebGPU here, and WASM was not allowed.",
	"data-saver": "The browser asks to save data.",
	"too-large-for-wasm": "Without WebGPU this picture is too large to decode in time.",
	"bandwidth-too-low": "The network carries the base only.",
	"not-worth-loading": "The video would be over before the decoder is loaded.",
	"playback-not-begun": "Waiting for playback to begin.",
	"base-first": "The base fills its buffer first.",
	"loading-runtime": "Loading the decoder and its weights.",
	"waiting-for-segment": "Waiting for the next segment.",
	"catching-up": "Decoding has not reached the playhead yet.",
	"decoding-too-slow": "This device decodes too slowly for this picture.",
	"missed-frames": "Too many frames came late; trying again later.",
	"page-hidden": "The page is hidden.",
	"picture-in-picture": "A window, screen or device of its own shows the base.",
	"invalid-list": "The list of enhancements cannot be read.",
	network: "The enhancement could not be fetched.",
	"damaged-sample": "An enhancement frame arrived damaged.",
	"unsupported-version": "The enhancement was encoded for a different version of the player.",
	"model-mismatch":
		"The enhancement was encoded with weights that this player does not have, usually those of another version.",
	"model-invalid": "The weights are damaged.",
	"base-mismatch": "The base picture is not the one the enhancement belongs to.",
	"picture-mismatch": "The decoded picture is not the one that was encoded.",
	"missing-reference": "A frame is missing.",
	"invalid-picture": "The enhancement has an impossible picture size.",
	"invalid-file": "A segment cannot be read.",
	"unsupported-format": "The enhancement is of a format that this build does not read.",
	"invalid-option": "The player was set up with an invalid option.",
	"backend-unavailable": "Neither WebGPU nor WebAssembly could be started.",
	"backend-failed": "The graphics device or WebAssembly gave up.",
	aborted: "Stopped.",
};

/** True where trying the next segment can help; false where every later sample would fail the same way. */
export function isPassing(code: EnhancementReason): boolean {
	return code === "damaged-sample" || code === "missing-reference" || code === "invalid-file" || code === "network";
}
