import { describe, expect, it, vi } from "vitest";
import { runtimeLoaded, runtimePaths } from "./runtime-url.ts";

describe("the address of the runtime", () => {
	it.each([
		["https://a.example/runtime/", "https://a.example/runtime/one.wasm"],
		["https://a.example/elsewhere.wasm", "https://a.example/elsewhere.wasm"],
	])("is a folder or a file: %s", async (runtimeUrl, wasm) => {
		expect(await runtimePaths(runtimeUrl, "one.wasm")).toEqual({ wasmPaths: { wasm } });
	});

	it("is the runtime's own to find where none is given", async () => {
		expect(await runtimePaths(undefined, "one.wasm")).toEqual({});
	});

	it("is looked for until the file was loaded", async () => {
		const find = vi.fn(async (file: string) => `https://a.example/hash/${file}`);
		const found = { wasmPaths: { wasm: "https://a.example/hash/two.wasm" } };
		expect(await runtimePaths(find, "two.wasm")).toEqual(found);
		expect(await runtimePaths(find, "two.wasm")).toEqual(found);
		runtimeLoaded("two.wasm");
		expect(await runtimePaths(find, "two.wasm")).toEqual({});
		expect(find).toHaveBeenCalledTimes(2);
	});
});
