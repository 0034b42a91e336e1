import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

describe("the graphics device of a page", () => {
	beforeEach(() => void vi.resetModules());
	afterEach(() => void vi.unstubAllGlobals());

	/** What is known of it before it is asked for, and after. */
	const known = async (navigator: unknown) => {
		vi.stubGlobal("navigator", navigator);
		const { askForAdapter, hasAdapter } = await import("./gpu-adapter.ts");
		const before = hasAdapter();
		await askForAdapter();
		return [before, hasAdapter()];
	};

	it("is known once it was asked for", async () => {
		expect(await known({ gpu: { requestAdapter: async () => ({}) } })).toEqual([undefined, true]);
	});

	it("is not there where there is no adapter, or asking fails", async () => {
		expect(await known({ gpu: { requestAdapter: async () => null } })).toEqual([undefined, false]);
		vi.resetModules();
		const requestAdapter = () => {
			throw new TypeError("Illegal invocation");
		};
		expect(await known({ gpu: { requestAdapter } })).toEqual([undefined, false]);
	});

	it("is not there where the browser has no WebGPU, or it was defined away", async () => {
		expect(await known({})).toEqual([false, false]);
		vi.resetModules();
		expect(await known({ gpu: undefined })).toEqual([false, false]);
	});
});
