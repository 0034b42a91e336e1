/** Milliseconds after which viewers of an asset that was crowded ask one level further up again. */
const REMEMBERED_MS = 60_000;

/** How far down viewers of crowded assets were served, so that the next ones ask there at once. */
export class Depths {
	readonly #depths = new Map<string, { readonly level: number; readonly since: number }>();

	/** The level to ask first: where viewers were served last, but one higher for each minute since that was found. 0 is the asset itself. */
	levelOf(asset: string, now: number): number {
		const { level, since } = this.#depths.get(asset) ?? { level: 0, since: now };
		return Math.max(0, level - Math.floor((now - since) / REMEMBERED_MS));
	}

	/**
	 * A viewer was served at a level. That it still is no news, and does not make it last longer; an answer from further up was asked
	 * for before the crowd was noticed.
	 */
	remember(asset: string, level: number, now: number): void {
		if (level > this.levelOf(asset, now)) this.#depths.set(asset, { level, since: now });
		for (const other of this.#depths.keys()) if (this.levelOf(other, now) === 0) this.#depths.delete(other);
	}
}
