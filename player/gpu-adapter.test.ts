import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

describe("the graphics device of a page", () => {
	beforeEach(() => void vi.resetModules());
	afterEach(() => void vi.unstubAllGlobals());

	/** What is known of it before it is asked for, and after. */
	const known = async (navigator: unknown) => {
		vi.stubGlobal("navigator", navigator);
		const { askForAdapter, gpuAdapter } = await import("./gpu-adapter.ts");
		const before = gpuAdapter();
		await askForAdapter();
		return [before, gpuAdapter()];
	};

	it("is known once it was asked for", async () => {
		expect(await known({ gpu: { requestAdapter: async () => ({}) } })).toEqual([undefined, "hardware"]);
	});

	it("is software where the browser computes on the processor", async () => {
		const adapter = (isFallbackAdapter: boolean) => ({
			gpu: { requestAdapter: async () => ({ info: { isFallbackAdapter } }) },
		});
		expect(await known(adapter(true))).toEqual([undefined, "software"]);
		const { worthTrying } = await import("./gpu-adapter.ts");
		expect((["auto", "webgpu", "wasm"] as const).map(worthTrying)).toEqual(["wasm", "webgpu", "wasm"]);
		vi.resetModules();
		expect(await known(adapter(false))).toEqual([undefined, "hardware"]);
	});

	it("is not there where there is no adapter, or asking fails", async () => {
		expect(await known({ gpu: { requestAdapter: async () => null } })).toEqual([undefined, "none"]);
		vi.resetModules();
		const requestAdapter = () => {
			throw new TypeError("Illegal invocation");
		};
		expect(await known({ gpu: { requestAdapter } })).toEqual([undefined, "none"]);
	});

	it("is not there where the browser has no WebGPU, or it was defined away", async () => {
		expect(await known({})).toEqual(["none", "none"]);
		vi.resetModules();
		expect(await known({ gpu: undefined })).toEqual(["none", "none"]);
	});
});
