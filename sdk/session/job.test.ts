import { describe, expect, it } from "vitest";
import { resolveOptions } from "../options.ts";
import type { VideoSource } from "../source/video-source.ts";
import type { OpenedBackend } from "../stages/backend.ts";
import type { Prospect } from "../stages/prospect.ts";
import { Job } from "./job.ts";

const MODEL = "0123456789abcdef0123456789abcdef";
const { signal } = new AbortController();

/** An iterable: its pictures come only once, and wait until they are coded. */
const source: VideoSource = {
	info: {
		...{ width: 64, height: 48, duration: undefined, live: false, frameRate: 10, codec: "raw" },
		rotation: 0,
		colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
		fingerprint: undefined,
	},
	audio: undefined,
	warnings: [],
	async *pictures() {},
	close: () => undefined,
};

/** Something to compute on, as far as a job looks at it. @param id of the model that it has loaded. */
const opened = (id: string) =>
	({
		backend: { kind: "wasm", speed: { fixed: 0, each: 1e-6 }, fellBack: undefined },
		executor: { kind: "wasm", description: "WASM, 1 thread" },
		model: { id },
	}) as unknown as OpenedBackend;

/** @param id of the model that is found where it is opened once more. */
const jobOf = (id = MODEL) => {
	const { backend } = opened(MODEL);
	const prospect: Prospect = {
		...{ backend, coding: { modelId: MODEL, bitstream: 1 }, opened: opened(MODEL) },
		open: async () => opened(MODEL),
		reopen: async () => opened(id),
		close: async () => undefined,
	};
	const options = resolveOptions({ endpoint: "https://video.example.com", token: "t" }, new File([], "film.mp4"));
	return new Job(source, prospect, options);
};

describe("a job whose GPU was lost", () => {
	it("goes on with what else there is", async () => {
		const job = jobOf();
		expect(await job.reopen(signal)).toBeUndefined();
		expect(job.report).toMatchObject({ kind: "wasm", description: "WASM, 1 thread" });
	});

	it("does not go on with another model: the track has declared its own", async () => {
		expect(await jobOf(MODEL.replace("0", "f")).reopen(signal)).toContain("replaced");
	});

	it("changes nothing any more where nobody waits for it", async () => {
		const job = jobOf();
		const { message } = job.end({ at: 1e6, why: "nothing came back.", code: "enhancement-unavailable" });
		await expect(job.reopen(AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
		expect(job.report).toMatchObject({ givenUp: ["rest-of-enhancement"], notice: message });
	});

	it("tells of the times without enhancement though it ends later", () => {
		const job = jobOf();
		const interrupted = job.interrupt(1, 2, "The GPU device was lost.");
		const ended = job.end({ at: 3e6, why: "it is lost again and again.", code: "enhancement-unavailable" });
		expect(job.report.notice).toBe(`${interrupted.message} ${ended.message}`);
	});
});
