import { describe, expect, it } from "vitest";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import type { MadePart } from "../stages/groups.ts";
import type { UploadRecord } from "./journal.ts";
import { MemoryJournal } from "./memory-journal.ts";

const record: UploadRecord = {
	key: "key",
	assetId: "asset",
	created: 0,
	plan: { width: 64, height: 48, enhanced: false },
	coding: undefined,
	base: avcTrack,
	audio: undefined,
	checkpoint: {
		group: 0,
		groups: 0,
		parts: { base: 0 },
		frames: 0,
		duration: 0,
		bytes: 0,
		effort: "normal",
		ended: undefined,
	},
	baseDone: -1,
};

const part = (number: number, group: number): MadePart => ({
	track: "base",
	number,
	bytes: Uint8Array.of(number),
	group,
	frames: 1,
	duration: 40_000,
});

const numbers = async (journal: MemoryJournal) => (await journal.parts()).map(({ number }) => number);

describe("the journal in memory", () => {
	it("keeps what the edge lacks, and what a group that is not whole needs again", async () => {
		const journal = new MemoryJournal();
		await journal.begin(record);
		for (const number of [1, 0, 2]) {
			await journal.keep("key", [part(number, number)]);
		}
		expect(await numbers(journal)).toEqual([0, 1, 2]);
		await journal.acknowledge("key", part(0, 0));
		expect(await numbers(journal)).toEqual([0, 1, 2]);
		await journal.advance("key", { ...record.checkpoint, group: 2, groups: 2 });
		expect(await numbers(journal)).toEqual([1, 2]);
		await journal.acknowledge("key", part(1, 1));
		expect(await numbers(journal)).toEqual([2]);
		expect((await journal.find())?.checkpoint.group).toBe(2);
	});

	it("notes the base that is whole, and never goes back", async () => {
		const journal = new MemoryJournal(record);
		await journal.baseDone("key", 3);
		await journal.baseDone("key", 2);
		expect((await journal.find())?.baseDone).toBe(3);
	});

	it("forgets", async () => {
		const journal = new MemoryJournal(record, [{ ...part(0, 0), key: "key", acknowledged: true }]);
		expect(await numbers(journal)).toEqual([0]);
		await journal.remove();
		expect(await journal.find()).toBeUndefined();
		expect(await numbers(journal)).toEqual([]);
	});
});
