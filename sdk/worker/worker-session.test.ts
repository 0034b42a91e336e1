import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { resolveOptions } from "../options.ts";
import type { SessionHost } from "../session/host.ts";
import type { PageMessage, WorkerMessage } from "./messages.ts";
import { WorkerSession } from "./worker-session.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nothing = (): void => {};
const host: SessionHost = {
	freshToken: () => new Promise(nothing),
	...{ onStep: nothing, onProgress: nothing, onWarning: nothing },
	...{ onAsset: nothing, onPreview: nothing, onPlayable: nothing },
};

/** A session whose worker says what the test lets it say. */
const setUp = () => {
	const heard: string[] = [];
	const worker = Object.assign(new EventTarget(), {
		postMessage: ({ type }: PageMessage) => heard.push(type),
		terminate: () => heard.push("terminate"),
	});
	const abort = new AbortController();
	const source = new Blob(["video"]);
	const options = resolveOptions({ endpoint: "https://edge.example", token: "t" }, source, "https://page.example");
	const session = new WorkerSession(source, options, host, abort.signal, () => worker as unknown as Worker);
	let code: string | undefined;
	const over = session.run().catch((error: { code: string }) => (code = error.code));
	const say = (data: WorkerMessage) => worker.dispatchEvent(new MessageEvent("message", { data }));
	return { heard, say, over, code: () => code, abort: () => abort.abort() };
};

it("ends at once what is aborted while the worker's script is still loading", async () => {
	const { heard, over, code, abort } = setUp();
	abort();
	await over;
	expect(code()).toBe("aborted");
	expect(heard).toEqual(["terminate"]);
});

it("leaves a worker that is aborted the time to forget its journal, but not for ever", async () => {
	const { heard, say, over, code, abort } = setUp();
	say({ type: "ready" });
	abort();
	await vi.advanceTimersByTimeAsync(4999);
	expect(heard).toEqual(["begin", "abort"]);
	expect(code()).toBeUndefined();
	await vi.advanceTimersByTimeAsync(1);
	await over;
	expect(code()).toBe("aborted");
	expect(heard).toEqual(["begin", "abort", "terminate"]);
});

it("takes a worker's own word for its end, and waits no longer", async () => {
	const { heard, say, over, code, abort } = setUp();
	say({ type: "ready" });
	abort();
	const error = {
		code: "aborted",
		message: "m",
		...{ hint: undefined, serverCode: undefined, status: undefined },
	} as const;
	say({ type: "failed", error: { ...error, cause: undefined } });
	await over;
	expect(code()).toBe("aborted");
	expect(heard).toEqual(["begin", "abort", "terminate"]);
	expect(vi.getTimerCount()).toBe(0);
});
