import { pictureToFrame } from "../../codec/base/video-frame.ts";
import { releasePicture } from "../../codec/picture/gpu-picture.ts";
import { DEFAULT_PATTERN, frameChoice } from "../../codec/enhancement/frame-pattern.ts";
import type { FramePattern } from "../../codec/enhancement/frame-pattern.ts";
import type { LookedAhead } from "../../codec/enhancement/look-ahead.ts";
import type { DecodedPicture } from "../../codec/enhancement/decoded-picture.ts";
import type { UploadJournal } from "../resume/upload-journal.ts";
import type { CodedPair } from "../stages/base-stage.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import { PartClock } from "../stages/part-clock.ts";
import { allowedWait, judge } from "../stages/patience.ts";
import type { Pace, Verdict } from "../stages/patience.ts";
import type { Stills } from "../stages/stills.ts";
import { Tempo } from "../stages/tempo.ts";
import type { Layer } from "./job.ts";
import { BASE_ID, enhancementId } from "./tracks.ts";
import type { Work } from "./work.ts";

/** Groups decide where intra frames are, not a count of frames. */
const PATTERN: FramePattern = { ...DEFAULT_PATTERN, interval: 1 << 30 };

/** The last stage of an attempt: codes the enhancements of every pair, takes its stills, and makes a checkpoint after each group. */
export class EnhancementLane {
	readonly #work: Work;
	#layers: Layer[] = [];
	readonly #stills: Stills;
	/** Warnings of the source that the host knows. */
	#told = 0;
	/** What the next checkpoint says; `ended` as in {@link Checkpoint}. */
	readonly #done: { groups: number; frames: number; duration: number; ended: number | undefined };
	readonly #tempo: Tempo;

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
		const { job, context, meter, signal } = this.#work;
		const clock = new PartClock(job.longestPart);
		let group: number | undefined;
		let place = 0;
		for (;;) {
			await context.clock.excuse(context.gate.passed(signal));
			const next = await meter.waiting("base", pairs.next());
			this.#tellWarnings();
			if (next.done === true) {
				break;
			}
			this.#work.ready.leave();
			const pair = next.value;
			const { timestamp } = pair.picture;
			const isOver = clock.isOver({ first: pair.first, timestamp, duration: pair.duration });
			if (pair.first) {
				await this.#takeStills(pair);
			}
			if (group === undefined) {
				// A processor that loads and computes networks leaves the base little time: what can be watched at once goes first. A live source has
				// no more pictures than those that are taken from it, and it is not asked for any while two wait here.
				if (!job.source.info.live) {
					await meter.waiting("base", ahead);
				}
				await this.#open();
			} else if (pair.first) {
				await this.#cut(group);
				await this.#reconsider();
				await this.#close(group, pair.group);
			} else if (isOver) {
				await this.#cut(group);
			}
			// Where the base can be entered, so can the enhancement: a segment may begin at any sync sample.
			place = pair.sample.sync ? 0 : place + 1;
			group = pair.group;
			await this.#tempo.coding(pair.duration, async () => {
				for (const layer of this.#layers) {
					await this.#encode(pair, layer, place);
				}
			});
			releasePicture(pair.picture);
			this.#done.frames += 1;
			this.#done.duration += pair.duration;
			meter.encoded(pair.duration);
		}
		if (group !== undefined) {
			await this.#cut(group);
			await this.#close(group, group + 1);
		}
	}

	/** Lets go of the encoders. */
	async close(): Promise<void> {
		for (const { encoder } of this.#layers.splice(0)) {
			await encoder.dispose();
		}
	}

	/**
	 * Loads what is needed to encode, once the first seconds of the base are at the edge, and begins the clock of the rate: loading does not
	 * count. A live source does not wait for its network, and what is continued can be watched already.
	 */
	async #open(): Promise<void> {
		const { job, context, meter } = this.#work;
		if (job.plan.enhanced) {
			const { resume, clock, journal } = context;
			if (!job.source.info.live && resume === undefined) {
				await clock.excuse(meter.waiting("upload", this.#work.ship().sent()));
			}
			const missing = this.#done.ended === undefined ? await meter.waiting("enhancement", job.open()) : undefined;
			if (missing !== undefined || this.#done.ended !== undefined) {
				this.#end(missing ?? "this machine was too slow for more.", "enhancement-unavailable");
			} else {
				this.#follow(judge(job.wait, clock.spent, this.#expected()));
			}
			this.#layers = [...(await meter.waiting("enhancement", job.openLayers()))];
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

	/** Between two groups: holds what the last one took against what the person was promised. */
	async #reconsider(): Promise<void> {
		const { job, context, meter } = this.#work;
		if (this.#layers.length === 0) {
			return;
		}
		const { effort } = job;
		const pace = this.#tempo.next({ coded: this.#done.duration / 1e6, effort });
		if (pace === undefined) {
			return;
		}
		this.#follow(judge(job.wait, context.clock.spent, pace));
		if (job.ended || job.effort !== effort) {
			await this.close();
			this.#layers = [...(await meter.waiting("enhancement", job.openLayers()))];
		}
		meter.backend = job.report;
	}

	#follow(verdict: Verdict): void {
		const { job } = this.#work;
		if (verdict === "lower effort") {
			job.lowerEffort();
		} else if (verdict === "end") {
			const { source, wait } = job;
			const allowed = allowedWait(wait, this.#done.duration / 1e6).toFixed(0);
			this.#end(
				source.info.live
					? "this machine does not keep up with more."
					: `this machine is too slow for more within the ${allowed} s that it may take.`,
				"enhancement-too-slow",
			);
		}
	}

	/** The base goes on alone. What there is of the enhancement stays, and plays. */
	#end(why: string, code: SourceWarning["code"]): void {
		const { job, context } = this.#work;
		const ended = (this.#done.ended ??= this.#done.duration);
		context.host.onWarning(job.end(ended / 1e6, why, code));
		job.source.pace = undefined;
		this.#work.ship().lead(BASE_ID);
	}

	async #encode(pair: LookedAhead<CodedPair>, layer: Layer, place: number): Promise<void> {
		const { meter, signal } = this.#work;
		const { duration, picture, base, inheritance } = pair;
		const choice = frameChoice(place, layer.q, PATTERN);
		const coding = layer.encoder.encode(picture, base, { ...choice, duration, inheritance }, signal);
		const { sample, reconstruction } = await meter.waiting("enhancement", coding);
		try {
			if (pair.first && layer === this.#layers[0]) {
				await this.#preview(pair, reconstruction);
			}
		} finally {
			reconstruction.dispose();
		}
		this.#work.ship().add(enhancementId(layer.q), sample);
	}

	async #preview({ duration, picture, base }: CodedPair, enhanced: DecodedPicture): Promise<void> {
		const { job, context } = this.#work;
		if (!job.options.preview) {
			return;
		}
		const { colour } = job.source.info;
		context.host.onPreview({
			timestamp: picture.timestamp,
			base: pictureToFrame(base, duration, colour),
			enhanced: pictureToFrame(await enhanced.toPicture(), duration, colour),
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
