import { CrescendoVideoElement } from "./crescendo-video.ts";

declare global {
	interface HTMLElementTagNameMap {
		"crescendo-video": CrescendoVideoElement;
	}
}

/** Defines `<crescendo-video>`, once, and only where there are elements to define. */
if (globalThis.customElements && !globalThis.customElements.get("crescendo-video")) {
	globalThis.customElements.define("crescendo-video", CrescendoVideoElement);
}
