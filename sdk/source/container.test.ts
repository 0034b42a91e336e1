import { expect, it } from "vitest";
import type { PatientFetch } from "../transport/patient-fetch.ts";
import { Container } from "./container.ts";

const { signal } = new AbortController();
const ADDRESS = "https://films.example/film.mp4";

/** @param headers of each answer in turn, each with the same bytes. */
const served = (...headers: Record<string, string>[]): PatientFetch => {
	const answer = async () => new Response(new Uint8Array(1000), { status: 206, headers: headers.shift() ?? {} });
	return { streamed: answer, whole: answer };
};

const fingerprintOf = async (fetch: PatientFetch): Promise<string> => {
	const container = Container.open(ADDRESS, signal, fetch);
	// No video that is known; it was read all the same.
	await expect(container.input.getPrimaryVideoTrack()).rejects.toThrow("format");
	const fingerprint = await container.fingerprint();
	container.close();
	return fingerprint;
};

it("knows the video at an address again, and tells it from another that has taken its place", async () => {
	const first = await fingerprintOf(served({ etag: '"1"', "content-range": "bytes 0-999/1000" }));
	expect(await fingerprintOf(served({ etag: '"1"', "content-range": "bytes 0-999/1000" }))).toBe(first);
	expect(await fingerprintOf(served({ etag: '"2"', "content-range": "bytes 0-999/1000" }))).not.toBe(first);
	expect(await fingerprintOf(served({ etag: '"1"', "content-range": "bytes 0-999/1001" }))).not.toBe(first);
	const dated = { "last-modified": "Mon, 05 Jan 2026 10:00:00 GMT" };
	expect(await fingerprintOf(served(dated))).toBe(await fingerprintOf(served(dated)));
	expect(await fingerprintOf(served(dated))).not.toBe(await fingerprintOf(served({})));
});

it("tells a file that is out of reach from one that is damaged", async () => {
	const file = new Blob(["video"]);
	await Container.open(file, signal).checkReadable();
	file.slice = () => {
		const gone = new Blob();
		gone.arrayBuffer = () => Promise.reject(new DOMException("It was changed.", "NotReadableError"));
		return gone;
	};
	const thrown = await Container.open(file, signal)
		.checkReadable()
		.catch((error: unknown) => error);
	expect(thrown).toMatchObject({ code: "source-unreadable" });
	expect(thrown).toHaveProperty("hint", expect.stringContaining("same file again"));
});
