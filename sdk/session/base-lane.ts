import type { BaseTrack } from "../../codec/track.ts";
import { isLostDevice, MOST_LOSSES } from "../lost-device.ts";
import { ReplayEncoder } from "../resume/replay-encoder.ts";
import { AudioFeed } from "../stages/audio-feed.ts";
import { codeBase } from "../stages/base-stage.ts";
import type { BaseCodecs, CodedPair } from "../stages/base-stage.ts";
import { PartClock } from "../stages/part-clock.ts";
import { openAsset } from "./open-asset.ts";
import { readPictures } from "./read-pictures.ts";
import { AUDIO_ID, BASE_ID } from "./tracks.ts";
import type { Work } from "./work.ts";

/** The first half of an attempt: codes the base and sends it with the sound of the same time, as soon as a group is whole. */
export class BaseLane {
	readonly #work: Work;
	readonly #audio: AudioFeed | undefined;
	readonly #ahead = Promise.withResolvers<void>();

	constructor(work: Work) {
		this.#work = work;
		const { audio } = work.job.source;
		this.#audio = audio === undefined ? undefined : new AudioFeed(audio.samples(work.signal));
	}

	/** Resolved when the enhancement may begin: the first group's base is on its way, or no more of it can wait. */
	get ahead(): Promise<void> {
		return this.#ahead.promise;
	}

	/** Every picture with its base, which is sent when it comes out here. */
	async *pairs(): AsyncGenerator<CodedPair, void, undefined> {
		const { job, context, signal } = this.#work;
		const { downscale, inFlight, queueLength } = job;
		const onTrack = (base: BaseTrack) => openAsset(this.#work, base);
		let losses = 0;
		// What can be read again begins anew at its checkpoint instead: that gives the same bytes.
		const goesOn = (error: unknown): boolean =>
			job.source.info.fingerprint === undefined && isLostDevice(error) && ++losses <= MOST_LOSSES;
		const pictures = readPictures(this.#work);
		const coded = codeBase(pictures, downscale, this.#codecs(), onTrack, inFlight, signal, goesOn);
		let group: number | undefined;
		let groups = context.resume?.record.checkpoint.groups ?? 0;
		let pairs = 0;
		let end = 0;
		const clock = new PartClock(job.longestPart);
		try {
			for await (const pair of coded) {
				const { timestamp } = pair.picture;
				const isOver = clock.isOver({ first: pair.first, timestamp, duration: pair.duration });
				if (group === undefined && context.resume !== undefined) {
					await this.#skipAudio(timestamp);
				}
				if (pair.first) {
					if (pair.group !== group) {
						losses = 0;
					}
					if (group !== undefined) {
						await this.#close(group, timestamp);
					}
					group = pair.group;
					groups += 1;
				} else if (group !== undefined && isOver) {
					await this.#cut(group, timestamp);
				}
				this.#work.ship().add(BASE_ID, pair.sample);
				if (pair.first && groups === 2) {
					await this.#announce(pair.group);
				}
				end = timestamp + pair.duration;
				pairs += 1;
				if (groups >= 2 || pairs >= queueLength) {
					this.#ahead.resolve();
				}
				this.#work.ready.enter();
				yield pair;
			}
			if (group !== undefined) {
				await this.#close(group, end);
			}
		} finally {
			this.#ahead.resolve();
		}
	}

	/** Lets go of the sound. */
	async close(): Promise<void> {
		await this.#audio?.close();
	}

	/** Codecs of the base; for groups that an earlier attempt has coded, what it made of them. */
	#codecs(): BaseCodecs {
		const codecs = this.#work.job.base(this.#work.signal);
		const { resume } = this.#work.context;
		if (resume === undefined) {
			return codecs;
		}
		const { record, baseSamples } = resume;
		return {
			decoder: (track) => codecs.decoder(track),
			encoder: async (group, first) => {
				const samples = baseSamples.get(group);
				return samples === undefined ? codecs.encoder(group, first) : new ReplayEncoder(record.base, samples);
			},
		};
	}

	async #skipAudio(end: number): Promise<void> {
		for await (const _ of this.#audio?.until(end) ?? []) {
			// An earlier attempt has sent it.
		}
	}

	async #close(group: number, end: number): Promise<void> {
		await this.#cut(group, end);
		this.#work.announcement.baseDone(group);
		await this.#work.context.journal?.baseDone(group);
	}

	/** Sends the base of a group as far as it is coded, and the sound of that time. */
	async #cut(group: number, end: number): Promise<void> {
		const shipper = this.#work.ship();
		await shipper.cut(BASE_ID, group);
		for await (const sample of this.#audio?.until(end) ?? []) {
			shipper.add(AUDIO_ID, sample);
		}
		if (this.#audio !== undefined) {
			await shipper.cut(AUDIO_ID, group);
		}
	}

	/**
	 * The edge closes a segment when it sees what comes after it: the first frame of the second group goes ahead alone, so that
	 * the first group can be watched at once.
	 */
	async #announce(group: number): Promise<void> {
		const shipper = this.#work.ship();
		await shipper.cut(BASE_ID, group);
		const sound = await this.#audio?.next();
		if (sound !== undefined) {
			shipper.add(AUDIO_ID, sound);
			await shipper.cut(AUDIO_ID, group);
		}
		// Whatever stops the sending is thrown where the next part is added.
		shipper.sent().then(
			() => this.#work.announcement.playable(),
			() => undefined,
		);
	}
}
