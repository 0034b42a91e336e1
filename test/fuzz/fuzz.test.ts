import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { readMediaSegment } from "../../codec/mp4/fragment-reader.ts";
import type { Order, Report } from "./reader-thread.ts";
import { runsWithoutRows } from "./bombs.ts";
import { TARGETS } from "./targets.ts";

/** A thread may keep so much; an input of a few 100 KiB that needs more is an attack that works. */
const HEAP_MB = 192;
/** Far beyond what all runs of a target take; only a reader that hangs gets there. */
const HANG_MS = 300_000;

/** @throws Error where the thread ran out of memory or hung */
async function feed(order: Order): Promise<Report> {
	const worker = new Worker(new URL("reader-thread.ts", import.meta.url), {
		workerData: order,
		resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
	});
	try {
		const [report] = (await once(worker, "message", { signal: AbortSignal.timeout(HANG_MS) })) as [Report];
		return report;
	} finally {
		await worker.terminate();
	}
}

describe("damaged input", () => {
	it.each(Object.keys(TARGETS))(
		"of %s is read or refused with a code, in bounded time and memory",
		async (target) => {
			const { runs, read, refused, faults } = await feed({ target, seed: 20_261_122 });
			expect(faults).toEqual([]);
			const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
			expect(read + refusals).toBe(runs);
			// Damage that nobody notices, or that never gets past the door, would test nothing.
			expect(refusals).toBeGreaterThan(0);
			expect(read).toBeGreaterThan(0);
		},
	);
});

describe("a fragment whose runs have no rows", () => {
	it.each([
		{ what: "many runs", runs: 4000, size: 1 },
		{ what: "samples of no bytes", runs: 1, size: 0 },
	])("may not announce more samples than it can hold: $what", ({ runs, size }) => {
		const { tracks, segment } = runsWithoutRows(runs, size);
		expect(segment.length).toBeLessThan(100_000);
		// A bomb that goes off allocates gigabytes; refused, it costs next to nothing.
		expect(() => readMediaSegment(segment, tracks)).toThrow(/Box "trun" (announces|has a sample of 0 bytes)/);
	});
});
