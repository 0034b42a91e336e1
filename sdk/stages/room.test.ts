import { expect, it } from "vitest";
import { Room } from "./room.ts";

it("lets in while there are fewer than enough, and whoever waits when one leaves", async () => {
	const { signal } = new AbortController();
	const room = new Room(2);
	await room.free(signal);
	room.enter();
	await room.free(signal);
	room.enter();
	let free = false;
	const waiting = room.free(signal).then(() => (free = true));
	await Promise.resolve();
	expect(free).toBe(false);
	room.leave();
	await waiting;
	expect(free).toBe(true);
});

it("does not keep whoever waits when all is given up", async () => {
	const stop = new AbortController();
	const room = new Room(1);
	room.enter();
	const waiting = room.free(stop.signal);
	stop.abort(new Error("over"));
	await expect(waiting).rejects.toThrow("over");
});
