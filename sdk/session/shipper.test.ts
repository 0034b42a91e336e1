import { describe, expect, it } from "vitest";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import type { Sample } from "../../codec/sample.ts";
import type { AssetResponse } from "../../protocol/asset.ts";
import type { KeptPart, UploadRecord } from "../resume/journal.ts";
import { resumePoint } from "../resume/resume-point.ts";
import { Gate } from "../stages/gate.ts";
import { PartMaker } from "../stages/groups.ts";
import { WaitClock } from "../stages/patience.ts";
import { Meter } from "../stages/meter.ts";
import { UploadClient } from "../transport/client.ts";
import { HttpClient } from "../transport/http.ts";
import { Shipper } from "./shipper.ts";

const EFFORT = { effort: "normal", ended: undefined } as const;
const { signal } = new AbortController();

const sample = (group: number, value = group): Sample => ({
	data: new Uint8Array(8).fill(value),
	timestamp: group * 500_000,
	duration: 500_000,
	sync: true,
});

/** What a page that died left: parts of groups 0 to 3 of the base, of which the first is before the checkpoint. */
const left = (): { readonly record: UploadRecord; readonly parts: readonly KeptPart[] } => {
	const maker = new PartMaker("base", 0);
	const parts = [0, 1, 2, 3].flatMap((group) => {
		maker.add(sample(group));
		return maker.cut(group).map((part) => ({ ...part, key: "key", acknowledged: false }));
	});
	const checkpoint = { group: 1, groups: 1, parts: { base: 1 }, frames: 1, duration: 500_000, bytes: 8, ...EFFORT };
	const plan = { width: 64, height: 48, enhanced: false };
	const kept = { key: "key", assetId: "asset", created: 0, plan, coding: undefined };
	return { record: { ...kept, base: avcTrack, audio: undefined, checkpoint, baseDone: 3 }, parts };
};

/** The edge as the next page finds it. */
const edge = (next: number, ahead: readonly number[]): AssetResponse => ({
	id: "asset",
	state: "uploading",
	createdAt: new Date(0).toISOString(),
	tracks: [{ id: "base", next, ahead: [...ahead], missing: [], partsUrl: "https://edge.example/parts/" }],
	urls: { master: "", watch: "" },
});

/** Continues with parts that the journal kept and those that the edge has; tells which numbers were sent. */
const resumed = (asset: AssetResponse, parts: readonly KeptPart[], record = left().record) => {
	const sent: number[] = [];
	const http = new HttpClient(
		async () => "token",
		() => undefined,
		{
			fetch: async (url) => {
				sent.push(Number(url.split("/").at(-1)));
				return Response.json({ track: asset.tracks[0] }, { status: 201 });
			},
			sleep: async () => undefined,
			timer: () => () => undefined,
			random: () => 0,
			now: () => 0,
			online: () => true,
		},
	);
	const resume = resumePoint(record, parts, [], asset);
	const meter = new Meter();
	const shipper = new Shipper(asset, {
		client: new UploadClient(http, "https://edge.example"),
		...{ meter, clock: new WaitClock(), gate: new Gate(), signal, fail: () => undefined },
		...{ leading: "base", journal: undefined, resume, live: false },
	});
	return { shipper, sent, meter };
};

describe("a shipper that continues", () => {
	it("sends only what the edge lacks", async () => {
		const { shipper, sent, meter } = resumed(edge(2, [3]), left().parts);
		await shipper.sendLeftovers();
		for (const group of [1, 2, 3, 4]) {
			shipper.add("base", sample(group));
			await shipper.cut("base", group);
		}
		await shipper.sent();
		// Some are under way at the same time: whose digest is done first goes first.
		expect(sent.toSorted()).toEqual([2, 4]);
		expect(meter.snapshot(0).framesUploaded).toBe(4);
	});

	it("sends what was whole and did not arrive first", async () => {
		const { shipper, sent } = resumed(edge(0, []), left().parts);
		await shipper.sendLeftovers();
		await shipper.sent();
		expect(sent).toEqual([0]);
	});

	it("sends again what the edge has and the journal lost: the edge knows whether it is the same", async () => {
		const { shipper, sent } = resumed(
			edge(2, []),
			left().parts.filter(({ number }) => number !== 1),
		);
		shipper.add("base", sample(1));
		await shipper.cut("base", 1);
		await shipper.sent();
		expect(sent).toEqual([1]);
	});

	it("gives up where the base comes out differently: the enhancement would not fit to what was sent", async () => {
		const { shipper, sent } = resumed(edge(2, []), left().parts);
		shipper.add("base", sample(1, 99));
		await expect(shipper.cut("base", 1)).rejects.toMatchObject({ code: "conflict" });
		expect(sent).toEqual([]);
	});
});

describe("a shipper that continues an enhancement, which another backend codes to other bytes", () => {
	/** Of a group that takes several parts: as many samples as parts, none of which fits together with another. */
	const group = (number: number, parts: number, value: number): Sample[] =>
		Array.from({ length: parts }, (_, index) => ({
			...{ data: new Uint8Array(1.5 * 2 ** 20).fill(value + index), sync: index === 0 },
			...{ timestamp: (4 * number + index) * 100_000, duration: 100_000 },
		}));

	/** Parts of groups 1 and 2 as an earlier run has kept them, three of each. */
	const kept = (): readonly KeptPart[] => {
		const maker = new PartMaker("e24", 1);
		return [1, 2].flatMap((number) => {
			for (const each of group(number, 3, 10 * number)) {
				maker.add(each);
			}
			return maker.cut(number).map((part) => ({ ...part, key: "key", acknowledged: false }));
		});
	};

	const track = (id: string, next: number, ahead: readonly number[]) =>
		({ id, next, ahead: [...ahead], missing: [], partsUrl: `https://edge.example/${id}/` }) as const;

	it("sends a group as it was, whole, and goes on after it", async () => {
		const asset = { ...edge(1, []), tracks: [track("base", 1, []), track("e24", 2, [3])] };
		const { record } = left();
		const checkpoint = { ...record.checkpoint, parts: { base: 1, e24: 1 } };
		const { shipper, sent } = resumed(asset, kept(), { ...record, checkpoint });
		for (const number of [1, 2, 3]) {
			for (const each of group(number, 2, 100)) {
				shipper.add("e24", each);
			}
			await shipper.cut("e24", number);
		}
		await shipper.sent();
		expect(sent.toSorted()).toEqual([2, 4, 5, 6, 7, 8]);
		expect(shipper.partsUpTo(2)["e24"]).toBe(7);
	});
});

describe("a shipper whose track is coded no further", () => {
	/** The journal's checkpoint is after the first part; an earlier run has made three more. */
	const ended = async (asset: AssetResponse, lost: readonly number[] = []) => {
		const { shipper, sent } = resumed(
			asset,
			left().parts.filter(({ number }) => !lost.includes(number)),
		);
		await shipper.end("base");
		await shipper.sent();
		return { sent: sent.toSorted(), parts: shipper.partsUpTo(1)["base"] };
	};

	it("keeps what is at the edge beyond the checkpoint: a track cannot end before it", async () => {
		expect(await ended(edge(3, []))).toEqual({ sent: [], parts: 3 });
		expect(await ended(edge(1, []))).toEqual({ sent: [], parts: 1 });
	});

	it("sends what lies between, if it came out of order", async () => {
		expect(await ended(edge(1, [3]))).toEqual({ sent: [1, 2], parts: 4 });
	});
});

it("does not count the time in which the network takes nothing", async () => {
	let now = 0;
	const answer = Promise.withResolvers<void>();
	const asset = edge(0, []);
	const http = new HttpClient(
		async () => "token",
		() => undefined,
		{
			fetch: async () => {
				await answer.promise;
				return Response.json({ track: asset.tracks[0] }, { status: 201 });
			},
			...{ sleep: async () => undefined, timer: () => () => undefined },
			...{ random: () => 0, now: () => 0, online: () => true },
		},
	);
	const clock = new WaitClock(() => now);
	const shipper = new Shipper(asset, {
		client: new UploadClient(http, "https://edge.example"),
		...{ meter: new Meter(), clock, gate: new Gate(), signal, fail: () => undefined },
		...{ leading: "base", journal: undefined, resume: undefined, live: true },
	});
	// Two samples are more than may wait of what is live.
	shipper.add("base", { ...sample(0), data: new Uint8Array(1.9e6) });
	shipper.add("base", { ...sample(1), data: new Uint8Array(1.9e6) });
	now = 5;
	const cut = shipper.cut("base", 0);
	await expect.poll(() => shipper.pendingBytes).toBeGreaterThan(0);
	now = 1000;
	answer.resolve();
	await cut;
	now = 1007;
	expect(clock.spent).toBe(12);
});

it("tells at once what cannot be sent, though nothing more is added", async () => {
	const asset = edge(0, []);
	const refused = Response.json({ error: { code: "unauthorized", message: "No.", hint: "" } }, { status: 401 });
	const http = new HttpClient(
		async () => "token",
		() => undefined,
		{
			fetch: async () => refused.clone(),
			...{ sleep: async () => undefined, timer: () => () => undefined },
			...{ random: () => 0, now: () => 0, online: () => true },
		},
	);
	const failed = Promise.withResolvers<unknown>();
	const shipper = new Shipper(asset, {
		client: new UploadClient(http, "https://edge.example"),
		...{ meter: new Meter(), clock: new WaitClock(), gate: new Gate(), signal, fail: failed.resolve },
		...{ leading: "base", journal: undefined, resume: undefined, live: true },
	});
	shipper.add("base", sample(0));
	await shipper.cut("base", 0);
	expect(await failed.promise).toMatchObject({ code: "unauthorized" });
});
