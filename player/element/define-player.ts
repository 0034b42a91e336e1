import "./define-video.ts";
import { CrescendoStatisticsElement } from "../statistics/overlay.ts";
import { CrescendoPlayerElement } from "./crescendo-player.ts";
import { CrescendoQualityMenu } from "./quality-menu.ts";
import { CrescendoRateButton } from "./rate-button.ts";
import { CrescendoTimeDisplay } from "./time-display.ts";

declare global {
	interface HTMLElementTagNameMap {
		"crescendo-player": CrescendoPlayerElement;
	}
}

/** What the player is made of comes first: its template must find everything defined. */
const ELEMENTS: readonly (readonly [string, CustomElementConstructor])[] = [
	["crescendo-statistics", CrescendoStatisticsElement],
	["crescendo-quality-menu", CrescendoQualityMenu],
	["crescendo-rate-button", CrescendoRateButton],
	["crescendo-time-display", CrescendoTimeDisplay],
	["crescendo-player", CrescendoPlayerElement],
];

// Once, and only where there are elements to define: on a server this module does nothing.
for (const [name, constructor] of ELEMENTS) {
	if (globalThis.customElements && !globalThis.customElements.get(name)) {
		globalThis.customElements.define(name, constructor);
	}
}
