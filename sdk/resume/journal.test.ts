import { expect, it, vi } from "vitest";
import { UploadJournal } from "./upload-journal.ts";

/** The connection that a page gets when the older page has let go of the storage. */
const late = { connection: Promise.withResolvers<{ readonly close: () => void }>(), closed: 0 };

vi.mock("idb", () => ({
	openDB: (
		_name: string,
		version: number,
		{ blocked }: { readonly blocked?: (current: number, wanted: number) => void },
	) => {
		blocked?.(version - 1, version);
		return late.connection.promise;
	},
}));

it("goes on in memory, and says so, where an older page holds the storage", async () => {
	const troubles: unknown[] = [];
	const journal = await UploadJournal.open("key", (error) => troubles.push(error));
	expect(troubles).toEqual([expect.objectContaining({ message: expect.stringContaining("older version") })]);
	await journal.baseDone(1);
	expect(await journal.record()).toBeUndefined();
	late.connection.resolve({ close: () => void (late.closed += 1) });
	await expect.poll(() => late.closed).toBe(1);
});
