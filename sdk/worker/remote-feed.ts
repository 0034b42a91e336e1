import type { FedFrame, FedSound, Feed, FeedInfo } from "../feed/feed.ts";
import type { PageMessage, WorkerMessage } from "./messages.ts";

type Waiting = { readonly resolve: (item: unknown) => void; readonly reject: (error: Error) => void };

/** The worker's end of a feed: asks the page for each picture and each piece of sound. */
export class RemoteFeed implements Feed {
	readonly info: FeedInfo;
	missed = 0;
	readonly #post: (message: WorkerMessage) => void;
	readonly #waiting = new Map<number, Waiting>();
	#asked = 0;

	constructor(info: FeedInfo, post: (message: WorkerMessage) => void) {
		this.info = info;
		this.#post = post;
	}

	/** Takes what the page sends for the feed. */
	receive(message: Extract<PageMessage, { type: "fed-frame" | "fed-sound" | "feed-failed" }>): void {
		const waiting = this.#waiting.get(message.id);
		this.#waiting.delete(message.id);
		switch (message.type) {
			case "fed-frame":
				this.missed = message.missed;
				if (waiting === undefined) {
					message.fed?.frame.close();
				}
				waiting?.resolve(message.fed);
				break;
			case "fed-sound":
				if (waiting === undefined) {
					message.fed?.data.close();
				}
				waiting?.resolve(message.fed);
				break;
			case "feed-failed":
				waiting?.reject(new Error(message.message));
				break;
		}
	}

	nextFrame(): Promise<FedFrame | undefined> {
		return this.#ask("next-frame") as Promise<FedFrame | undefined>;
	}

	nextSound(): Promise<FedSound | undefined> {
		return this.#ask("next-sound") as Promise<FedSound | undefined>;
	}

	pause(): void {
		this.#post({ type: "hold-feed" });
	}

	resume(): void {
		this.#post({ type: "release-feed" });
	}

	end(): void {
		this.#post({ type: "end-feed" });
		for (const { resolve } of this.#waiting.values()) {
			resolve(undefined);
		}
		this.#waiting.clear();
	}

	#ask(type: "next-frame" | "next-sound"): Promise<unknown> {
		const id = ++this.#asked;
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
			this.#post({ type, id });
		});
	}
}
