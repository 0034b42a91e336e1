import type { HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from "hls.js";
import type { EarlyAnswer, HeadStart } from "./head-start.ts";

type LoaderClass = HlsConfig["loader"];
type Callbacks = LoaderCallbacks<LoaderContext>;

/**
 * hls.js's own loader, but for what was asked for ahead: that is handed over as if it had been loaded now. What was not, or failed,
 * goes the usual way, with hls.js's own patience and retries.
 */
export function earlyLoader(Own: LoaderClass, headStart: Pick<HeadStart, "take">): LoaderClass {
	return class implements Loader<LoaderContext> {
		readonly #own: Loader<LoaderContext>;
		context: LoaderContext | null = null;
		/** There while an answer is awaited: to whom it would go. */
		#waiting: Callbacks | undefined;
		#age: number | undefined;

		constructor(config: HlsConfig) {
			this.#own = new Own(config);
		}

		get stats(): LoaderStats {
			return this.#own.stats;
		}

		load(context: LoaderContext, config: LoaderConfiguration, callbacks: Callbacks): void {
			this.context = context;
			const early = context.rangeEnd ? undefined : headStart.take(context.url);
			if (!early) {
				this.#own.load(context, config, callbacks);
				return;
			}
			this.#waiting = callbacks;
			void early.then((answer) => {
				if (!this.#waiting) return;
				this.#waiting = undefined;
				if (answer) this.#handOver(answer, context, callbacks);
				else this.#own.load(context, config, callbacks);
			});
		}

		abort(): void {
			const waiting = this.#waiting;
			this.#waiting = undefined;
			if (!waiting || !this.context) {
				this.#own.abort();
				return;
			}
			this.stats.aborted = true;
			waiting.onAbort?.(this.stats, this.context, null);
		}

		destroy(): void {
			this.#waiting = undefined;
			this.context = null;
			this.#own.destroy();
		}

		/** Seconds that the answer has lain somewhere, here included: hls.js estimates from it how far a live playlist has gone on. */
		getCacheAge(): number | null {
			return this.#age ?? this.#own.getCacheAge?.() ?? null;
		}

		getResponseHeader(name: string): string | null {
			return this.#own.getResponseHeader?.(name) ?? null;
		}

		#handOver(answer: EarlyAnswer, context: LoaderContext, callbacks: Callbacks): void {
			const { url, body, start, first, end } = answer;
			const { stats } = this;
			stats.loading = { start, first, end };
			stats.loaded = stats.total = body.byteLength;
			stats.bwEstimate = (body.byteLength * 8000) / (end - first);
			this.#age = answer.age + (performance.now() - end) / 1000;
			const data = context.responseType === "arraybuffer" ? body : new TextDecoder().decode(body);
			callbacks.onProgress?.(stats, context, data, null);
			callbacks.onSuccess({ url, data, code: 200 }, stats, context, null);
		}
	};
}
