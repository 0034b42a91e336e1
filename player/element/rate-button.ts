import { MediaPlaybackRateMenuButton } from "media-chrome/menu/media-playback-rate-menu-button";
import { t } from "media-chrome/utils/i18n";

/** media-chrome's button with "1x" on it is called "playback rate 1": its name has to hold what is written on it (WCAG 2.2, 2.5.3). */
export class CrescendoRateButton extends MediaPlaybackRateMenuButton {
	override attributeChangedCallback(name: string, before: string | null, after: string | null): void {
		super.attributeChangedCallback(name, before, after);
		if (name === "mediaplaybackrate") this.ariaLabel = `${t("Playback rate")} ${this.container.textContent}`;
	}
}
