import { call, createAsset, putPart } from "./edge-client.ts";
import { type ClipTrack, createRequest, FRAME } from "./fixture-media.ts";

/** Pieces of 400 ms: ten frames. */
export const LIVE = { partialMilliseconds: 400 };

/** A camera that uploads live: all tracks grow together. */
export class Camera {
	readonly id: string;
	frames = 0;
	readonly #tracks: readonly ClipTrack[];
	readonly #numbers = new Map<string, number>();
	readonly #sent = new Map<string, number>();

	private constructor(id: string, tracks: readonly ClipTrack[]) {
		this.id = id;
		this.#tracks = tracks;
	}

	/** Makes the asset and sends the first `frames` frames. */
	static async start(tracks: readonly ClipTrack[], frames = 0): Promise<Camera> {
		const { id } = await createAsset(createRequest(tracks, LIVE));
		const camera = new Camera(id, tracks);
		if (frames > 0) await camera.film(frames);
		return camera;
	}

	/** Sends the next frames, as one part of each track. */
	async film(frames: number): Promise<void> {
		this.frames += frames;
		const until = this.frames * FRAME;
		for (const { id, samples } of this.#tracks) {
			const from = this.#sent.get(id) ?? 0;
			const part = samples.slice(from).filter(({ timestamp }) => timestamp < until);
			if (part.length === 0) continue;
			const number = this.#numbers.get(id) ?? 0;
			const response = await putPart(this.id, id, number, part);
			if (response.status !== 201) throw new Error(`Part: ${response.status} ${await response.text()}`);
			this.#numbers.set(id, number + 1);
			this.#sent.set(id, from + part.length);
		}
	}

	/** Completes the asset. */
	async stop(): Promise<void> {
		const json = { tracks: [...this.#numbers].map(([id, parts]) => ({ id, parts })) };
		const response = await call(`/v1/assets/${this.id}/complete`, { method: "POST", json });
		if (response.status !== 200) throw new Error(`Completion: ${response.status} ${await response.text()}`);
	}
}
