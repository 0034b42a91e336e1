import { lookAhead } from "../../codec/enhancement/look-ahead.ts";
import type { UploadResult } from "../result.ts";
import { Meter } from "../stages/meter.ts";
import type { WorkProgress } from "../stages/meter.ts";
import { runAhead } from "../stages/run-ahead.ts";
import { canvasJpeg, Stills } from "../stages/stills.ts";
import { BaseLane } from "./base-lane.ts";
import { EnhancementLane } from "./enhancement-lane.ts";
import type { Job } from "./job.ts";
import { openAsset } from "./open-asset.ts";
import { Work } from "./work.ts";
import type { AttemptContext } from "./work.ts";

/**
 * Codes and sends a video from its beginning, or from where an earlier attempt stopped, to its end. Stages, each at its own
 * pace, with bounded queues between them:
 *
 * ```
 * decode -> scale -> base encode -> base decode -> | queue | -> look ahead -> enhancement -> parts -> network
 * readPictures    BaseLane   \-> parts (base, sound) ----------------------- EnhancementLane --------/ Shipper
 * ```
 */
export class Attempt {
	readonly #work: Work;
	readonly #stills: Stills;

	constructor(job: Job, context: AttemptContext) {
		const { info } = job.source;
		const meter = new Meter();
		meter.backend = job.report;
		meter.secondsTotal = info.duration;
		meter.framesTotal = info.duration === undefined ? undefined : Math.round(info.duration * job.frameRate);
		if (context.resume !== undefined) {
			const { frames, duration, bytes } = context.resume.record.checkpoint;
			meter.resumed(frames, duration / 1e6, bytes);
		}
		this.#work = new Work(job, context, meter);
		this.#stills = new Stills(info.duration, canvasJpeg(info.colour, job.path), context.resume?.stills);
	}

	/** What is done so far. */
	progress(): WorkProgress {
		const { job, meter, shipper } = this.#work;
		meter.framesDropped = job.source.dropped ?? 0;
		return meter.snapshot(shipper?.pendingBytes ?? 0);
	}

	/** The asset, once there is one. */
	get assetId(): string | undefined {
		return this.#work.shipper?.asset.id ?? this.#work.context.resume?.asset.id;
	}

	/** @throws what the first failing stage threw. */
	async run(): Promise<UploadResult> {
		const { job, context, meter } = this.#work;
		const base = new BaseLane(this.#work);
		const pairs = lookAhead(runAhead(base.pairs(), job.runAhead), job.lookAhead);
		const enhancement = new EnhancementLane(this.#work, this.#stills);
		try {
			meter.start();
			await enhancement.run(pairs, base.ahead);
			if (this.#work.shipper === undefined && context.resume !== undefined) {
				// Everything was coded when the earlier attempt stopped; what is left is to send it.
				await openAsset(this.#work, context.resume.record.base);
			}
			return await this.#finish();
		} catch (error) {
			this.#work.fail(error);
			// What stops says no more than that it was stopped.
			throw this.#work.signal.reason;
		} finally {
			await pairs.return();
			await base.close();
			await enhancement.close();
		}
	}

	async #finish(): Promise<UploadResult> {
		const { job, context, meter, announcement } = this.#work;
		const { host, journal } = context;
		host.onStep("coded");
		meter.ended();
		const shipper = this.#work.ship();
		await shipper.complete(this.#stills, (name, reason) => {
			host.onWarning({ code: "stills-refused", message: `The edge does not take the ${name}: ${reason}` });
		});
		await journal?.forget();
		announcement.settled();
		announcement.playable();
		const { layers, framesEncoded, secondsEncoded } = this.progress();
		return {
			asset: shipper.asset,
			backend: job.report,
			layers,
			warnings: job.source.warnings,
			duration: secondsEncoded,
			frames: framesEncoded,
		};
	}
}
