import { describe, expect, it } from "vitest";

describe("on a server", () => {
	it("can be imported where there is no DOM, and defines nothing", async () => {
		expect("document" in globalThis).toBe(false);
		const player = await import("./index.ts");
		expect(typeof player.CrescendoPlayerElement).toBe("function");
		expect(typeof player.CrescendoVideoElement).toBe("function");
		expect("customElements" in globalThis).toBe(false);
	});
});
