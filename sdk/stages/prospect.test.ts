import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CodecError } from "../../codec/errors.ts";
import { resolveOptions } from "../options.ts";
import { patientFetch } from "../transport/patient-fetch.ts";
import type { Wanted } from "./backend.ts";
import { foresee } from "./prospect.ts";

/** A GPU that is quicker than any processor, until it is asked to run networks. */
const GPU_SPEED = { fixed: 1e-6, each: 1e-12 };
const WRONG = new CodecError("backend-unavailable", "The GPU computes wrong results.");

/** Why there is no device, if there is none. */
let noDevice: CodecError | undefined;

vi.mock("../../codec/model/gpu-device.ts", () => ({
	requestGpuDevice: async () => {
		if (noDevice !== undefined) {
			throw noDevice;
		}
		return { destroy: () => {} };
	},
}));
vi.mock(import("../../codec/model/webgpu-executor.ts"), async (original) => ({
	...(await original()),
	createWebGpuExecutor: () => Promise.reject(noDevice ?? WRONG),
}));
vi.mock("./estimate-gpu.ts", () => ({ estimateGpuSpeed: async () => GPU_SPEED }));

const MODELS = fileURLToPath(new URL("../../models/", import.meta.url));
const { signal: never } = new AbortController();

/** What was asked for, method and path. */
let asked: string[];
const answer = async (address: string | URL | Request, init?: RequestInit): Promise<Response> => {
	const { pathname } = new URL(address instanceof Request ? address.url : address);
	asked.push(`${init?.method ?? "GET"} ${pathname}`);
	return pathname.startsWith("/models/")
		? new Response(await readFile(MODELS + pathname.slice("/models/".length)))
		: new Response(null, { status: 404 });
};

beforeEach(() => {
	asked = [];
	noDevice = undefined;
	vi.stubGlobal("fetch", answer);
});

afterEach(() => {
	vi.unstubAllGlobals();
});

const wanted = (backend: "auto" | "wasm"): Wanted => {
	const options = resolveOptions({ endpoint: "https://edge.example", token: "t", backend }, new Blob(["video"]));
	return { options, effort: "normal", fetch: patientFetch({ signal: never }) };
};

it("counts on a GPU that is quicker, and goes on with WASM, saying why, where that computes wrong results", async () => {
	const prospect = await foresee(wanted("auto"), false, undefined, never);
	expect(prospect.backend).toEqual({ kind: "webgpu", speed: GPU_SPEED, fellBack: undefined });
	expect(asked).toEqual(["GET /models/crescendo-1/model.json"]);
	const opened = await prospect.open();
	expect(opened.backend).toMatchObject({ kind: "wasm", fellBack: "WebGPU: The GPU computes wrong results" });
	expect(opened.backend).not.toMatchObject({ speed: GPU_SPEED });
	expect(opened.executor?.kind).toBe("wasm");
	await prospect.close();
	// Whatever computes is part of the script.
	expect(asked.filter((request) => !request.startsWith("GET /models/crescendo-1/"))).toEqual([]);
});

it("counts on the processor where there is no GPU, says why, and opens just that", async () => {
	noDevice = new CodecError("backend-unavailable", "The WebGPU adapter gives no device.");
	const prospect = await foresee(wanted("auto"), false, undefined, never);
	const why = "WebGPU: The WebGPU adapter gives no device";
	expect(prospect.backend).toMatchObject({ kind: "wasm", fellBack: why });
	expect(prospect.backend).not.toMatchObject({ speed: GPU_SPEED });
	const opened = await prospect.open();
	expect(opened.backend).toMatchObject({ kind: "wasm", fellBack: why });
	expect(opened.executor?.kind).toBe("wasm");
	await prospect.close();
});

it("never looks for a GPU where WASM was asked for", async () => {
	const prospect = await foresee(wanted("wasm"), false, undefined, never);
	expect(prospect.backend).toMatchObject({ kind: "wasm", fellBack: undefined });
	expect(asked).toEqual(["GET /models/crescendo-1/model.json"]);
});
