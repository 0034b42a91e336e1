import { describe, expect, it } from "vitest";
import { readSettings } from "./settings.ts";

describe("the settings of the local edge", () => {
	it("have defaults", () => {
		expect(readSettings({})).toEqual({ port: 8787, data: ".crescendo/data" });
	});

	it("come from the environment", () => {
		const environment = { CRESCENDO_PORT: "0", CRESCENDO_DATA: "/srv/video", CRESCENDO_API_KEY: "secret" };
		expect(readSettings(environment)).toEqual({ port: 0, data: "/srv/video", apiKey: "secret" });
	});

	it.each(["-1", "65536", "80x", "1.5", ""])("refuse the port %j", (port) => {
		expect(() => readSettings({ CRESCENDO_PORT: port })).toThrow("CRESCENDO_PORT must be a port number");
	});

	it("refuse a key that would not survive its way to the Worker", () => {
		expect(() => readSettings({ CRESCENDO_API_KEY: 'a"\nX="b' })).toThrow("CRESCENDO_API_KEY");
	});
});
