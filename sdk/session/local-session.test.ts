import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { resolveOptions } from "../options.ts";
import type { SessionHost } from "./host.ts";
import { LocalSession } from "./local-session.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const begun = vi.hoisted(() => vi.fn<() => void>());

vi.mock("./session.ts", () => ({
	/** Waits for something that never comes. */
	UploadSession: class {
		run(): Promise<never> {
			begun();
			return new Promise(() => {});
		}
	},
}));

it("waits for what is aborted to end by itself, but not for ever", async () => {
	const nothing = (): void => {};
	const host: SessionHost = {
		freshToken: () => new Promise(nothing),
		...{ onStep: nothing, onProgress: nothing, onWarning: nothing },
		...{ onAsset: nothing, onPreview: nothing, onPlayable: nothing },
	};
	const source = new Blob(["video"]);
	const options = resolveOptions({ endpoint: "https://edge.example", token: "t" }, source, "https://page.example");
	const abort = new AbortController();
	let code: string | undefined;
	const over = new LocalSession(source, options, host, abort.signal)
		.run()
		.catch((error: { code: string }) => (code = error.code));
	await vi.waitFor(() => expect(begun).toHaveBeenCalled());
	abort.abort();
	await vi.advanceTimersByTimeAsync(4999);
	expect(code).toBeUndefined();
	await vi.advanceTimersByTimeAsync(1);
	await over;
	expect(code).toBe("aborted");
});
