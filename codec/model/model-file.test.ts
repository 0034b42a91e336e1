import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { modelUrl } from "./load-fetch.ts";
import { modelFolder } from "./load-node.ts";
import { graphOf, loadModel, type ModelSource } from "./model-file.ts";

const folder = modelFolder(fileURLToPath(new URL("../../models/crescendo-1", import.meta.url)));

/** The shipped model with some files changed. */
function changed(changes: Record<string, (bytes: Uint8Array) => Uint8Array>): ModelSource {
	return {
		async read(name) {
			const bytes = await folder.read(name);
			return changes[name]?.(Uint8Array.from(bytes)) ?? bytes;
		},
	};
}

const edited = (edit: (value: Record<string, unknown>) => void) => (bytes: Uint8Array) => {
	const value = JSON.parse(new TextDecoder().decode(bytes));
	edit(value);
	return new TextEncoder().encode(JSON.stringify(value));
};

describe("a model", () => {
	it("loads, with the encoder's network only where wanted", async () => {
		const model = await loadModel(folder);
		expect(model.id).toMatch(/^[0-9a-f]{32}$/);
		expect(model.tables.steps).toHaveLength(64);
		expect(() => graphOf(model, "analysis")).toThrow(/graph analysis/);
		expect(graphOf(await loadModel(folder, { encoder: true }), "analysis").length).toBeGreaterThan(0);
	});

	it("is refused where another one is expected", async () => {
		await expect(loadModel(folder, { expectedId: "0".repeat(32) })).rejects.toMatchObject({
			code: "model-mismatch",
		});
	});

	it("is refused where any bit of any decoding file differs from its id", async () => {
		const flip = (bytes: Uint8Array) => bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] as number) ^ 1);
		for (const name of ["base.onnx", "prior-second.onnx", "tables.json"]) {
			await expect(loadModel(changed({ [name]: flip }))).rejects.toMatchObject({ code: "model-invalid" });
		}
	});

	it("is refused where its description is no description", async () => {
		const code = async (edit: (bytes: Uint8Array) => Uint8Array) =>
			loadModel(changed({ "model.json": edit })).then(
				() => undefined,
				(error) => error.code,
			);
		expect(await code(() => new TextEncoder().encode("{"))).toBe("model-invalid");
		expect(await code(() => new TextEncoder().encode("[]"))).toBe("model-invalid");
		expect(await code(edited((info) => (info["id"] = "short")))).toBe("model-invalid");
		expect(await code(edited((info) => (info["bitstreamVersion"] = 1)))).toBe("unsupported-version");
	});

	it("says which file is missing", async () => {
		const nowhere = modelFolder("/nonexistent");
		await expect(loadModel(nowhere)).rejects.toThrow(/model\.json/);
	});
});

describe("a model at an address", () => {
	afterEach(() => vi.unstubAllGlobals());

	it("is read file by file, and failures are typed", async () => {
		vi.stubGlobal("fetch", async (url: string) => {
			const name = url.slice("https://host/m/".length);
			if (name === "gone") return new Response("", { status: 404 });
			if (name === "broken") throw new TypeError("network");
			return new Response(Uint8Array.from(await folder.read(name)));
		});
		const source = modelUrl("https://host/m");
		expect((await loadModel(source)).id).toBe((await loadModel(folder)).id);
		await expect(source.read("gone")).rejects.toMatchObject({ code: "network" });
		await expect(source.read("broken")).rejects.toMatchObject({ code: "network" });
	});

	it("stops on request", async () => {
		vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
			init.signal?.throwIfAborted();
			return new Response("");
		});
		const controller = new AbortController();
		controller.abort();
		const source = modelUrl("https://host/m/", { signal: controller.signal, priority: "low" });
		await expect(source.read("base.onnx")).rejects.toMatchObject({ code: "aborted" });
	});
});
