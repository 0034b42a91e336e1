import type { BackendReport, Bottleneck, LayerProgress, UploadProgress } from "../progress.ts";

/** Half-life of what the meter remembers of speeds, in seconds. */
const HALF_LIFE = 3;

/** What is known of an upload beside the network. */
export type WorkProgress = Omit<UploadProgress, "waitingForNetwork">;

/** One track as the meter knows it. */
type Layer = Omit<LayerProgress, "bytes" | "kilobitsPerSecond"> & { bytes: number; seconds: number };

/**
 * Counts what passes and where time is lost. `waiting(stage, promise)` tells the meter that the coding loop stands still
 * until that stage delivers; the stage that is waited for most is the bottleneck.
 */
export class Meter {
	readonly #now: () => number;
	readonly #waits: Record<Bottleneck, number> = { decode: 0, base: 0, enhancement: 0, upload: 0 };
	readonly #layers = new Map<string, Layer>();
	#decayed: number;
	/** Frames that count for the rate, and the seconds they took; both fade. */
	#recentFrames = 0;
	#recentSeconds = 0;
	#framesDecoded = 0;
	#framesEncoded = 0;
	#framesUploaded = 0;
	#secondsEncoded = 0;
	#secondsUploaded = 0;
	#bytesUploaded = 0;
	framesTotal: number | undefined;
	secondsTotal: number | undefined;
	backend: BackendReport | undefined;
	framesDropped = 0;

	/** @param now seconds; a test brings its own clock. */
	constructor(now: () => number = () => performance.now() / 1000) {
		this.#now = now;
		this.#decayed = now();
	}

	/** Time spent until `work` is done counts for `stage`. */
	async waiting<T>(stage: Bottleneck, work: Promise<T>): Promise<T> {
		const start = this.#now();
		try {
			return await work;
		} finally {
			this.#waits[stage] += this.#now() - start;
		}
	}

	/** Begins the clock of the rate: what came before (opening, measuring) does not count. */
	start(): void {
		this.#decayed = this.#now();
		this.#recentFrames = 0;
		this.#recentSeconds = 0;
	}

	/** Nothing more will be coded: what was an estimate of the whole is now known. */
	ended(): void {
		this.framesTotal = this.#framesEncoded;
		this.secondsTotal = this.#secondsEncoded;
	}

	addLayer(layer: Omit<LayerProgress, "bytes" | "kilobitsPerSecond">): void {
		this.#layers.set(layer.track, { ...layer, bytes: 0, seconds: 0 });
	}

	decoded(): void {
		this.#framesDecoded += 1;
	}

	/** A frame is coded in every layer. @param duration microseconds. */
	encoded(duration: number): void {
		this.#fade();
		this.#framesEncoded += 1;
		this.#recentFrames += 1;
		this.#secondsEncoded += duration / 1e6;
	}

	/** A sample of one track is coded. @param duration microseconds. */
	coded(track: string, bytes: number, duration: number): void {
		const layer = this.#layers.get(track);
		if (layer !== undefined) {
			layer.bytes += bytes;
			layer.seconds += duration / 1e6;
		}
	}

	/** A part is acknowledged; `frames` and `seconds` are those that are complete with it. */
	uploaded(bytes: number, frames: number, seconds: number): void {
		this.#bytesUploaded += bytes;
		this.#framesUploaded += frames;
		this.#secondsUploaded += seconds;
	}

	/** What an earlier run of the same upload has done already. */
	resumed(frames: number, seconds: number, bytes: number): void {
		this.#framesDecoded += frames;
		this.#framesEncoded += frames;
		this.#secondsEncoded += seconds;
		this.uploaded(bytes, frames, seconds);
	}

	/** @param bytesPending coded but not acknowledged. */
	snapshot(bytesPending: number): WorkProgress {
		this.#fade();
		const fps = this.#recentSeconds > 0.2 ? this.#recentFrames / this.#recentSeconds : 0;
		return {
			framesDecoded: this.#framesDecoded,
			framesEncoded: this.#framesEncoded,
			framesUploaded: this.#framesUploaded,
			framesDropped: this.framesDropped,
			framesTotal: this.framesTotal,
			secondsEncoded: this.#secondsEncoded,
			secondsUploaded: this.#secondsUploaded,
			secondsTotal: this.secondsTotal,
			bytesUploaded: this.#bytesUploaded,
			bytesPending,
			fps,
			secondsLeft: this.#secondsLeft(fps),
			bottleneck: this.#bottleneck(),
			backend: this.backend,
			layers: [...this.#layers.values()].map(({ seconds, ...layer }) => ({
				...layer,
				kilobitsPerSecond: seconds > 0 ? (layer.bytes * 8) / 1000 / seconds : 0,
			})),
		};
	}

	#secondsLeft(fps: number): number | undefined {
		if (this.framesTotal === undefined || fps <= 0) {
			return undefined;
		}
		return Math.max(0, this.framesTotal - this.#framesEncoded) / fps;
	}

	#bottleneck(): Bottleneck {
		let worst: Bottleneck = "base";
		for (const stage of ["enhancement", "upload"] as const) {
			if (this.#waits[stage] > this.#waits[worst]) {
				worst = stage;
			}
		}
		// Whoever waits for the base waits for the source too; it is to blame where the base spent half the time waiting itself.
		return worst === "base" && this.#waits.decode >= this.#waits.base / 2 ? "decode" : worst;
	}

	/** Old observations lose weight, so that the numbers follow what happens now. */
	#fade(): void {
		const now = this.#now();
		const passed = now - this.#decayed;
		this.#decayed = now;
		const keep = 0.5 ** (passed / HALF_LIFE);
		this.#recentFrames *= keep;
		this.#recentSeconds = this.#recentSeconds * keep + passed;
		for (const stage of Object.keys(this.#waits) as Bottleneck[]) {
			this.#waits[stage] *= keep;
		}
	}
}
