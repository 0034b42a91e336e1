/**
 * The one error class of the codec. `code` is stable and meant for programs; `message` is one sentence that says what is
 * wrong, `hint` one that says what to do.
 */
export type CodecErrorCode =
	| "damaged-sample" // truncated, failed check sum, impossible value
	| "unsupported-version" // bitstream version this decoder does not know
	| "model-mismatch" // the stream was made with other weights
	| "model-invalid" // model files that fail their hash, shape or certificate
	| "base-mismatch" // the base picture is not the one the stream was coded against
	| "picture-mismatch" // decoded, but the picture hash differs: this device is not exact
	| "missing-reference" // an inter frame without its predecessor
	| "invalid-picture" // size, stride or plane length that cannot be
	| "invalid-file" // a container that is not what it says
	| "unsupported-format" // valid, but not something this build reads
	| "invalid-option"
	| "backend-unavailable" // no WebGPU, no WebCodecs, no ffmpeg
	| "backend-failed" // the runtime or the device gave up
	| "network" // did not arrive; asked for again it may
	| "aborted";

export class CodecError extends Error {
	readonly code: CodecErrorCode;
	readonly hint: string | undefined;
	constructor(code: CodecErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.name = "CodecError";
		this.code = code;
		this.hint = options.hint;
	}
}
