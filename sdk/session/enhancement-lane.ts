import { pictureToFrame } from "../../codec/base/video-frame.ts";
import { releasePicture } from "../../codec/picture/gpu-picture.ts";
import { DEFAULT_PATTERN, frameChoice } from "../../codec/enhancement/frame-pattern.ts";
import type { FramePattern } from "../../codec/enhancement/frame-pattern.ts";
import type { LookedAhead } from "../../codec/enhancement/look-ahead.ts";
import type { DecodedPicture } from "../../codec/enhancement/decoded-picture.ts";
import type { CodedPair } from "../stages/base-stage.ts";
import { PartClock } from "../stages/part-clock.ts";
import type { Stills } from "../stages/stills.ts";
import type { Layer } from "./job.ts";
import { enhancementId } from "./tracks.ts";
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
	/** What the next checkpoint says. */
	readonly #done: { groups: number; frames: number; duration: number };

	constructor(work: Work, stills: Stills) {
		this.#work = work;
		this.#stills = stills;
		const { groups, frames, duration } = work.context.resume?.record.checkpoint ?? {
			groups: 0,
			frames: 0,
			duration: 0,
		};
		this.#done = { groups, frames, duration };
	}

	/** Takes pairs until there are no more. @param ahead resolved when the first enhancement may be coded. */
	async run(pairs: AsyncGenerator<LookedAhead<CodedPair>, void, undefined>, ahead: Promise<void>): Promise<void> {
		const { job, context, meter, signal } = this.#work;
		const clock = new PartClock(job.longestPart);
		let group: number | undefined;
		let place = 0;
		for (;;) {
			await context.gate.passed(signal);
			const next = await meter.waiting("base", pairs.next());
			this.#tellWarnings();
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
				// A processor that loads and computes networks leaves the base little time: what can be watched at once goes first.
				await meter.waiting("base", ahead);
				await this.#open();
			} else if (pair.first) {
				await this.#close(group, pair.group);
			} else if (isOver) {
				await this.#cut(group);
			}
			// Where the base can be entered, so can the enhancement: a segment may begin at any sync sample.
			place = pair.sample.sync ? 0 : place + 1;
			group = pair.group;
			for (const layer of this.#layers) {
				await this.#encode(pair, layer, place);
			}
			releasePicture(pair.picture);
			this.#done.frames += 1;
			this.#done.duration += pair.duration;
			meter.encoded(pair.duration);
		}
		if (group !== undefined) {
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
		if (job.plan.enhanced && !job.source.info.live && context.resume === undefined) {
			await meter.waiting("upload", this.#work.ship().sent());
		}
		this.#layers = [...(await meter.waiting("enhancement", job.openLayers()))];
		meter.backend = job.report;
		meter.start();
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
		await this.#cut(group);
		this.#done.groups += 1;
		const { context, meter } = this.#work;
		const parts = this.#work.ship().partsUpTo(group);
		const { bytesUploaded: bytes } = meter.snapshot(0);
		await context.journal?.advance({ ...this.#done, group: next, parts, bytes });
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
