import MediaTimeDisplay from "media-chrome/media-time-display";

/**
 * media-chrome calls its time display "playback time", which is not what is written on it: those who speak to their computer cannot
 * name it so (WCAG 2.2, 2.5.3). Without a label the text is the name; the description says it in words.
 */
export class CrescendoTimeDisplay extends MediaTimeDisplay {
	override connectedCallback(): void {
		super.connectedCallback();
		this.removeAttribute("aria-label");
	}

	override attributeChangedCallback(name: string, before: string | null, after: string | null): void {
		super.attributeChangedCallback(name, before, after);
		this.removeAttribute("aria-label");
	}
}
