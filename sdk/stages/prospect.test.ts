import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { resolveOptions } from "../options.ts";
import { patientFetch } from "../transport/patient-fetch.ts";
import type { Wanted } from "./backend.ts";
import { foresee } from "./prospect.ts";

/** A GPU that is quicker than any processor, and whose runtime is never asked to compute. */
const GPU_SPEED = { fixed: 1e-6, each: 1e-12 };

vi.mock("../../codec/model/gpu-device.ts", () => ({ requestGpuDevice: async () => ({ destroy: () => {} }) }));
vi.mock("./estimate-gpu.ts", () => ({ estimateGpuSpeed: async () => GPU_SPEED }));

const MODELS = fileURLToPath(new URL("../../models/", import.meta.url));
const { signal: never } = new AbortController();

/** What was asked for, method and path. */
let asked: string[];
/** The edge's answer about the runtime. */
let runtime: number;

const answer = async (address: string | URL | Request, init?: RequestInit): Promise<Response> => {
	const { pathname } = new URL(address instanceof Request ? address.url : address);
	asked.push(`${init?.method ?? "GET"} ${pathname}`);
	if (pathname.startsWith("/models/")) {
		return new Response(await readFile(MODELS + pathname.slice("/models/".length)));
	}
	return new Response(null, { status: runtime });
};

beforeEach(() => {
	asked = [];
	runtime = 200;
	vi.stubGlobal("fetch", answer);
});

afterEach(() => {
	vi.unstubAllGlobals();
});

const wanted = (backend: "auto" | "wasm"): Wanted => {
	const options = resolveOptions({ endpoint: "https://edge.example", token: "t", backend }, new Blob(["video"]));
	return { options, effort: "normal", fetch: patientFetch({ signal: never }) };
};

it("counts on a GPU that is quicker, whose runtime is there, and has fetched nothing of it", async () => {
	const prospect = await foresee(wanted("auto"), false, undefined, never);
	expect(prospect.backend).toEqual({ kind: "webgpu", speed: GPU_SPEED, fellBack: undefined });
	expect(asked.filter((request) => request.startsWith("HEAD /runtime/")).length).toBe(1);
	expect(asked.filter((request) => request.startsWith("GET"))).toEqual(["GET /models/crescendo-1/model.json"]);
});

it("counts on the processor where the runtime of a GPU is not there, says why, and opens just that", async () => {
	runtime = 404;
	const prospect = await foresee(wanted("auto"), false, undefined, never);
	const why = expect.stringMatching(
		/^WebGPU: its runtime at https:\/\/edge\.example\/runtime\/\S+ is not there \(404\)$/,
	);
	expect(prospect.backend).toMatchObject({ kind: "wasm", fellBack: why });
	expect(prospect.backend).not.toMatchObject({ speed: GPU_SPEED });
	const opened = await prospect.open();
	expect(opened.backend).toMatchObject({ kind: "wasm", fellBack: why });
	expect(opened.executor?.kind).toBe("wasm");
	await prospect.close();
	expect(asked.filter((request) => request.startsWith("GET /runtime/"))).toEqual([]);
});

it("never asks for a runtime where WASM was asked for", async () => {
	runtime = 404;
	const prospect = await foresee(wanted("wasm"), false, undefined, never);
	expect(prospect.backend).toMatchObject({ kind: "wasm", fellBack: undefined });
	expect(asked).toEqual(["GET /models/crescendo-1/model.json"]);
});
