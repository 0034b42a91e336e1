import { expect, it } from "vitest";
import { UploadClient } from "./client.ts";
import { HttpClient } from "./http.ts";

const ASSET = {
	id: "a",
	state: "uploading",
	createdAt: "2026-01-01T00:00:00Z",
	tracks: [],
	urls: { master: "m", watch: "w" },
};
const { signal } = new AbortController();

/** A client whose network comes back after so many milliseconds of a clock that only waits move. */
const clientAfter = (silence: number): UploadClient => {
	let clock = 0;
	const http = new HttpClient(async () => "token", undefined, {
		fetch: async () => {
			if (clock < silence) {
				throw new TypeError("Failed to fetch");
			}
			return Response.json(ASSET);
		},
		sleep: async (milliseconds) => void (clock += milliseconds),
		timer: () => () => undefined,
		...{ random: () => 1, now: () => clock, online: () => true },
	});
	return new UploadClient(http, "https://edge.example");
};

it("finds an asset after a closed lid, whose network wakes later than its page", async () => {
	expect(await clientAfter(3600_000).find("a", signal)).toEqual(ASSET);
});

it("does not wait so long for an edge that never answered", async () => {
	const request = { tracks: [] } as unknown as Parameters<UploadClient["create"]>[0];
	await expect(clientAfter(3600_000).create(request, "key", signal)).rejects.toMatchObject({
		code: "network-failed",
	});
});
