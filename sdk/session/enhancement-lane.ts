import { pictureToFrame } from "../../codec/base/video-frame.ts";
import { codingUnits } from "../../codec/enhancement/coding-units.ts";
import type { CodingUnit } from "../../codec/enhancement/coding-units.ts";
import type { Effort } from "../../codec/enhancement/effort.ts";
import { frameChoice } from "../../codec/enhancement/frame-pattern.ts";
import type { LookedAhead } from "../../codec/enhancement/look-ahead.ts";
import type { DecodedPicture } from "../../codec/enhancement/decoded-picture.ts";
import { releasePicture } from "../../codec/picture/gpu-picture.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Sample } from "../../codec/sample.ts";
import { isLostDevice } from "../lost-device.ts";
import type { EndedEnhancement } from "../resume/journal.ts";
import type { UploadJournal } from "../resume/upload-journal.ts";
import type { CodedPair } from "../stages/base-stage.ts";
import type { LastingPath } from "../source/lasting-path.ts";
import { PartClock } from "../stages/part-clock.ts";
import { allowedWait, judge } from "../stages/patience.ts";
import type { Pace, Verdict } from "../stages/patience.ts";
import type { Stills } from "../stages/stills.ts";
import { Tempo } from "../stages/tempo.ts";
import type { Layer } from "./job.ts";
import { Recovery } from "./recovery.ts";
import type { Loss } from "./recovery.ts";
import { BASE_ID, enhancementId } from "./tracks.ts";
import { turn } from "./turn.ts";
import type { Work } from "./work.ts";

const UNAVAILABLE = "enhancement-unavailable";

/** Why there is no more of it after something was lost. */
const afterLoss = (loss: Loss, why: string): string => `${loss.why.replace(/\.$/, "")}, and ${why}`;

/** A pair, and its place since the last sync sample. */
type PlacedPair = LookedAhead<CodedPair> & { readonly place: number };

/** What a frame became in one layer. */
type LayerSample = { readonly track: string; readonly sample: Sample };

/** The last stage of an attempt: codes the enhancements of every pair, takes its stills, and makes a checkpoint after each group. */
export class EnhancementLane {
	readonly #work: Work;
	#layers: Layer[] = [];
	/** Pictures that were taken and are not coded yet: of the frame that is coded, and of one that waits for the one behind it. */
	readonly #inHand = new Set<SourcePicture>();
	readonly #stills: Stills;
	/** Warnings of the source that the host knows. */
	#told = 0;
	/** What the next checkpoint says; `ended` as in {@link Checkpoint}. */
	readonly #done: { groups: number; frames: number; duration: number; ended: EndedEnhancement | undefined };
	#tempo: Tempo;
	/** Set while a GPU that was lost is opened again, of a source that cannot be read again. */
	#recovery: Recovery | undefined;
	#losses = 0;
	/** Where it broke off before it went on, until there is a picture that proves that. */
	#gap: Loss | undefined;

	constructor(work: Work, stills: Stills) {
		this.#work = work;
		this.#stills = stills;
		const { groups, frames, duration, ended } = work.context.resume?.record.checkpoint ?? {
			...{ groups: 0, frames: 0, duration: 0, ended: undefined },
		};
		this.#done = { groups, frames, duration, ended };
		this.#tempo = new Tempo(work.context.clock, work.job.source.info.live);
	}

	/** Takes pairs until there are no more. @param ahead resolved when the first enhancement may be coded. */
	async run(pairs: AsyncGenerator<LookedAhead<CodedPair>, void, undefined>, ahead: Promise<void>): Promise<void> {
		const { job, meter } = this.#work;
		const clock = new PartClock(job.longestPart);
		let group: number | undefined;
		for await (const unit of codingUnits(this.#take(pairs), (pair) => this.#isBidirectional(pair))) {
			// A pair that waited is followed by one of its own group: whatever begins or is cut, it is before both.
			const [reference, pair = reference] = unit;
			const { timestamp } = pair.picture;
			const isOver = clock.isOver({ first: pair.first, timestamp, duration: pair.duration });
			if (group === undefined) {
				// A processor that loads and computes networks leaves the base little time: what can be watched at once goes first. A live source has
				// no more pictures than those that are taken from it, and it is not asked for any while two wait here.
				if (!job.source.info.live) {
					await meter.waiting("base", ahead);
				}
				await this.#open(pair.group);
			} else if (pair.first) {
				await this.#cut(group);
				await this.#reconsider(pair);
				await this.#close(group, pair.group);
			} else if (isOver) {
				await this.#cut(group);
			}
			if (pair.first && this.#has(pair)) {
				await this.#survive(pair.group, () => this.#takeStills(pair));
			}
			group = pair.group;
			await this.#survive(pair.group, () => this.#encodeUnit(unit));
			for (const { picture, duration } of unit) {
				releasePicture(picture);
				this.#inHand.delete(picture);
				this.#done.frames += 1;
				this.#done.duration += duration;
				meter.encoded(duration);
			}
		}
		if (this.#recovery !== undefined) {
			const recovery = this.#recovery;
			const { outcome = { why: "nothing came back before the end." } } = recovery;
			// First of all: from here on it changes nothing any more of what is reported.
			await recovery.close();
			await this.#giveUp(recovery, "why" in outcome ? outcome.why : "what came back came too late.");
		}
		if (group !== undefined) {
			await this.#cut(group);
			await this.#close(group, group + 1);
		}
	}

	/** Lets go of the encoders, and of what was not coded. */
	async close(): Promise<void> {
		for (const picture of this.#inHand) {
			releasePicture(picture);
		}
		this.#inHand.clear();
		await this.#recovery?.close();
		this.#recovery = undefined;
		await this.#closeLayers();
	}

	/** Pairs as they come; none while the upload is paused. */
	async *#take(
		pairs: AsyncGenerator<LookedAhead<CodedPair>, void, undefined>,
	): AsyncGenerator<PlacedPair, void, undefined> {
		const { context, meter, ready, signal } = this.#work;
		let following = 0;
		for (;;) {
			await context.gate.passed(signal);
			const next = await meter.waiting("base", pairs.next());
			this.#tellWarnings();
			if (next.done === true) {
				return;
			}
			ready.leave();
			const pair = next.value;
			this.#inHand.add(pair.picture);
			// Where the base can be entered, so can the enhancement: a segment may begin at any sync sample.
			const place = pair.sample.sync ? 0 : following;
			following = place + 1;
			yield { ...pair, place };
		}
	}

	/** Whether a pair is coded after the one behind it. In all layers alike, whatever their quality. */
	#isBidirectional({ place, followed }: PlacedPair): boolean {
		return frameChoice(place, 0, this.#work.job.pattern, followed).type === "bidirectional";
	}

	async #closeLayers(): Promise<void> {
		for (const { encoder } of this.#layers.splice(0)) {
			await encoder.dispose();
		}
	}

	/**
	 * Loads what is needed to encode, once the first seconds of the base are at the edge, and begins the clock of the rate: loading does not
	 * count. A live source does not wait for its network, and what is continued can be watched already.
	 */
	async #open(group: number): Promise<void> {
		const { job, context, meter } = this.#work;
		if (job.plan.enhanced) {
			const { resume, clock, journal } = context;
			if (!job.source.info.live && resume === undefined) {
				await clock.excuse(meter.waiting("upload", this.#work.ship().sent()));
			}
			const missing = this.#done.ended === undefined ? await meter.waiting("enhancement", job.open()) : undefined;
			if (missing !== undefined || this.#done.ended !== undefined) {
				await this.#end(this.#done.ended ?? { at: this.#done.duration, why: missing ?? "", code: UNAVAILABLE });
			} else {
				await this.#follow(judge(job.wait, clock.spent, this.#expected()));
			}
			await this.#survive(group, () => this.#openLayers());
			await this.#noteDecision(journal);
		}
		meter.backend = job.report;
		meter.start();
		this.#tempo.start();
	}

	/** Whoever continues from the first group does as this run does. */
	async #noteDecision(journal: UploadJournal | undefined): Promise<void> {
		const record = await journal?.record();
		if (journal !== undefined && record !== undefined) {
			const { ended } = this.#done;
			await journal.advance({ ...record.checkpoint, effort: this.#work.job.effort, ended });
		}
	}

	/** What the first group will take, by the measurement. */
	#expected(): Pace {
		const { job } = this.#work;
		const { duration } = this.#done;
		const coded = duration / 1e6;
		const video = Math.min(job.options.gopSeconds, (job.wait.duration ?? Number.POSITIVE_INFINITY) - coded);
		const frames = Math.max(1, video * (job.plan.pace ?? job.frameRate));
		const { predictedFps = frames } = job.report;
		return { video: Math.max(0, video), frames, took: frames / predictedFps, coded, effort: job.effort };
	}

	async #openLayers(): Promise<void> {
		const { job, meter } = this.#work;
		this.#layers = [...(await meter.waiting("enhancement", job.openLayers()))];
	}

	/** Between two groups: holds what the last one took against what the person was promised. @param next the first pair of the next group */
	async #reconsider(next: LookedAhead<CodedPair>): Promise<void> {
		const { job, context, meter } = this.#work;
		if (this.#recovery !== undefined) {
			await this.#goOn(this.#recovery, next);
			return;
		}
		if (this.#layers.length === 0) {
			return;
		}
		const { effort } = job;
		const pace = this.#tempo.next({ coded: this.#done.duration / 1e6, effort });
		if (pace === undefined) {
			return;
		}
		await this.#follow(judge(job.wait, context.clock.spent, pace));
		job.keepPace(pace);
		await this.#renew(effort, next.group);
		meter.backend = job.report;
	}

	/** Opens the encoders anew, or lets go of them, where that was decided. @param effort of those that there are. */
	async #renew(effort: Effort, group: number): Promise<void> {
		const { job } = this.#work;
		if (job.ended || job.effort !== effort) {
			await this.#closeLayers();
			await this.#survive(group, () => this.#openLayers());
		}
	}

	async #follow(verdict: Verdict): Promise<void> {
		const { job } = this.#work;
		if (verdict === "lower effort") {
			job.lowerEffort();
		} else if (verdict === "end") {
			const { source, wait } = job;
			const allowed = allowedWait(wait, this.#done.duration / 1e6).toFixed(0);
			const slow = source.info.live
				? "this machine does not keep up with more."
				: `this machine is too slow for more within the ${allowed} s that it may take.`;
			const gap = this.#gap;
			this.#gap = undefined;
			const at = gap?.at ?? this.#done.duration;
			const why = gap === undefined ? slow : afterLoss(gap, slow);
			await this.#end({ at, why, code: "enhancement-too-slow" });
		}
	}

	/**
	 * Does what needs the GPU, if there is one. Of a source that can be read again a lost one ends the attempt, and the next one goes on at
	 * the last checkpoint. What comes only once goes on here: the base alone, until something else can compute.
	 */
	async #survive(group: number, work: () => Promise<void>): Promise<void> {
		const { job, signal } = this.#work;
		try {
			await work();
		} catch (error) {
			if (job.lasting === undefined || !isLostDevice(error) || signal.aborted) {
				throw error;
			}
			await this.#lose(job.lasting, error.message, group);
		}
	}

	async #lose(path: LastingPath, why: string, group: number): Promise<void> {
		const { job, signal } = this.#work;
		const { at } = this.#recovery?.loss ?? this.#gap ?? { at: this.#done.duration };
		this.#gap = undefined;
		path.lose();
		this.#losses += 1;
		await this.#recovery?.close();
		// What was coded is whole, and plays.
		await this.#cut(group);
		await this.#closeLayers();
		this.#baseAlone();
		this.#recovery = job.ended ? undefined : new Recovery(job, { at, why }, this.#losses, signal);
	}

	/**
	 * Goes on where a group begins, as soon as something can compute, and its pictures are not among those that were lost. What is live does not
	 * wait for that.
	 */
	async #goOn(recovery: Recovery, next: LookedAhead<CodedPair>): Promise<void> {
		const { job, context, meter, signal } = this.#work;
		const { live } = job.source.info;
		if (!this.#has(next) || (live && recovery.outcome === undefined)) {
			return;
		}
		const outcome = await context.clock.excuse(meter.waiting("enhancement", recovery.over));
		signal.throwIfAborted();
		if ("why" in outcome) {
			await this.#giveUp(recovery, outcome.why);
		} else {
			this.#recovery = undefined;
			this.#layers = [...outcome.layers];
			this.#gap = recovery.loss;
			this.#tempo = new Tempo(context.clock, live);
			// What goes on may be slower than what was lost: it is held against the promise before its first group, not after it.
			const { effort } = job;
			await this.#follow(judge(job.wait, context.clock.spent, this.#expected()));
			await this.#renew(effort, next.group);
			this.#tempo.start();
		}
		meter.backend = job.report;
	}

	async #giveUp({ loss }: Recovery, why: string): Promise<void> {
		this.#recovery = undefined;
		await this.#end({ at: loss.at, why: afterLoss(loss, why), code: UNAVAILABLE });
	}

	/** Whether the picture of a pair can still be seen. */
	#has({ picture }: CodedPair): boolean {
		return this.#work.job.lasting?.has(picture) ?? true;
	}

	/** The base goes on alone. What there is of the enhancement stays, and plays. */
	async #end(ended: EndedEnhancement): Promise<void> {
		const { job, context } = this.#work;
		this.#done.ended = ended;
		context.host.onWarning(job.end(ended));
		this.#baseAlone();
		for (const q of job.qualities) {
			await this.#work.ship().end(enhancementId(q));
		}
	}

	/** From now on it takes every picture, and its parts count as progress. */
	#baseAlone(): void {
		this.#work.job.source.pace = undefined;
		this.#work.ship().lead(BASE_ID);
	}

	/** Codes the frames of a unit. What comes of it is added in the order of time, and only if it is whole. */
	async #encodeUnit(unit: CodingUnit<PlacedPair>): Promise<void> {
		const [, bidirectional] = unit;
		const coded: LayerSample[] = [];
		for (const pair of unit) {
			await this.#tempo.coding(pair.duration, async () => {
				coded.unshift(...(await this.#encodeAll(pair, pair === bidirectional)));
			});
			if (this.#layers.length > 0) {
				await turn();
			}
		}
		for (const { track, sample } of coded) {
			this.#work.ship().add(track, sample);
		}
	}

	/** @param followed whether the frame behind it is coded already. */
	async #encodeAll(pair: PlacedPair, followed: boolean): Promise<readonly LayerSample[]> {
		const coded: LayerSample[] = [];
		for (const layer of this.#layers) {
			coded.push({ track: enhancementId(layer.q), sample: await this.#encode(pair, layer, followed) });
		}
		if (this.#gap !== undefined) {
			const { job, context, meter } = this.#work;
			const { at, why } = this.#gap;
			this.#gap = undefined;
			context.host.onWarning(job.interrupt(at / 1e6, this.#done.duration / 1e6, why));
			meter.backend = job.report;
		}
		return coded;
	}

	async #encode(pair: PlacedPair, layer: Layer, followed: boolean): Promise<Sample> {
		const { job, meter, signal } = this.#work;
		const { duration, picture, base, inheritance, place } = pair;
		const choice = frameChoice(place, layer.q, job.pattern, followed);
		const coding = layer.encoder.encode(picture, base, { ...choice, duration, inheritance }, signal);
		const { sample, reconstruction } = await meter.waiting("enhancement", coding);
		try {
			if (pair.first && layer === this.#layers[0]) {
				await this.#preview(pair, reconstruction);
			}
		} finally {
			reconstruction.dispose();
		}
		return sample;
	}

	async #preview({ duration, picture, base }: CodedPair, enhanced: DecodedPicture): Promise<void> {
		const { job, context } = this.#work;
		if (!job.options.preview) {
			return;
		}
		const { colour } = job.source.info;
		// Frames are made when nothing can fail any more: nobody would close them.
		const planes = await enhanced.toPicture();
		context.host.onPreview({
			timestamp: picture.timestamp,
			base: pictureToFrame(base, duration, colour),
			enhanced: pictureToFrame(planes, duration, colour),
		});
	}

	/** Sends the enhancements of a group as far as they are coded. */
	async #cut(group: number): Promise<void> {
		for (const { q } of this.#layers) {
			await this.#work.ship().cut(enhancementId(q), group);
		}
	}

	/** A group is whole: from here an upload can go on. */
	async #close(group: number, next: number): Promise<void> {
		this.#done.groups += 1;
		const { job, context, meter } = this.#work;
		const parts = this.#work.ship().partsUpTo(group);
		const { bytesUploaded: bytes } = meter.snapshot(0);
		await context.journal?.advance({ ...this.#done, group: next, parts, bytes, effort: job.effort });
	}

	async #takeStills({ picture }: CodedPair): Promise<void> {
		for (const still of await this.#stills.offer(picture)) {
			await this.#work.context.journal?.keepStill(still);
		}
	}

	/** A source learns only on its way what is wrong with it. */
	#tellWarnings(): void {
		const { job, context } = this.#work;
		for (const warning of job.source.warnings.slice(this.#told)) {
			context.host.onWarning(warning);
			this.#told += 1;
		}
	}
}
