import { describe, expect, it } from "vitest";
import { ApiError } from "./api-error.ts";
import { BodyRoom } from "./body-room.ts";
import { readBody } from "./request-body.ts";

const streamed = (...pieces: readonly number[]): Request =>
	new Request("https://edge.test/", {
		method: "PUT",
		body: new ReadableStream<Uint8Array>({
			start(controller) {
				for (const length of pieces) controller.enqueue(new Uint8Array(length).fill(length));
				controller.close();
			},
		}),
		duplex: "half",
	} as RequestInit);

const claiming = (length: number, claim: string): Request => {
	const request = streamed(length);
	request.headers.set("Content-Length", claim);
	return request;
};

describe("room for bodies", () => {
	it("is each owner's own, and given back", () => {
		const room = new BodyRoom(100);
		const [first, second] = [room.open("a"), room.open("a")];
		first.grow(60);
		expect(() => second.grow(41)).toThrow(ApiError);
		room.open("b").grow(100);
		second.grow(40);
		expect(() => first.grow(1)).toThrow(ApiError);
		first.close();
		first.close();
		second.grow(60);
		expect(() => second.grow(1)).toThrow(ApiError);
	});

	it("is not taken for ever by a body of which nothing more is heard", () => {
		let now = 0;
		const room = new BodyRoom(100, () => now);
		const lost = room.open("a");
		lost.grow(100);
		now = 599_999;
		const next = room.open("a");
		expect(() => next.grow(1)).toThrow(ApiError);
		now = 600_000;
		next.grow(100);
		lost.close();
		expect(() => room.open("a").grow(1)).toThrow(ApiError);
	});

	it("is taken as bytes come, and what has none is refused with Retry-After", async () => {
		const room = new BodyRoom(150_000);
		expect(await readBody(streamed(100_000), 200_000, room.open("a"))).toHaveLength(100_000);
		const response = await readBody(streamed(100_000), 250_000, room.open("a")).then(
			() => undefined,
			(error: unknown) => (error instanceof ApiError ? error.toResponse() : undefined),
		);
		expect(response?.status).toBe(429);
		expect(response?.headers.get("Retry-After")).toBe("1");
	});
});

describe("a body", () => {
	it("comes in pieces of any size", async () => {
		const body = await readBody(streamed(1, 70_000, 3, 200_000), 1_000_000);
		expect(body).toHaveLength(270_004);
		expect([body[0], body[1], body[70_001], body[70_004], body.at(-1)]).toEqual([1, 112, 3, 64, 64]);
		expect(await readBody(streamed(), 10)).toHaveLength(0);
	});

	it("is refused beyond its limit, whatever it claims", async () => {
		await expect(readBody(streamed(100, 100), 150)).rejects.toThrow("more than 150 bytes");
		await expect(readBody(claiming(100, "151"), 150)).rejects.toThrow("more than 150 bytes");
	});

	it.each(["many", "-5", "1e400", "7", "90"])("is what came where it claims %s bytes", async (claim) => {
		expect(await readBody(claiming(80, claim), 150)).toEqual(new Uint8Array(80).fill(80));
	});
});
