import type * as HlsNamespace from "hls.js";

/** The module that `import("hls.js")` gives. */
export type HlsModule = typeof HlsNamespace;

/**
 * hls.js whose new start after a media error, which it also decides by itself, is not seen by viewer or page: giving a video another
 * source pauses it and takes its rate back (HTML, section 4.8.11.5).
 */
export function steadyHls({ default: Hls }: HlsModule): HlsModule["default"] {
	return class extends Hls {
		override recoverMediaError(): void {
			const { media } = this;
			const { paused = true, playbackRate = 1 } = media ?? {};
			super.recoverMediaError();
			if (!media) return;
			media.playbackRate = playbackRate;
			// Whoever asked for it hears how it goes.
			if (!paused) media.play().catch(() => undefined);
		}
	};
}
