import type { Sample } from "../../codec/sample.ts";
import type { AssetResponse } from "../../protocol/asset.ts";
import { UploadError } from "../errors.ts";
import type { UploadedAsset } from "../result.ts";
import type { KeptPart } from "../resume/journal.ts";
import { partKey } from "../resume/resume-point.ts";
import type { ResumePoint } from "../resume/resume-point.ts";
import type { UploadJournal } from "../resume/upload-journal.ts";
import type { Gate } from "../stages/gate.ts";
import { PartMaker } from "../stages/groups.ts";
import type { MadePart } from "../stages/groups.ts";
import type { Stills } from "../stages/stills.ts";
import type { Meter } from "../stages/meter.ts";
import type { WaitClock } from "../stages/patience.ts";
import type { UploadClient } from "../transport/client.ts";
import { PartSender } from "../transport/part-sender.ts";
import type { Deliver, OutgoingPart } from "../transport/part-sender.ts";
import { AUDIO_ID, BASE_ID } from "./tracks.ts";

/** Bytes that may wait for the network: enough for it to be away for a moment, and, live, for some seconds of video. */
const MOST_BYTES = 24 * 2 ** 20;
const MOST_LIVE_BYTES = 2 * 2 ** 20;

/** Where an asset is, from the edge's own words. */
export const uploadedAsset = (response: AssetResponse): UploadedAsset => ({
	id: response.id,
	masterUrl: response.urls.master,
	watchUrl: response.urls.watch,
});

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean =>
	left.length === right.length && left.every((byte, index) => byte === right[index]);

/** What a shipper works with. */
export type ShipperContext = {
	readonly client: UploadClient;
	readonly meter: Meter;
	/** How long the person waits; a network that takes no more does not count. */
	readonly clock: WaitClock;
	readonly gate: Gate;
	readonly signal: AbortSignal;
	/** Called at once where something cannot be sent: a source that gives nothing for a while adds nothing that could tell it. */
	readonly fail: (error: unknown) => void;
	/** The track whose parts count as progress: the last to be coded. */
	readonly leading: string;
	readonly journal: UploadJournal | undefined;
	/** What an earlier run left. */
	readonly resume: ResumePoint | undefined;
	/** Little may wait: what a live source shows should not be old when it arrives. */
	readonly live: boolean;
};

/** Takes samples, makes parts of them, writes those into the journal and brings them to the edge. */
export class Shipper {
	readonly asset: UploadedAsset;
	readonly #context: ShipperContext;
	readonly #sender: PartSender;
	readonly #makers = new Map<string, PartMaker>();
	readonly #partsUrls = new Map<string, string>();
	readonly #underWay = new Map<string, { readonly part: MadePart; readonly counts: boolean }>();
	#leading: string;
	/** What of each track the edge has, of what counts as progress. */
	readonly #arrived = new Map<string, { readonly frames: number; readonly duration: number }>();
	/** Parts of each track up to the end of a group, for groups that are not whole yet. */
	readonly #ends = new Map<number, Map<string, number>>();

	constructor(response: AssetResponse, context: ShipperContext) {
		this.asset = uploadedAsset(response);
		this.#context = context;
		this.#leading = context.leading;
		const deliver: Deliver = (part, signal) =>
			this.#deliver(part, signal).catch((error: unknown) => {
				context.fail(error);
				throw error;
			});
		const mostBytes = context.live ? MOST_LIVE_BYTES : MOST_BYTES;
		this.#sender = new PartSender(deliver, context.gate, context.signal, { mostBytes });
		for (const { id, partsUrl } of response.tracks) {
			this.#partsUrls.set(id, partsUrl);
			this.#makers.set(id, new PartMaker(id, context.resume?.record.checkpoint.parts[id] ?? 0));
		}
	}

	get pendingBytes(): number {
		return this.#sender.pendingBytes;
	}

	/** Sends what an earlier run had made but not sent. */
	async sendLeftovers(): Promise<void> {
		for (const part of this.#context.resume?.unsent ?? []) {
			// Its frames are those of the checkpoint, or are coded again after it: they count there.
			await this.#send(part, false);
		}
	}

	/** Adds a coded sample to its track's open part. */
	add(track: string, sample: Sample): void {
		this.#maker(track).add(sample);
		this.#context.meter.coded(track, sample.data.length, sample.duration);
	}

	/** Closes the open part of a track and sends it, unless the edge has it; resolves when there is room for more. */
	async cut(track: string, group: number): Promise<void> {
		const maker = this.#maker(track);
		const parts = this.#asBefore(track, group, maker.cut(group));
		const last = parts.at(-1);
		if (last !== undefined) {
			maker.skipTo(last.number + 1);
		}
		const isAtEdge = ({ number }: MadePart) => this.#context.resume?.arrived.has(partKey(track, number)) === true;
		const fresh = parts.filter((part) => !isAtEdge(part));
		if (fresh.length > 0) {
			await this.#context.journal?.keep(fresh);
		}
		for (const part of parts) {
			await (isAtEdge(part) ? this.#acknowledged(part, true) : this.#send(part));
		}
		const ends = this.#ends.get(group) ?? new Map<string, number>();
		this.#ends.set(group, ends.set(track, maker.next));
	}

	/** What an earlier run may have sent must be sent again as it was, if at all. */
	#asBefore(track: string, group: number, made: readonly MadePart[]): readonly MadePart[] {
		const kept = this.#context.resume?.kept ?? new Map<string, KeptPart>();
		if (track !== BASE_ID && track !== AUDIO_ID) {
			// On another backend it becomes other bytes, and perhaps more parts or fewer: of two codings of a group, halves do not fit together.
			const whole = [...kept.values()].filter((part) => part.track === track && part.group === group);
			return whole.length > 0 ? whole : made;
		}
		return made.map((part) => {
			const before = kept.get(partKey(track, part.number));
			if (track === BASE_ID && before !== undefined && !sameBytes(part.bytes, before.bytes)) {
				// The enhancement is coded against the base of this run: half a group of another one does not fit to it.
				throw new UploadError("conflict", "This browser codes the same pictures differently than before.");
			}
			return before === undefined ? part : { ...part, bytes: before.bytes };
		});
	}

	/** Parts of each track up to the end of `group`, all of whose layers are cut. Asked once, in order. */
	partsUpTo(group: number): Readonly<Record<string, number>> {
		const ends = this.#ends.get(group);
		this.#ends.delete(group);
		return Object.fromEntries([...this.#makers].map(([id, maker]) => [id, ends?.get(id) ?? maker.next]));
	}

	/** Resolves when everything that was cut so far is acknowledged. @throws what stopped the sending. */
	sent(): Promise<void> {
		return this.#sender.settled();
	}

	/**
	 * Nothing more is coded of a track. What an earlier run has made of it after its checkpoint stays, as far as the edge has some of it:
	 * a track cannot end before a part that is there.
	 */
	async end(track: string): Promise<void> {
		const { resume } = this.#context;
		const maker = this.#maker(track);
		const arrived = [...(resume?.kept.values() ?? [])].filter(
			(part) => part.track === track && resume?.arrived.has(partKey(track, part.number)) === true,
		);
		const next = Math.max(maker.next, ...arrived.map(({ number }) => number + 1));
		for (let number = maker.next; number < next; number++) {
			const key = partKey(track, number);
			const part = resume?.kept.get(key);
			if (part !== undefined && resume?.arrived.has(key) !== true) {
				await this.#send(part, false);
			}
		}
		maker.skipTo(next);
	}

	/** From now on another track's parts count as progress: nothing more comes of the one that did. */
	lead(track: string): void {
		const [before, now] = [this.#arrivedOf(this.#leading), this.#arrivedOf(track)];
		this.#leading = track;
		this.#context.meter.uploaded(0, now.frames - before.frames, (now.duration - before.duration) / 1e6);
	}

	/** Waits for the last acknowledgement, sends what stands beside the tracks, and closes the asset. */
	async complete(stills: Stills, onRefusal: (name: string, reason: string) => void): Promise<void> {
		await this.#sender.finish();
		const { client, signal } = this.#context;
		for (const name of ["poster", "storyboard"] as const) {
			const bytes = stills[name];
			const refusal = bytes && (await client.putExtra(this.asset.id, name, bytes, signal));
			if (refusal !== undefined) {
				onRefusal(name, refusal);
			}
		}
		const tracks = [...this.#makers].map(([id, maker]) => ({ id, parts: maker.next }));
		await client.complete(this.asset.id, { tracks }, signal);
	}

	async #send(part: MadePart, counts = true): Promise<void> {
		this.#underWay.set(partKey(part.track, part.number), { part, counts });
		const { clock, meter } = this.#context;
		await clock.excuse(meter.waiting("upload", this.#sender.add(part)));
	}

	#arrivedOf(track: string): { readonly frames: number; readonly duration: number } {
		return this.#arrived.get(track) ?? { frames: 0, duration: 0 };
	}

	#maker(track: string): PartMaker {
		const maker = this.#makers.get(track);
		if (maker === undefined) {
			throw new UploadError("rejected", `The edge does not know the track ${track} that it was told of.`);
		}
		return maker;
	}

	async #deliver({ track, number, bytes }: OutgoingPart, signal: AbortSignal): Promise<void> {
		const { client } = this.#context;
		const url = this.#partsUrls.get(track);
		if (url === undefined) {
			throw new UploadError("rejected", `The edge gave no address for the track ${track}.`);
		}
		await client.putPart(url, number, bytes, signal);
		const key = partKey(track, number);
		const sent = this.#underWay.get(key);
		this.#underWay.delete(key);
		if (sent !== undefined) {
			await this.#acknowledged(sent.part, sent.counts);
		}
	}

	async #acknowledged(part: MadePart, counts: boolean): Promise<void> {
		const { journal, meter } = this.#context;
		const { frames, duration } = this.#arrivedOf(part.track);
		if (counts) {
			this.#arrived.set(part.track, { frames: frames + part.frames, duration: duration + part.duration });
		}
		const leads = counts && part.track === this.#leading;
		meter.uploaded(part.bytes.length, leads ? part.frames : 0, leads ? part.duration / 1e6 : 0);
		await journal?.acknowledge(part);
	}
}
