import { expect, it } from "vitest";
import type { BackendReport, UploadProgress } from "../progress.ts";
import { Meter } from "../stages/meter.ts";
import { progressInWords } from "./progress-words.ts";

const backend: BackendReport = {
	kind: "wasm",
	description: "WASM, 1 thread",
	...{ width: 64, height: 48, sourceWidth: 64, sourceHeight: 48, predictedFps: 4 },
	effort: "normal",
	givenUp: [],
	notice: undefined,
};

const progress: UploadProgress = {
	...new Meter().snapshot(0),
	...{ framesEncoded: 12, fps: 4.56, secondsLeft: 9.2, backend },
	bottleneck: "enhancement",
	waitingForNetwork: false,
};

it("says how fast, on what, what limits it and how long", () => {
	expect(progressInWords(progress)).toBe(
		"12 frames, 4.6 a second on WASM, 1 thread, limited by the enhancement, 10 s left",
	);
});

it("names no limit while the network is away, which is one", () => {
	expect(progressInWords({ ...progress, waitingForNetwork: true, framesDropped: 3, secondsLeft: undefined })).toBe(
		"12 frames, 4.6 a second on WASM, 1 thread, 3 left out, waiting for the network",
	);
});

it("has no numbers before the first frame", () => {
	expect(progressInWords({ ...progress, framesEncoded: 0 })).toBe("Preparing on WASM, 1 thread");
});
