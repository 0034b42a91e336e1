import type { Page } from "playwright-core";
import type { CrescendoPlayerElement } from "../../player/classes.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Rectangle } from "./pixels.ts";

/** Longest wait for anything a page does: a machine may be busy with much else. */
export const PATIENCE_MS = 600_000;

/** What the player tells of itself. */
export interface Observation {
	readonly state: string;
	readonly reason: string | undefined;
	readonly currentTime: number;
	readonly ended: boolean;
	readonly firstPicture: number | undefined;
	readonly firstEnhanced: number | undefined;
}

/** A picture that was read back from the canvas. */
export interface Captured {
	readonly timestamp: number;
	readonly hash: number;
	readonly picture: Picture;
	/** RGBA of the canvas. */
	readonly pixels: Uint8Array;
}

/** Drives a page that holds a `<crescendo-player>`. */
export class Viewer {
	readonly page: Page;

	constructor(page: Page) {
		this.page = page;
		page.setDefaultTimeout(PATIENCE_MS);
	}

	/** Opens an address and waits for the player to be there. */
	async open(url: string): Promise<void> {
		await this.page.goto(url);
		// By a timer: a browser without a screen may stop painting, and animation frames with it.
		await this.page.waitForFunction(
			() => {
				const player = document.querySelector("crescendo-player");
				return player !== null && "statistics" in player;
			},
			undefined,
			{ polling: 100 },
		);
	}

	/** Sets an attribute of the player, or removes it. */
	async set(name: string, value: string | null): Promise<void> {
		await this.page.evaluate(
			([key, text]) => {
				const player = document.querySelector("crescendo-player");
				if (text === null || text === undefined) player?.removeAttribute(key as string);
				else player?.setAttribute(key as string, text);
			},
			[name, value],
		);
	}

	async play(): Promise<void> {
		await this.page.evaluate(async () => {
			const { media } = document.querySelector("crescendo-player") as CrescendoPlayerElement;
			media.muted = true;
			await media.play();
		});
	}

	/** Plays round and round. */
	async loop(): Promise<void> {
		await this.page.evaluate(() => {
			(document.querySelector("crescendo-player") as CrescendoPlayerElement).media.loop = true;
		});
	}

	async pause(): Promise<void> {
		await this.page.evaluate(() =>
			(document.querySelector("crescendo-player") as CrescendoPlayerElement).media.pause(),
		);
	}

	/** Seeks and waits until the picture of that time is on the screen. */
	async seek(seconds: number): Promise<void> {
		await this.page.evaluate(async (to) => {
			const { media } = document.querySelector("crescendo-player") as CrescendoPlayerElement;
			const shown = new Promise((resolve) => media.addEventListener("seeked", resolve, { once: true }));
			media.currentTime = to;
			await shown;
		}, seconds);
	}

	async observe(): Promise<Observation> {
		return this.page.evaluate(() => {
			const { media } = document.querySelector("crescendo-player") as CrescendoPlayerElement;
			const { state, reason, firstPicture, firstEnhanced } = media.statistics;
			return { state, reason, currentTime: media.currentTime, ended: media.ended, firstPicture, firstEnhanced };
		});
	}

	/** Observes again and again until the condition holds. */
	async until(condition: (seen: Observation) => boolean, seconds = PATIENCE_MS / 1000): Promise<Observation[]> {
		const seen: Observation[] = [];
		for (
			const end = Date.now() + seconds * 1000;
			Date.now() < end;
			await new Promise((wake) => setTimeout(wake, 50))
		) {
			const now = await this.observe();
			seen.push(now);
			if (condition(now)) return seen;
		}
		throw new Error(`not within ${seconds} s; last seen ${JSON.stringify(seen.at(-1))}`);
	}

	/** Where the picture is on the page: the video's box less the bars beside it. */
	async pictureArea(aspect: number): Promise<Rectangle> {
		const box = await this.page.evaluate(() => {
			const { media } = document.querySelector("crescendo-player") as CrescendoPlayerElement;
			const { x, y, width, height } = media.nativeEl.getBoundingClientRect();
			return { x, y, width, height };
		});
		const width = Math.min(box.width, box.height * aspect);
		const height = width / aspect;
		return {
			x: Math.round(box.x + (box.width - width) / 2),
			y: Math.round(box.y + (box.height - height) / 2),
			width: Math.round(width),
			height: Math.round(height),
		};
	}

	/** The enhanced picture on the canvas, once it is the one of that time: after a seek the base is seen first. */
	async captureAt(isWanted: (timestamp: number) => boolean): Promise<Captured> {
		for (
			const end = Date.now() + PATIENCE_MS;
			Date.now() < end;
			await new Promise((wake) => setTimeout(wake, 100))
		) {
			const captured = await this.#capture();
			if (captured !== undefined && isWanted(captured.timestamp)) return captured;
		}
		throw new Error("the canvas did not come to show the picture of that time");
	}

	async #capture(): Promise<Captured | undefined> {
		const captured = await this.page.evaluate(async () => {
			const player = document.querySelector("crescendo-player") as CrescendoPlayerElement;
			const found = await player.captureEnhanced();
			if (found === undefined) return undefined;
			const { picture, hash, timestamp, pixels } = found;
			const { width, height } = picture;
			const planes = [picture.y, picture.u, picture.v, new Uint8Array(pixels.data.buffer)].map((plane) =>
				Array.from(plane),
			);
			return { width, height, hash, timestamp, planes };
		});
		if (captured === undefined) return undefined;
		const { width, height, hash, timestamp } = captured;
		const [y, u, v, pixels] = captured.planes.map((plane) => Uint8Array.from(plane));
		if (!y || !u || !v || !pixels) throw new Error("planes are missing");
		return { hash, timestamp, picture: { width, height, y, u, v, timestamp }, pixels };
	}
}
