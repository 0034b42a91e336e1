import { describe, expect, it } from "vitest";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import type { AssetResponse } from "../../protocol/asset.ts";
import type { KeptPart, UploadRecord } from "../resume/journal.ts";
import { partKey } from "../resume/resume-point.ts";
import type { ResumePoint } from "../resume/resume-point.ts";
import { Announcement } from "./announcement.ts";

const ASSET = { id: "asset", masterUrl: "https://edge.example/m", watchUrl: "https://edge.example/w" };

/** An upload of which a page that died had coded the base of some groups whole, and kept parts of others. */
const left = (left: { baseDone: number; groups: number; kept: readonly number[] }): ResumePoint => {
	const { baseDone, groups } = left;
	const parts = left.kept.map((group): KeptPart => ({
		...{ key: "key", track: "base", number: group, group, frames: 1, duration: 500_000 },
		...{ bytes: new Uint8Array(8), acknowledged: true },
	}));
	const checkpoint = { group: groups, groups, parts: {}, frames: 0, duration: 0, bytes: 0 };
	const record: UploadRecord = {
		...{ key: "key", assetId: "asset", created: 0, coding: undefined, base: avcTrack, audio: undefined, baseDone },
		plan: { width: 64, height: 48, enhanced: false },
		checkpoint: { ...checkpoint, effort: "normal", ended: undefined },
	};
	const asset: AssetResponse = {
		...{ id: "asset", state: "uploading", createdAt: new Date(0).toISOString(), tracks: [] },
		urls: { master: "", watch: "" },
	};
	const kept = new Map(parts.map((part) => [partKey(part.track, part.number), part]));
	return { record, asset, kept, unsent: [], arrived: new Set(), baseSamples: new Map(), stills: [] };
};

const announcing = (resume?: ResumePoint) => {
	const told: string[] = [];
	const host = { onAsset: () => void told.push("asset"), onPlayable: () => void told.push("playable") };
	return { told, announcement: new Announcement(host, resume) };
};

describe("an announcement", () => {
	it("tells of a new asset at once, and that it can be watched when it can", () => {
		const { told, announcement } = announcing();
		announcement.opened(ASSET);
		expect(told).toEqual(["asset"]);
		announcement.baseDone(0);
		announcement.playable();
		expect(told).toEqual(["asset", "playable"]);
	});

	it("tells at once what cannot differ, and that it could be watched before", () => {
		const { told, announcement } = announcing(left({ baseDone: 3, groups: 2, kept: [2, 3] }));
		announcement.opened(ASSET);
		expect(told).toEqual(["asset", "playable"]);
	});

	it("never says that something can be watched whose address may still change", () => {
		// The page died while the second group was coded: its first picture had gone ahead alone.
		const { told, announcement } = announcing(left({ baseDone: 0, groups: 0, kept: [0, 1] }));
		announcement.opened(ASSET);
		announcement.baseDone(0);
		announcement.playable();
		expect(told).toEqual([]);
		announcement.baseDone(1);
		expect(told).toEqual(["asset", "playable"]);
		announcement.baseDone(2);
		expect(told).toEqual(["asset", "playable"]);
	});

	it("tells at the end what nothing made certain before", () => {
		const { told, announcement } = announcing(left({ baseDone: 0, groups: 0, kept: [0, 1] }));
		announcement.opened(ASSET);
		announcement.settled();
		announcement.playable();
		expect(told).toEqual(["asset", "playable"]);
	});
});
