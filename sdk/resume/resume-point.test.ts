import { expect, it } from "vitest";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import type { EnhancementCoding, UploadRecord } from "./journal.ts";
import { canContinue } from "./resume-point.ts";

const coding: EnhancementCoding = { modelId: "a".repeat(32), bitstream: 4 };

const record = (begun: EnhancementCoding | undefined): UploadRecord => ({
	...{ key: "key", assetId: "asset", created: 0, base: avcTrack, audio: undefined, baseDone: -1 },
	plan: { width: 64, height: 48, enhanced: begun !== undefined },
	coding: begun,
	checkpoint: {
		...{ group: 0, groups: 0, parts: {}, frames: 0, duration: 0, bytes: 0 },
		...{ effort: "normal", ended: undefined },
	},
});

it("continues a track only with the model and the bitstream that it was begun with", () => {
	expect(canContinue(record(coding), { ...coding })).toBe(true);
	expect(canContinue(record(coding), { ...coding, modelId: "b".repeat(32) })).toBe(false);
	expect(canContinue(record(coding), { ...coding, bitstream: 3 })).toBe(false);
});

it("continues a base whatever an enhancement would be, and alone where nothing computes any more", () => {
	expect(canContinue(record(undefined), coding)).toBe(true);
	expect(canContinue(record(coding), undefined)).toBe(true);
});
