import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PipelineFailure } from "./client.ts";
import { Decoding } from "./decoding.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** What the page makes of a worker that loads, or does not; the worker is this test. */

vi.mock("./worker-url.ts", () => ({ workerUrl: "https://page.test/worker.js" }));

const PATIENCE = 1000;
const OPTIONS = {
	backend: "wasm",
	modelUrl: "/m/",
	modelId: undefined,
	keepPictures: false,
} as const;
const READY: FromWorker = {
	type: "ready",
	kind: "wasm",
	description: "WASM",
	passedOver: [],
	loadMilliseconds: 1,
	selfTestMilliseconds: 1,
};

class FakeWorker extends EventTarget {
	static readonly all: FakeWorker[] = [];
	readonly received: ToWorker[] = [];
	ended = false;
	constructor() {
		super();
		FakeWorker.all.push(this);
	}
	postMessage(message: ToWorker): void {
		this.received.push(message);
	}
	terminate(): void {
		this.ended = true;
	}
	say(data: FromWorker): void {
		this.dispatchEvent(new MessageEvent("message", { data }));
	}
}

describe("a decoder that loads", () => {
	let failures: PipelineFailure[];
	let decoding: Decoding;

	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		vi.stubGlobal("Worker", FakeWorker);
		vi.stubGlobal("location", new URL("https://page.test/"));
		FakeWorker.all.length = 0;
		failures = [];
		decoding = new Decoding({
			...{ ready: () => undefined, frame: () => undefined, decoded: () => undefined, done: () => undefined },
			failed: (failure) => {
				failures.push(failure);
				decoding.close();
			},
		});
	});

	afterEach(() => {
		decoding.close();
		vi.useRealTimers();
		vi.unstubAllGlobals();
	});

	const started = async (): Promise<FakeWorker> => {
		decoding.open(OPTIONS, PATIENCE);
		for (;;) {
			const [worker] = FakeWorker.all;
			if (worker?.received.length === 1) return worker;
			await new Promise((resolve) => setImmediate(resolve));
		}
	};

	it("fails with a reason where nothing is heard of it, and its worker ends", async () => {
		const worker = await started();
		expect(failures).toEqual([]);
		vi.advanceTimersByTime(PATIENCE);
		expect(failures).toMatchObject([{ sequence: undefined, code: "backend-failed" }]);
		expect([worker.ended, decoding.stage]).toEqual([true, "none"]);
	});

	it("may take any time as long as it gets on", async () => {
		const worker = await started();
		for (let step = 0; step < 5; step++) {
			vi.advanceTimersByTime(0.9 * PATIENCE);
			worker.say({ type: "loading", fetched: step > 2 });
			expect(decoding.stage).toBe(step > 2 ? "here" : "coming");
		}
		worker.say(READY);
		vi.advanceTimersByTime(100 * PATIENCE);
		expect([failures, decoding.ready?.kind]).toEqual([[], "wasm"]);
	});

	it("is not waited for once it was closed", async () => {
		await started();
		decoding.close();
		vi.advanceTimersByTime(100 * PATIENCE);
		expect(failures).toEqual([]);
	});
});
