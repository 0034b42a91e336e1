import { afterEach, expect, it, vi } from "vitest";
import { withUploadLock } from "./upload-lock.ts";

const { signal } = new AbortController();

afterEach(() => vi.restoreAllMocks());

/** Runs under the lock until `let go`. */
const occupy = async (key: string) => {
	const entered = Promise.withResolvers<boolean>();
	const leave = Promise.withResolvers<void>();
	const done = withUploadLock(key, signal, async (alone) => {
		entered.resolve(alone);
		await leave.promise;
		return "done";
	});
	return { alone: await entered.promise, leave: leave.resolve, done };
};

it("tells the second of two that the first has the upload under way", async () => {
	const first = await occupy("two");
	expect(first.alone).toBe(true);
	const second = await occupy("two");
	const third = await occupy("two");
	expect([second.alone, third.alone]).toEqual([false, false]);
	for (const { leave, done } of [first, second, third]) {
		leave();
		expect(await done).toBe("done");
	}
	const fourth = await occupy("two");
	expect(fourth.alone).toBe(true);
	fourth.leave();
	await fourth.done;
});

it("waits for a holder that dies without an answer, as a closed page does, and then is alone", async () => {
	const dying = Promise.withResolvers<void>();
	const dead = navigator.locks.request("crescendo-upload:closed", () => dying.promise);
	let entered = false;
	const heir = withUploadLock("closed", signal, async (alone) => {
		entered = true;
		return alone;
	});
	const { pending } = await navigator.locks.query();
	expect(pending?.map(({ name }) => name)).toContain("crescendo-upload:closed");
	expect(entered).toBe(false);
	dying.resolve();
	await dead;
	expect(await heir).toBe(true);
});

it("stops waiting when the upload is aborted", async () => {
	const dying = Promise.withResolvers<void>();
	const dead = navigator.locks.request("crescendo-upload:given-up", () => dying.promise);
	const abort = new AbortController();
	const given = withUploadLock("given-up", abort.signal, async () => "ran");
	abort.abort(new Error("enough"));
	await expect(given).rejects.toThrow("enough");
	dying.resolve();
	await dead;
});

it("hands on what the work throws, and lets the lock go", async () => {
	const thrown = withUploadLock("throws", signal, () => Promise.reject(new Error("broken")));
	await expect(thrown).rejects.toThrow("broken");
	expect(await withUploadLock("throws", signal, async (alone) => alone)).toBe(true);
});

it("does not wait for a browser that loses an abort", async () => {
	const request = navigator.locks.request.bind(navigator.locks) as (
		name: string,
		work: () => unknown,
	) => Promise<unknown>;
	vi.spyOn(navigator.locks, "request").mockImplementation(((name: string, _: LockOptions, work: () => unknown) =>
		request(name, work)) as LockManager["request"]);
	const first = await occupy("deaf");
	expect(await withUploadLock("deaf", signal, async (alone) => alone)).toBe(false);

	const dying = Promise.withResolvers<void>();
	const dead = request("crescendo-upload:deaf and dumb", () => dying.promise);
	const abort = new AbortController();
	const given = withUploadLock("deaf and dumb", abort.signal, async () => "ran");
	abort.abort(new Error("enough"));
	await expect(given).rejects.toThrow("enough");

	// What was waited for in vain is granted at last, and keeps nobody out.
	first.leave();
	dying.resolve();
	await Promise.all([first.done, dead]);
	for (const key of ["deaf", "deaf and dumb"]) {
		expect(await withUploadLock(key, signal, async (alone) => alone)).toBe(true);
	}
});

it("works alone where the browser refuses locks with all other storage", async () => {
	vi.spyOn(navigator.locks, "request").mockRejectedValue(
		new DOMException("The request was denied.", "SecurityError"),
	);
	expect(await withUploadLock("refused", signal, async (alone) => alone)).toBe(true);
});
