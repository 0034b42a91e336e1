import type { Sample } from "../../codec/sample.ts";
import type { AssetResponse, CreateAssetRequest } from "../../protocol/asset.ts";
import { UploadError } from "../errors.ts";
import type { UploadedAsset } from "../result.ts";
import type { Gate } from "../stages/gate.ts";
import { PartMaker } from "../stages/groups.ts";
import type { MadePart } from "../stages/groups.ts";
import type { Meter } from "../stages/meter.ts";
import type { UploadClient } from "../transport/client.ts";
import { PartSender } from "../transport/part-sender.ts";
import type { OutgoingPart } from "../transport/part-sender.ts";

/** Where an asset is, from the edge's own words. */
export const uploadedAsset = (response: AssetResponse): UploadedAsset => ({
	id: response.id,
	masterUrl: response.urls.master,
	watchUrl: response.urls.watch,
});

/** Takes samples, makes parts of them, and brings those to the edge. */
export class Shipper {
	readonly asset: UploadedAsset;
	readonly #client: UploadClient;
	readonly #meter: Meter;
	readonly #signal: AbortSignal;
	readonly #sender: PartSender;
	readonly #makers = new Map<string, PartMaker>();
	readonly #partsUrls = new Map<string, string>();
	/** The track whose parts count as progress: the last to be coded. */
	readonly #leading: string;
	readonly #parts = new Map<string, MadePart>();
	readonly #onPart: ((part: MadePart, event: "made" | "acknowledged") => Promise<void>) | undefined;

	private constructor(
		response: AssetResponse,
		client: UploadClient,
		context: { readonly meter: Meter; readonly gate: Gate; readonly signal: AbortSignal },
		leading: string,
		onPart?: (part: MadePart, event: "made" | "acknowledged") => Promise<void>,
	) {
		this.asset = uploadedAsset(response);
		this.#client = client;
		this.#meter = context.meter;
		this.#signal = context.signal;
		this.#leading = leading;
		this.#onPart = onPart;
		this.#sender = new PartSender((part, signal) => this.#deliver(part, signal), context.gate, context.signal);
		for (const { id, partsUrl } of response.tracks) {
			this.#partsUrls.set(id, partsUrl);
			this.#makers.set(id, new PartMaker(id));
		}
	}

	/**
	 * Creates the asset and makes ready for its tracks.
	 * @param onPart told of every part before it is sent, and after it has arrived.
	 */
	static async create(
		request: CreateAssetRequest,
		client: UploadClient,
		context: { readonly meter: Meter; readonly gate: Gate; readonly signal: AbortSignal },
		leading: string,
		onPart?: (part: MadePart, event: "made" | "acknowledged") => Promise<void>,
	): Promise<Shipper> {
		const response = await client.create(request, context.signal);
		return new Shipper(response, client, context, leading, onPart);
	}

	get pendingBytes(): number {
		return this.#sender.pendingBytes;
	}

	/** Adds a coded sample to its track's open part. */
	add(track: string, sample: Sample): void {
		this.#maker(track).add(sample);
		this.#meter.coded(track, sample.data.length, sample.duration);
	}

	/** Closes the open part of a track and sends it; resolves when there is room for more. */
	async cut(track: string, group: number): Promise<void> {
		for (const part of this.#maker(track).cut(group)) {
			this.#parts.set(`${track}/${part.number}`, part);
			await this.#onPart?.(part, "made");
			await this.#meter.waiting("upload", this.#sender.add(part));
		}
	}

	/** Resolves when everything that was cut so far is acknowledged; never where the upload fails before. */
	sent(): Promise<void> {
		return this.#sender.settled();
	}

	/** Waits for the last acknowledgement and closes the asset. */
	async complete(): Promise<void> {
		await this.#sender.finish();
		const tracks = [...this.#makers].map(([id, maker]) => ({ id, parts: maker.next }));
		await this.#client.complete(this.asset.id, { tracks }, this.#signal);
	}

	#maker(track: string): PartMaker {
		const maker = this.#makers.get(track);
		if (maker === undefined) {
			throw new UploadError("rejected", `The edge does not know the track ${track} that it was told of.`);
		}
		return maker;
	}

	async #deliver(part: OutgoingPart, signal: AbortSignal): Promise<void> {
		const url = this.#partsUrls.get(part.track);
		if (url === undefined) {
			throw new UploadError("rejected", `The edge gave no address for the track ${part.track}.`);
		}
		await this.#client.putPart(url, part.number, part.bytes, signal);
		const key = `${part.track}/${part.number}`;
		const made = this.#parts.get(key);
		this.#parts.delete(key);
		if (made !== undefined) {
			const leads = part.track === this.#leading;
			this.#meter.uploaded(part.bytes.length, leads ? made.frames : 0, leads ? made.duration / 1e6 : 0);
			await this.#onPart?.(made, "acknowledged");
		}
	}
}
