import type { UploadedAsset } from "../result.ts";
import type { ResumePoint } from "../resume/resume-point.ts";
import type { SessionHost } from "./host.ts";
import { BASE_ID } from "./tracks.ts";

/**
 * Tells a page where its asset is, and when it can be watched: in this order. A page keeps the address that it was told, so what may still
 * turn out to begin anew, as another asset, is told when that is certain; whatever can be watched before waits for it.
 */
export class Announcement {
	readonly #host: Pick<SessionHost, "onAsset" | "onPlayable">;
	readonly #resume: ResumePoint | undefined;
	#asset: UploadedAsset | undefined;
	#certain: boolean;
	#playable: boolean;

	/** @param resume what an earlier attempt left, if there was one. */
	constructor(host: Pick<SessionHost, "onAsset" | "onPlayable">, resume: ResumePoint | undefined) {
		this.#host = host;
		this.#resume = resume;
		this.#certain = resume === undefined || !mayDiffer(resume);
		this.#playable = wasPlayable(resume);
	}

	/** The asset is made, or found again. Called once. */
	opened(asset: UploadedAsset): void {
		this.#asset = asset;
		if (this.#certain) {
			this.#tell(asset);
		}
	}

	/** The base of a group is coded whole, and is what it was before. */
	baseDone(group: number): void {
		// Parts are kept of one group beyond those that are whole: nothing of what comes after it was there before.
		if (!this.#certain && group > (this.#resume?.record.baseDone ?? -1)) {
			this.settled();
		}
	}

	/** The edge can show its first seconds. */
	playable(): void {
		this.#playable = true;
		if (this.#certain && this.#asset !== undefined) {
			this.#host.onPlayable(this.#asset);
		}
	}

	/** Nothing can make it begin anew any more. */
	settled(): void {
		if (!this.#certain && this.#asset !== undefined) {
			this.#certain = true;
			this.#tell(this.#asset);
		}
	}

	#tell(asset: UploadedAsset): void {
		this.#host.onAsset(asset);
		if (this.#playable) {
			this.#host.onPlayable(asset);
		}
	}
}

/** Whether this browser has to code again what the edge has some of: another version of it may come to other bytes. */
const mayDiffer = ({ record, kept }: ResumePoint): boolean =>
	[...kept.values()].some(({ track, group }) => track === BASE_ID && group > record.baseDone);

/** With a second group begun, the edge has cut the first segment. */
const wasPlayable = (resume: ResumePoint | undefined): boolean => (resume?.record.checkpoint.groups ?? 0) >= 2;
