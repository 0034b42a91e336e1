import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CodecError } from "../../codec/errors.ts";
import type { UploadError } from "../errors.ts";
import { resolveOptions } from "../options.ts";
import { patientFetch } from "../transport/patient-fetch.ts";
import type { Wanted } from "./backend.ts";
import { openBackend, readModelId } from "./backend.ts";

/** What speaks against WebGPU. */
let failure: CodecError;

vi.mock(import("../../codec/model/webgpu-executor.ts"), async (original) => ({
	...(await original()),
	createWebGpuExecutor: () => Promise.reject(failure),
}));

/** What was asked for. */
let asked: string[];

beforeEach(() => {
	asked = [];
	failure = new CodecError("backend-unavailable", "This environment has no WebGPU.", { hint: "Another browser." });
});

afterEach(() => {
	vi.unstubAllGlobals();
});

const wanted = (backend: "auto" | "webgpu" | "wasm", stop: AbortSignal): Wanted => {
	const options = resolveOptions({ endpoint: "https://edge.example", token: "t", backend }, new Blob(["video"]));
	return { options, effort: "normal", fetch: patientFetch({ signal: stop }) };
};

const { signal: never } = new AbortController();

const answering = (answer: () => Promise<Response>) =>
	vi.stubGlobal("fetch", (address: string) => {
		asked.push(address);
		return answer();
	});

const refusal = (work: Promise<unknown>): Promise<UploadError> =>
	work.then(
		() => Promise.reject(new Error("nothing was refused")),
		(error: UploadError) => error,
	);

describe("the model", () => {
	it.each([404, 410, 403])("that is not there ends the upload, whatever it would compute on (%i)", async (status) => {
		answering(async () => new Response(null, { status }));
		for (const backend of ["auto", "wasm"] as const) {
			const what = wanted(backend, never);
			for (const work of [readModelId(what, never), openBackend(what, undefined, never)]) {
				const { code, message, hint } = await refusal(work);
				expect({ code, message }).toEqual({
					code: "enhancement-unavailable",
					message: `The enhancement cannot be encoded: Model file model.json answers ${status}.`,
				});
				expect(hint).toContain("https://edge.example/models/crescendo-1/model.json");
			}
		}
	});

	it("is not waited for by an upload that is aborted", async () => {
		const controller = new AbortController();
		answering(() => {
			controller.abort(new Error("enough"));
			return Promise.reject(new TypeError("Failed to fetch"));
		});
		const opened = openBackend(wanted("wasm", controller.signal), undefined, controller.signal);
		await expect(opened).rejects.toThrow("enough");
	});
});

describe("WebGPU, insisted on", () => {
	it.each(["backend-unavailable", "backend-failed"] as const)(
		"%s ends the upload, and nothing is fetched",
		async (code) => {
			failure = new CodecError(code, "The GPU computes wrong results.", { hint: "Another browser." });
			answering(async () => new Response(null, { status: 404 }));
			const error = await refusal(openBackend(wanted("webgpu", never), undefined, never));
			expect(error.code).toBe("enhancement-unavailable");
			expect(error.message).toContain("The GPU computes wrong results.");
			expect(error.hint).toBe("Another browser.");
			expect(asked).toEqual([]);
		},
	);
});
