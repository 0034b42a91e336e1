import { describe, expect, it } from "vitest";
import type { Layer } from "./job.ts";
import { MOST_LOSSES } from "../lost-device.ts";
import { Recovery } from "./recovery.ts";
import type { Reopening } from "./recovery.ts";

const LOSS = { at: 0, why: "The GPU device was lost." };
const LATE = { why: "it did not answer in time." };

/** A job whose reopening ends when the test says so, and what is still open of its encoders. */
const jobOf = () => {
	const reopened = Promise.withResolvers<string | undefined>();
	const encoders = { opened: 0, disposed: 0 };
	const encoder = { dispose: async () => void (encoders.disposed += 1) } as unknown as Layer["encoder"];
	const job: Reopening = {
		reopen: () => reopened.promise,
		openLayers: async () => {
			encoders.opened += 1;
			return [{ q: 24, encoder }];
		},
	};
	return { job, reopened, encoders };
};

const begin = (job: Reopening, count = 1) => {
	const [upload, limit] = [new AbortController(), new AbortController()];
	return { upload, limit, recovery: new Recovery(job, LOSS, count, upload.signal, limit.signal) };
};

/** Whatever was to come of what has happened so far has come. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a recovery", () => {
	it("gives the encoders that go on, and lets go of those that nobody took", async () => {
		const { job, reopened, encoders } = jobOf();
		const { recovery } = begin(job);
		expect(recovery.outcome).toBeUndefined();
		reopened.resolve(undefined);
		expect(await recovery.over).toBe(recovery.outcome);
		expect(recovery.outcome).toMatchObject({ layers: [{ q: 24 }] });
		await recovery.close();
		expect(encoders).toEqual({ opened: 1, disposed: 1 });
	});

	it("says why there is nothing, and that what is lost again and again stays lost", async () => {
		const { job, reopened } = jobOf();
		reopened.resolve("there is no GPU.");
		expect(await begin(job).recovery.over).toEqual({ why: "there is no GPU." });
		const failing: Reopening = { ...job, reopen: () => Promise.reject(new Error("No.")) };
		expect(await begin(failing).recovery.over).toEqual({ why: "No." });
		expect(await begin(failing, MOST_LOSSES + 1).recovery.over).toEqual({ why: "it is lost again and again." });
	});

	it.each(["close", "upload", "limit"] as const)(
		"waits for a GPU that hangs no longer than that (%s)",
		async (what) => {
			const { job, reopened, encoders } = jobOf();
			const { recovery, ...signals } = begin(job);
			if (what === "close") {
				await recovery.close();
			} else {
				signals[what].abort();
			}
			expect(await recovery.over).toEqual(LATE);
			expect(recovery.outcome).toEqual(LATE);
			// It answers after all: what it would be for is over.
			reopened.resolve(undefined);
			await settled();
			expect(encoders).toEqual({ opened: 0, disposed: 0 });
		},
	);

	it("lets go of encoders that come late", async () => {
		const { job, reopened, encoders } = jobOf();
		const opening = Promise.withResolvers<void>();
		const slow: Reopening = {
			...job,
			openLayers: async () => {
				await opening.promise;
				return job.openLayers();
			},
		};
		const { recovery } = begin(slow);
		reopened.resolve(undefined);
		await settled();
		await recovery.close();
		expect(recovery.outcome).toEqual(LATE);
		opening.resolve();
		await expect.poll(() => encoders).toEqual({ opened: 1, disposed: 1 });
	});

	it("does not begin for an upload that was aborted", async () => {
		const { job, encoders } = jobOf();
		expect(await new Recovery(job, LOSS, 1, AbortSignal.abort()).over).toEqual(LATE);
		expect(encoders.opened).toBe(0);
	});
});
