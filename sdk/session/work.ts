import { UploadError } from "../errors.ts";
import type { ResumePoint } from "../resume/resume-point.ts";
import type { UploadJournal } from "../resume/upload-journal.ts";
import type { Gate } from "../stages/gate.ts";
import type { Meter } from "../stages/meter.ts";
import type { WaitClock } from "../stages/patience.ts";
import { Room } from "../stages/room.ts";
import type { UploadClient } from "../transport/client.ts";
import { Announcement } from "./announcement.ts";
import type { SessionHost } from "./host.ts";
import type { Job } from "./job.ts";
import type { Shipper } from "./shipper.ts";

/** What an attempt works with. */
export type AttemptContext = {
	readonly host: SessionHost;
	readonly client: UploadClient;
	readonly gate: Gate;
	readonly signal: AbortSignal;
	readonly journal: UploadJournal | undefined;
	/** How long the person waits. */
	readonly clock: WaitClock;
	/** Where an earlier attempt stopped. */
	readonly resume: ResumePoint | undefined;
};

/** What the stages of one attempt share. */
export class Work {
	readonly job: Job;
	readonly context: AttemptContext;
	readonly meter: Meter;
	/** Aborts with the caller's signal, and when any stage fails: so that the others stop too. Its reason is what failed first. */
	readonly signal: AbortSignal;
	readonly #stop = new AbortController();
	/** Pairs that wait for the enhancement: of a live source no picture is taken while there are some. */
	readonly ready = new Room(2);
	readonly announcement: Announcement;
	/** Set once the base is described, and with it the asset. */
	shipper: Shipper | undefined;

	constructor(job: Job, context: AttemptContext, meter: Meter) {
		this.job = job;
		this.context = context;
		this.meter = meter;
		this.signal = AbortSignal.any([context.signal, this.#stop.signal]);
		this.announcement = new Announcement(context.host, context.resume);
	}

	/** A stage has failed: all of them stop. */
	fail(error: unknown): void {
		this.#stop.abort(error);
	}

	/** @throws {UploadError} `source-damaged` where no picture came that an asset could be made for. */
	ship(): Shipper {
		if (this.shipper === undefined) {
			throw new UploadError("source-damaged", "The video has no pictures.", { hint: "Choose another file." });
		}
		return this.shipper;
	}
}
