import "media-chrome/media-controller";
import "media-chrome/media-control-bar";
import "media-chrome/media-chrome-button";
import "media-chrome/media-error-dialog";
import "media-chrome/media-fullscreen-button";
import "media-chrome/media-loading-indicator";
import "media-chrome/media-mute-button";
import "media-chrome/media-pip-button";
import "media-chrome/media-play-button";
import "media-chrome/media-preview-chapter-display";
import "media-chrome/media-preview-thumbnail";
import "media-chrome/media-preview-time-display";
import "media-chrome/media-time-range";
import "media-chrome/media-volume-range";
import "media-chrome/menu/media-chrome-menu-item";
import "media-chrome/menu/media-captions-menu";
import "media-chrome/menu/media-captions-menu-button";
import "media-chrome/menu/media-playback-rate-menu";
import "media-chrome/menu/media-rendition-menu-button";
import { MediaUIEvents } from "media-chrome/constants";
import type MediaController from "media-chrome/media-controller";
import type MediaTimeRange from "media-chrome/media-time-range";
import { setLanguage } from "media-chrome/utils/i18n";
import { ElementBase } from "./element-base.ts";
import type { CapturedPicture } from "../pipeline/capture.ts";
import type { CrescendoStatisticsElement } from "../statistics/overlay.ts";
import type { PlayerStatistics } from "../statistics/statistics.ts";
import type { CrescendoVideoElement } from "./crescendo-video.ts";
import { PLAYER_STYLE, playerTemplate } from "./player-template.ts";
import { isStorageOpen, readPreference, writePreference } from "./preferences.ts";
import type { CrescendoQualityMenu } from "./quality-menu.ts";
import { LOW_RENDITION } from "./renditions.ts";
import { fetchStoryboard } from "./storyboard.ts";
import { reasonFor, wordsFor } from "./words.ts";

/** Handed on to the `<crescendo-video>` inside as they are. */
const MEDIA_ATTRIBUTES = [
	"src",
	"poster",
	"preload",
	"autoplay",
	"muted",
	"loop",
	"crossorigin",
	"controlslist",
	"disablepictureinpicture",
	"disableremoteplayback",
	"enhancement",
	"backend",
	"model-url",
	"debug",
	"no-reports",
] as const;

/** Attributes of `<media-controller>` that keep it from remembering. */
const CONTROLLER_PREFERENCES = ["novolumepref", "nomutedpref", "nosubtitleslangpref"] as const;

/**
 * `<crescendo-player>`: a `<crescendo-video>` inside media-chrome's controls, with a quality menu and a statistics
 * overlay. `<track>` children go to the video. See docs/player.md.
 *
 * @fires enhancementchange bubbling from the video
 * @fires enhancementerror bubbling from the video
 * @slot - `<track>` elements
 * @slot poster - an element shown before playback instead of the `poster` picture
 */
export class CrescendoPlayerElement extends ElementBase {
	static readonly observedAttributes = [...MEDIA_ATTRIBUTES, "video-title", "statistics", "lang", "no-preferences"];

	#abort: AbortController | undefined;
	/** The pictures for the time range, and the storyboard that they are from. */
	#thumbnails: TextTrack | undefined;
	#thumbnailsOf: string | undefined;

	/** The media element inside: the whole HTMLMediaElement surface is there. */
	get media(): CrescendoVideoElement {
		return this.#part<CrescendoVideoElement>("crescendo-video");
	}

	get src(): string | null {
		return this.getAttribute("src");
	}

	set src(value: string | null) {
		if (value === null) this.removeAttribute("src");
		else this.setAttribute("src", value);
	}

	play(): Promise<void> {
		return this.media.play();
	}

	pause(): void {
		this.media.pause();
	}

	/** See {@link CrescendoVideoElement.statistics}. */
	get statistics(): PlayerStatistics {
		return this.media.statistics;
	}

	/** See {@link CrescendoVideoElement.captureEnhanced}. */
	captureEnhanced(): Promise<CapturedPicture | undefined> {
		return this.media.captureEnhanced();
	}

	connectedCallback(): void {
		this.#build();
		this.#abort = new AbortController();
		const { signal } = this.#abort;
		const { media } = this;
		for (const type of ["enhancementchange", "loadedmetadata", "resize", "emptied"]) {
			media.addEventListener(type, () => this.#drawShown(), { signal });
		}
		media.videoRenditions.addEventListener("addrendition", () => this.#onRenditions(), { signal });
		media.videoRenditions.addEventListener("change", () => this.#onChoice(), { signal });
		this.#part("[part~=statistics-button]").addEventListener("click", () => this.toggleAttribute("statistics"), {
			signal,
		});
		const range = this.#part("media-time-range");
		for (const type of ["pointerenter", "focusin"]) {
			range.addEventListener(type, () => void this.#loadThumbnails(signal), { signal });
		}
		this.addEventListener("keydown", (event) => this.#onKey(event), { signal });
		this.addEventListener("keyup", () => this.#nameShortcuts(), { signal });
		this.#drawShown();
	}

	disconnectedCallback(): void {
		this.#abort?.abort();
		this.#abort = undefined;
	}

	attributeChangedCallback(name: string, before: string | null, after: string | null): void {
		// The same `src` again is a load of its own.
		if (!this.shadowRoot || (before === after && name !== "src")) return;
		if ((MEDIA_ATTRIBUTES as readonly string[]).includes(name)) this.#handOn(name, this.media);
		else if (name === "no-preferences") this.#allowPreferences(this.#part<MediaController>("media-controller"));
		else this.#draw();
	}

	#build(): void {
		if (this.shadowRoot) return;
		const root = this.attachShadow({ mode: "open" });
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(PLAYER_STYLE);
		root.adoptedStyleSheets = [sheet];
		// media-chrome has one language for the whole page.
		setLanguage(this.#language());
		const template = document.createElement("template");
		template.innerHTML = playerTemplate(wordsFor(this.#language()));
		// Before it is upgraded: `muted` says how a media element begins, and does nothing to one that is there.
		const media = template.content.querySelector("crescendo-video");
		for (const name of MEDIA_ATTRIBUTES) if (media) this.#handOn(name, media);
		const controller = template.content.querySelector<MediaController>("media-controller");
		if (controller) this.#allowPreferences(controller);
		root.append(template.content);
		this.#part<CrescendoStatisticsElement>("crescendo-statistics").media = this.media;
		this.#draw();
	}

	/** media-chrome remembers volume, muting and the language of captions; where storage is closed it would fail at that. */
	#allowPreferences(controller: MediaController): void {
		const forbidden = !this.#remembers() || !isStorageOpen();
		for (const name of CONTROLLER_PREFERENCES) controller.toggleAttribute(name, forbidden);
		// The last of them counts only at the start, by itself.
		const detail = { noSubtitlesLangPref: forbidden };
		controller.mediaStore?.dispatch({ type: "optionschangerequest", detail });
	}

	#handOn(name: string, media: HTMLElement): void {
		const value = this.getAttribute(name);
		if (value === null) media.removeAttribute(name);
		else media.setAttribute(name, value);
	}

	#draw(): void {
		const statistics = this.hasAttribute("statistics");
		this.#part("crescendo-statistics").hidden = !statistics;
		this.#part("[part~=statistics-button]").setAttribute("aria-pressed", String(statistics));
		this.#drawShown();
	}

	/** The title, and in a corner what is shown; the reason why it is not more is its tooltip. */
	#drawShown(): void {
		const { media } = this;
		this.#part("[part=title]").textContent = this.getAttribute("video-title") ?? media.streamTitle ?? "";
		const badge = this.#part("[part=badge]");
		const words = wordsFor(this.#language());
		const { enhancementState: state, enhancementReason: reason } = media;
		const lines = Math.min(media.videoWidth, media.videoHeight);
		badge.hidden = lines === 0;
		badge.dataset["state"] = state;
		const soon = state === "loading" || state === "filling";
		badge.textContent = `${state === "active" ? words.enhanced : soon ? words.loading : words.low} ${lines}p`;
		badge.title = reason === undefined ? "" : reasonFor(reason, this.#language());
	}

	/** The menu gets bitrates, and what was chosen last time is chosen again. */
	#onRenditions(): void {
		const renditions = [...this.media.videoRenditions];
		const bitrates = new Map(renditions.map(({ id, bitrate }) => [String(id), bitrate ?? 0]));
		const menu = this.#part<CrescendoQualityMenu>("crescendo-quality-menu");
		Object.assign(menu, { bitrates, language: this.#language() });
		if (
			this.#remembers() &&
			readPreference("quality") === LOW_RENDITION &&
			this.media.videoRenditions.selectedIndex === -1
		) {
			this.media.videoRenditions.selectedIndex = renditions.findIndex(({ id }) => id === LOW_RENDITION);
		}
	}

	/** Pictures for the time range, once somebody goes there: those of the page's own track, else those that the stream has. */
	async #loadThumbnails(signal: AbortSignal): Promise<void> {
		const { media } = this;
		const source = media.streamStoryboard;
		if (this.#thumbnailsOf === source) return;
		this.#thumbnailsOf = source;
		const others = [...media.textTracks].filter(({ label }) => label === "thumbnails");
		if (others.some((track) => track !== this.#thumbnails)) return;
		const pictures = source === undefined ? [] : await fetchStoryboard(source, signal);
		if (signal.aborted || this.#thumbnailsOf !== source) return;
		if (pictures.length === 0 && !this.#thumbnails) return;
		const track = (this.#thumbnails ??= media.addTextTrack("metadata", "thumbnails"));
		track.mode = "hidden";
		for (const cue of [...(track.cues ?? [])]) track.removeCue(cue);
		for (const { start, end, url } of pictures) track.addCue(new VTTCue(start, end, url));
		// Who waits there sees the picture too: media-chrome asks again only after a second of video.
		const range = this.#part<MediaTimeRange>("media-time-range");
		const detail = range.mediaPreviewTime;
		if (detail === undefined) return;
		range.dispatchEvent(
			new CustomEvent(MediaUIEvents.MEDIA_PREVIEW_REQUEST, { bubbles: true, composed: true, detail }),
		);
	}

	#onChoice(): void {
		if (!this.#remembers()) return;
		const { videoRenditions } = this.media;
		const chosen = [...videoRenditions][videoRenditions.selectedIndex]?.id;
		writePreference("quality", chosen === LOW_RENDITION ? LOW_RENDITION : undefined);
	}

	#onKey(event: KeyboardEvent): void {
		if (event.key !== "i" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
		this.toggleAttribute("statistics");
		event.preventDefault();
	}

	/** media-chrome makes the dialog of its keys when one of them first asks for it, and gives it no name. */
	#nameShortcuts(): void {
		const dialog = this.shadowRoot?.querySelector("media-keyboard-shortcuts-dialog");
		dialog?.setAttribute("aria-label", wordsFor(this.#language()).shortcuts);
	}

	#remembers(): boolean {
		return !this.hasAttribute("no-preferences");
	}

	#language(): string {
		return this.lang || document.documentElement.lang || navigator.language;
	}

	#part<E extends HTMLElement = HTMLElement>(selector: string): E {
		this.#build();
		const element = this.shadowRoot?.querySelector<E>(selector);
		if (!element) throw new TypeError(`The player has no ${selector}.`);
		return element;
	}
}
