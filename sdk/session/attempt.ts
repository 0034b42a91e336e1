import { pictureToFrame } from "../../codec/base/video-frame.ts";
import { frameChoice } from "../../codec/enhancement/frame-pattern.ts";
import type { BaseTrack } from "../../codec/track.ts";
import { UploadError } from "../errors.ts";
import type { UploadProgress } from "../progress.ts";
import { ReplayEncoder } from "../resume/replay-encoder.ts";
import type { ResumePoint } from "../resume/resume-point.ts";
import type { UploadJournal } from "../resume/upload-journal.ts";
import type { UploadResult } from "../result.ts";
import { groupIndex, groupStart } from "../source/timing.ts";
import type { TimedPicture } from "../source/video-source.ts";
import { AudioFeed } from "../stages/audio-feed.ts";
import { codeBase, intoGroups } from "../stages/base-stage.ts";
import type { BaseCodecs, CodedPair, GroupedPicture } from "../stages/base-stage.ts";
import type { Gate } from "../stages/gate.ts";
import { Meter } from "../stages/meter.ts";
import { PartClock } from "../stages/part-clock.ts";
import { runAhead } from "../stages/run-ahead.ts";
import { scalerTo } from "../stages/scale.ts";
import { canvasJpeg, Stills } from "../stages/stills.ts";
import type { UploadClient } from "../transport/client.ts";
import type { SessionHost } from "./host.ts";
import type { Job, Layer } from "./job.ts";
import { Shipper } from "./shipper.ts";
import { AUDIO_ID, BASE_ID, createRequest, enhancementId } from "./tracks.ts";

/** What an attempt works with. */
export type AttemptContext = {
	readonly host: SessionHost;
	readonly client: UploadClient;
	readonly gate: Gate;
	readonly signal: AbortSignal;
	readonly journal: UploadJournal | undefined;
	/** Where an earlier attempt stopped. */
	readonly resume: ResumePoint | undefined;
};

/** Groups decide where intra frames are, not a count of frames. */
const ENDLESS = 1 << 30;

/** How much finer the first frame of a group is: all that follow profit. */
const INTRA_OFFSET = 5;

/**
 * Codes and sends a video from its beginning, or from where an earlier attempt stopped, to its end. Stages, each at its own
 * pace, with bounded queues between them:
 *
 * ```
 * decode -> scale -> base encode -> base decode -> | queue | -> enhancement -> parts -> network
 *                         \-> parts (base, sound) ----------------------------------/
 * ```
 */
export class Attempt {
	readonly #job: Job;
	readonly #context: AttemptContext;
	/** Aborts with the caller's signal, and when any stage fails: so that the others stop too. */
	readonly #signal: AbortSignal;
	readonly #stop = new AbortController();
	readonly #meter = new Meter();
	readonly #audio: AudioFeed | undefined;
	readonly #stills: Stills;
	/** Resolved when the enhancement may begin: the first group's base is on its way, or no more of it can wait. */
	readonly #baseAhead = Promise.withResolvers<void>();
	#shipper: Shipper | undefined;

	constructor(job: Job, context: AttemptContext) {
		this.#job = job;
		this.#context = context;
		this.#signal = AbortSignal.any([context.signal, this.#stop.signal]);
		const { info, audio } = job.source;
		this.#audio = audio === undefined ? undefined : new AudioFeed(audio.samples(this.#signal));
		this.#stills = new Stills(info.duration, canvasJpeg(info.colour), context.resume?.stills);
		this.#meter.backend = job.report;
		this.#meter.secondsTotal = info.duration;
		this.#meter.framesTotal = info.duration === undefined ? undefined : Math.round(info.duration * job.frameRate);
		if (context.resume !== undefined) {
			const { frames, duration, bytes } = context.resume.record.checkpoint;
			this.#meter.resumed(frames, duration / 1e6, bytes);
		}
	}

	/** What is done so far. */
	progress(): UploadProgress {
		this.#meter.framesDropped = this.#job.source.dropped ?? 0;
		return this.#meter.snapshot(this.#shipper?.pendingBytes ?? 0);
	}

	/** Tells whether the network is away. */
	set silent(silent: boolean) {
		this.#meter.silent = silent;
	}

	/** The asset, once there is one. */
	get assetId(): string | undefined {
		return this.#shipper?.asset.id ?? this.#context.resume?.asset.id;
	}

	/** @throws what the first failing stage threw. */
	async run(): Promise<UploadResult> {
		const layers = await this.#job.openLayers();
		const pairs = runAhead(this.#shipBase(), this.#job.queueLength);
		try {
			this.#meter.start();
			await this.#enhance(pairs, layers);
			const { resume } = this.#context;
			if (this.#shipper === undefined && resume !== undefined) {
				// Everything was coded when the earlier attempt stopped; what is left is to send it.
				await this.#open(resume.record.base);
			}
			return await this.#finish();
		} catch (error) {
			this.#stop.abort(error);
			throw error;
		} finally {
			await pairs.return();
			await this.#audio?.close();
			for (const { encoder } of layers) {
				await encoder.dispose();
			}
		}
	}

	/** The last stage: codes the enhancements of every pair, and makes a checkpoint after each group. */
	async #enhance(pairs: AsyncGenerator<CodedPair, void, undefined>, layers: readonly Layer[]): Promise<void> {
		const before = this.#context.resume?.record.checkpoint;
		let group: number | undefined;
		let place = 0;
		let told = 0;
		const done = { groups: before?.groups ?? 0, frames: before?.frames ?? 0, duration: before?.duration ?? 0 };
		const cut = async (of: number) => {
			for (const { q } of layers) {
				await this.#ship().cut(enhancementId(q), of);
			}
		};
		const clock = new PartClock(this.#job.longestPart);
		const close = async (whole: number, next: number) => {
			await cut(whole);
			done.groups += 1;
			const parts = this.#ship().partsUpTo(whole);
			const { bytesUploaded: bytes } = this.progress();
			await this.#context.journal?.advance({ ...done, group: next, parts, bytes });
		};
		for (;;) {
			await this.#context.gate.passed(this.#signal);
			const next = await this.#meter.waiting("base", pairs.next());
			const { warnings } = this.#job.source;
			for (; told < warnings.length; told++) {
				const warning = warnings[told];
				if (warning !== undefined) {
					this.#context.host.onWarning(warning);
				}
			}
			if (next.done === true) {
				break;
			}
			const pair = next.value;
			const { timestamp } = pair.picture;
			const isOver = clock.isOver({ first: pair.first, timestamp, duration: pair.duration });
			if (pair.first) {
				await this.#takeStills(pair);
			}
			if (group === undefined) {
				// A processor that computes networks leaves the base little time: what can be watched at once goes first.
				await this.#meter.waiting("base", this.#baseAhead.promise);
			} else if (pair.first) {
				await close(group, pair.group);
			} else if (isOver) {
				await cut(group);
			}
			// Where the base can be entered, so can the enhancement: a segment may begin at any sync sample.
			place = pair.sample.sync ? 0 : place + 1;
			group = pair.group;
			for (const layer of layers) {
				await this.#encode(pair, layer, place, layer === layers[0]);
			}
			done.frames += 1;
			done.duration += pair.duration;
			this.#meter.encoded(pair.duration);
		}
		if (group !== undefined) {
			await close(group, group + 1);
		}
	}

	async #takeStills({ picture }: CodedPair): Promise<void> {
		for (const still of await this.#stills.offer(picture)) {
			await this.#context.journal?.keepStill(still);
		}
	}

	async #encode(pair: CodedPair, { q, encoder }: Layer, place: number, first: boolean): Promise<void> {
		const choice = frameChoice(place, q, { interval: ENDLESS, intraOffset: INTRA_OFFSET, interOffsets: [0] });
		const { duration, picture, base } = pair;
		const coding = encoder.encode(picture, base, { ...choice, duration }, this.#signal);
		const { sample, reconstruction } = await this.#meter.waiting("enhancement", coding);
		try {
			if (this.#job.options.preview && pair.first && first) {
				const enhanced = await reconstruction.toPicture();
				const { colour } = this.#job.source.info;
				this.#context.host.onPreview({
					timestamp: picture.timestamp,
					base: pictureToFrame(base, duration, colour),
					enhanced: pictureToFrame(enhanced, duration, colour),
				});
			}
		} finally {
			reconstruction.dispose();
		}
		this.#ship().add(enhancementId(q), sample);
	}

	/** Codes the base and sends it, with the sound of the same time, as soon as a group is whole. */
	async *#shipBase(): AsyncGenerator<CodedPair, void, undefined> {
		const { downscale, inFlight, queueLength } = this.#job;
		const onTrack = (base: BaseTrack) => this.#open(base);
		const coded = codeBase(this.#pictures(), downscale, this.#codecs(), onTrack, inFlight, this.#signal);
		let group: number | undefined;
		let groups = this.#context.resume?.record.checkpoint.groups ?? 0;
		let pairs = 0;
		let end = 0;
		const clock = new PartClock(this.#job.longestPart);
		try {
			for await (const pair of coded) {
				const { timestamp } = pair.picture;
				const isOver = clock.isOver({ first: pair.first, timestamp, duration: pair.duration });
				if (group === undefined && this.#context.resume !== undefined) {
					await this.#skipAudio(timestamp);
				}
				if (pair.first) {
					if (group !== undefined) {
						await this.#closeBase(group, timestamp);
					}
					group = pair.group;
					groups += 1;
				} else if (group !== undefined && isOver) {
					await this.#cutBase(group, timestamp);
				}
				this.#ship().add(BASE_ID, pair.sample);
				if (pair.first && groups === 2) {
					await this.#announce(pair.group);
				}
				end = timestamp + pair.duration;
				pairs += 1;
				if (groups >= 2 || pairs >= queueLength) {
					this.#baseAhead.resolve();
				}
				yield pair;
			}
			if (group !== undefined) {
				await this.#closeBase(group, end);
			}
		} finally {
			this.#baseAhead.resolve();
		}
	}

	/** Codecs of the base; for groups that an earlier attempt has coded, what it made of them. */
	#codecs(): BaseCodecs {
		const codecs = this.#job.base(this.#signal);
		const { resume } = this.#context;
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

	async #closeBase(group: number, end: number): Promise<void> {
		await this.#cutBase(group, end);
		await this.#context.journal?.baseDone(group);
	}

	/** Sends the base of a group as far as it is coded, and the sound of that time. */
	async #cutBase(group: number, end: number): Promise<void> {
		await this.#ship().cut(BASE_ID, group);
		for await (const sample of this.#audio?.until(end) ?? []) {
			this.#ship().add(AUDIO_ID, sample);
		}
		if (this.#audio !== undefined) {
			await this.#ship().cut(AUDIO_ID, group);
		}
	}

	/**
	 * The edge closes a segment when it sees what comes after it: the first frame of the second group goes ahead alone, so that
	 * the first group can be watched at once.
	 */
	async #announce(group: number): Promise<void> {
		const shipper = this.#ship();
		await shipper.cut(BASE_ID, group);
		const sound = await this.#audio?.next();
		if (sound !== undefined) {
			shipper.add(AUDIO_ID, sound);
			await shipper.cut(AUDIO_ID, group);
		}
		void shipper.sent().then(() => this.#context.host.onPlayable(shipper.asset));
	}

	/** Source pictures, scaled, in groups; stands still while the upload is paused. */
	#pictures(): AsyncGenerator<GroupedPicture, void, undefined> {
		const { source, plan, options, readAhead } = this.#job;
		const length = Math.round(options.gopSeconds * 1_000_000);
		// Half a millisecond of rounding may lie before a boundary, see `groupIndex`.
		const from = groupStart(this.#context.resume?.record.checkpoint.group ?? 0, length, length) - 500;
		source.pace = plan.pace;
		const read = source.pictures(Math.max(0, from), this.#signal);
		const scale = scalerTo(plan.width, plan.height);
		const { gate } = this.#context;
		const meter = this.#meter;
		const signal = this.#signal;
		async function* scaled(): AsyncGenerator<TimedPicture, void, undefined> {
			try {
				for (;;) {
					await gate.passed(signal);
					const next = await meter.waiting("decode", read.next());
					if (next.done === true) {
						return;
					}
					meter.decoded();
					yield { picture: scale(next.value.picture), duration: next.value.duration };
				}
			} finally {
				await read.return();
			}
		}
		return intoGroups(runAhead(scaled(), readAhead), (timestamp) => groupIndex(timestamp, length, length));
	}

	/** The base is described: the asset can be made, or found again. */
	async #open(base: BaseTrack): Promise<void> {
		const { host, client, gate, journal, resume } = this.#context;
		const { plan, qualities, source, opened, frameRate, options } = this.#job;
		const tracks = this.#job.tracks(base);
		for (const [id, track] of tracks) {
			const { kind, codec } = track;
			const dimensions = track.kind === "audio" ? {} : { width: track.width, height: track.height };
			const quality = track.kind === "enhancement" ? { q: track.q } : {};
			this.#meter.addLayer({ track: id, kind, codec, ...dimensions, ...quality });
		}
		const size = plan.enhanced ? plan : base;
		const { title } = options;
		const about = { title, longestPart: this.#job.longestPart };
		const request = createRequest(tracks, { width: size.width, height: size.height }, frameRate, about);
		const response = resume?.asset ?? (await client.create(request, this.#signal));
		const last = qualities.at(-1);
		const leading = last === undefined ? BASE_ID : enhancementId(last);
		const live = source.info.live;
		const context = { client, meter: this.#meter, gate, signal: this.#signal, leading, journal, resume, live };
		const shipper = new Shipper(response, context);
		this.#shipper = shipper;
		if (resume === undefined && journal !== undefined) {
			const parts = Object.fromEntries([...tracks.keys()].map((id) => [id, 0]));
			await journal.begin({
				key: journal.key,
				assetId: response.id,
				created: Date.now(),
				plan: { width: plan.width, height: plan.height, enhanced: plan.enhanced },
				modelId: plan.enhanced ? opened.model?.id : undefined,
				base,
				audio: source.audio?.track,
				checkpoint: { group: 0, groups: 0, parts, frames: 0, duration: 0, bytes: 0 },
				baseDone: -1,
			});
		}
		host.onStep("prepared");
		host.onAsset(shipper.asset);
		await shipper.sendLeftovers();
		if ((resume?.record.checkpoint.groups ?? 0) >= 2) {
			host.onPlayable(shipper.asset);
		}
	}

	async #finish(): Promise<UploadResult> {
		const { host, journal } = this.#context;
		host.onStep("coded");
		this.#meter.ended();
		const shipper = this.#ship();
		await shipper.complete(this.#stills, (name, reason) => {
			host.onWarning({ code: "stills-refused", message: `The edge does not take the ${name}: ${reason}` });
		});
		await journal?.forget();
		host.onPlayable(shipper.asset);
		const { layers, framesEncoded, secondsEncoded } = this.progress();
		return {
			asset: shipper.asset,
			backend: this.#job.report,
			layers,
			warnings: this.#job.source.warnings,
			duration: secondsEncoded,
			frames: framesEncoded,
		};
	}

	#ship(): Shipper {
		if (this.#shipper === undefined) {
			throw new UploadError("source-damaged", "The video has no pictures.", { hint: "Choose another file." });
		}
		return this.#shipper;
	}
}
