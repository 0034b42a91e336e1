import { describe, expect, it } from "vitest";
import { UploadError } from "./errors.ts";
import { checkSource, resolveOptions } from "./options.ts";
import type { UploadOptions } from "./options.ts";

const good: UploadOptions = { endpoint: "https://video.example.com/", token: "t" };
const file = new File(["x"], "holiday.final.mp4");

const refusal = (run: () => unknown): UploadError => {
	try {
		run();
	} catch (error) {
		if (error instanceof UploadError) {
			return error;
		}
		throw error;
	}
	throw new Error("nothing was refused");
};

describe("resolveOptions", () => {
	it("fills every default in", () => {
		expect(resolveOptions(good, file)).toEqual({
			endpoint: "https://video.example.com",
			modelUrl: "https://video.example.com/models/crescendo-1/",
			backend: "auto",
			enhancements: [24],
			maxSize: 3840,
			patience: 2,
			gopSeconds: 2,
			audio: "auto",
			title: "holiday.final",
			preview: false,
			resume: true,
		});
	});

	it("resolves relative addresses against the page", () => {
		const options = resolveOptions(
			{ ...good, endpoint: "/", modelUrl: "m" },
			file,
			"http://localhost:8787/studio/",
		);
		expect(options.endpoint).toBe("http://localhost:8787");
		expect(options.modelUrl).toBe("http://localhost:8787/studio/m/");
	});

	it("keeps a path of the endpoint", () => {
		expect(resolveOptions({ ...good, endpoint: "https://a.example/video" }, file).endpoint).toBe(
			"https://a.example/video",
		);
	});

	const wrong: readonly (readonly [string, Record<string, unknown>])[] = [
		["endpoint", { endpoint: "not an address" }],
		["endpoint", { endpoint: "ftp://a.example" }],
		["endpoint", { endpoint: 3 }],
		["endpoint", { endpoint: "https://a.example/?key=1" }],
		["token", { token: "" }],
		["token", { token: undefined }],
		["backend", { backend: "cuda" }],
		["enhancements", { enhancements: [] }],
		["enhancements", { enhancements: [24, 24] }],
		["enhancements", { enhancements: [64] }],
		["enhancements", { enhancements: [1.5] }],
		["enhancements", { enhancements: [1, 2, 3, 4, 5] }],
		["enhancements", { enhancements: "24" }],
		["maxSize", { maxSize: 10 }],
		["maxSize", { maxSize: Number.NaN }],
		["patience", { patience: 0 }],
		["patience", { patience: Number.NaN }],
		["gopSeconds", { gopSeconds: 60 }],
		["audio", { audio: "mp3" }],
		["title", { title: "x".repeat(201) }],
		["resume", { resume: "yes" }],
		["preview", { preview: 1 }],
		["worker", { worker: "blob" }],
		["signal", { signal: {} }],
	];
	it.each(wrong)("names the option in its refusal: %s %o", (name, change) => {
		const error = refusal(() => resolveOptions({ ...good, ...change } as UploadOptions, file));
		expect(error.code).toBe("invalid-option");
		expect(error.message).toContain(`options.${name}`);
	});
});

describe("checkSource", () => {
	it("takes files, blobs and addresses", () => {
		expect(checkSource(file)).toBe(file);
		expect(checkSource("/a.mp4", "https://a.example/x")).toBe("https://a.example/a.mp4");
		expect(checkSource(new URL("https://a.example/a.mp4"))).toBe("https://a.example/a.mp4");
	});
	it("refuses everything else", () => {
		for (const source of [undefined, null, 3, {}, "::", "file:///etc/passwd"]) {
			expect(refusal(() => checkSource(source)).code).toBe("invalid-option");
		}
	});
});
