import { expect, it } from "vitest";
import { CodecError } from "../codec/errors.ts";
import { isLostDevice } from "./lost-device.ts";

it("takes a codec that died for what it is, whichever it was, and nothing that was asked for or is a mistake", () => {
	expect(isLostDevice(new DOMException("", "EncodingError"))).toBe(true);
	expect(isLostDevice(new CodecError("backend-failed", "The browser's video encoder failed."))).toBe(true);
	// What a decoder says that dies: its sample was made here.
	expect(isLostDevice(new CodecError("damaged-sample", "The base cannot be decoded."))).toBe(true);
	expect(isLostDevice(new CodecError("aborted", "The base decoder was stopped."))).toBe(false);
	expect(isLostDevice(new TypeError("x is undefined"))).toBe(false);
});
