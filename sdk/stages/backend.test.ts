import { afterEach, describe, expect, it, vi } from "vitest";
import { findMissingRuntime } from "./backend.ts";

const OPTIONS = { runtimeUrl: "https://pages.example/runtime/" };
const { signal: never } = new AbortController();

const answering = (answer: (init: RequestInit | undefined) => Promise<Response>) =>
	vi.stubGlobal("fetch", (_: unknown, init?: RequestInit) => answer(init));

/** Never answers; gives up as `fetch` does. */
const silence = (init: RequestInit | undefined): Promise<Response> => {
	const { promise, reject } = Promise.withResolvers<Response>();
	init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
	return promise;
};

afterEach(() => {
	vi.unstubAllGlobals();
});

describe("the runtime", () => {
	it.each([404, 410])("is not there where the server says so (%i)", async (status) => {
		answering(async () => new Response(null, { status }));
		const why = await findMissingRuntime(OPTIONS, never);
		expect(why).toContain(OPTIONS.runtimeUrl);
		expect(why).toContain(String(status));
	});

	it.each([200, 401, 403, 405, 429, 500, 501, 503])("may be there where a server answers %i", async (status) => {
		answering(async () => new Response(null, { status }));
		expect(await findMissingRuntime(OPTIONS, never)).toBeUndefined();
	});

	it("may be there where the network is away", async () => {
		answering(() => Promise.reject(new TypeError("Failed to fetch")));
		expect(await findMissingRuntime(OPTIONS, never)).toBeUndefined();
	});

	it("may be there where the server does not answer in time", async () => {
		answering(silence);
		expect(await findMissingRuntime(OPTIONS, never, 1)).toBeUndefined();
	});

	it("is not waited for by an upload that is aborted", async () => {
		answering(silence);
		const controller = new AbortController();
		const asked = findMissingRuntime(OPTIONS, controller.signal);
		controller.abort(new Error("enough"));
		await expect(asked).rejects.toThrow("enough");
	});
});
