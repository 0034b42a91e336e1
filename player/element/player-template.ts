import type { Words } from "./words.ts";

const STATISTICS_ICON =
	'<svg aria-hidden="true" viewBox="0 0 24 24"><path d="M4 20V10h3v10H4Zm6.5 0V4h3v16h-3ZM17 20v-7h3v7h-3Z"/></svg>';

/** media-chrome has a hidden button there for menus inside of menus, which a menu must not hold (ARIA, section 5.3.6). */
const NO_BACK_BUTTON = '<template slot="header"></template>';

/** What the error dialog says, by the code of the MediaError. */
const errorSlots = (words: Words): string =>
	[undefined, undefined, words.networkLost, words.undecodable, words.unavailable]
		.map((message, code) =>
			message === undefined
				? ""
				: `<h3 slot="error-${code}-title">${words.unplayable}</h3><p slot="error-${code}-message">${message}</p>`,
		)
		.join("");

/** The shadow tree of `<crescendo-player>`: media-chrome's controls round a `<crescendo-video>`. */
export function playerTemplate(words: Words): string {
	return `
<media-controller part="controller" exportparts="layer, media-layer, poster-layer, vertical-layer, centered-layer">
	<crescendo-video slot="media" part="media" exportparts="video, canvas, captions" playsinline><slot></slot></crescendo-video>
	<slot name="poster" slot="poster"></slot>
	<div slot="top-chrome" part="top">
		<span part="title"></span>
		<span part="badge" role="status" aria-live="off" hidden></span>
	</div>
	<crescendo-statistics part="statistics" noautohide hidden></crescendo-statistics>
	<media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
	<media-error-dialog slot="dialog" aria-label="${words.unplayable}">${errorSlots(words)}</media-error-dialog>
	<media-captions-menu id="captions-menu" hidden anchor="auto">${NO_BACK_BUTTON}</media-captions-menu>
	<media-playback-rate-menu id="rate-menu" hidden anchor="rate-button" rates="0.5 0.75 1 1.25 1.5 2">${NO_BACK_BUTTON}</media-playback-rate-menu>
	<crescendo-quality-menu id="quality-menu" hidden anchor="auto">${NO_BACK_BUTTON}</crescendo-quality-menu>
	<div part="bottom">
		<media-time-range part="time-range"></media-time-range>
		<media-control-bar part="control-bar">
			<media-play-button></media-play-button>
			<media-mute-button></media-mute-button>
			<media-volume-range></media-volume-range>
			<crescendo-time-display showduration></crescendo-time-display>
			<span part="space"></span>
			<media-captions-menu-button invoketarget="captions-menu"></media-captions-menu-button>
			<media-rendition-menu-button part="quality-button" invoketarget="quality-menu"></media-rendition-menu-button>
			<crescendo-rate-button id="rate-button" part="rate-button" invoketarget="rate-menu"></crescendo-rate-button>
			<media-chrome-button part="statistics-button" aria-pressed="false" aria-label="${words.statistics}">${STATISTICS_ICON}<span slot="tooltip-content">${words.statistics}</span></media-chrome-button>
			<media-pip-button></media-pip-button>
			<media-fullscreen-button></media-fullscreen-button>
		</media-control-bar>
	</div>
</media-controller>`;
}

/** Colours are custom properties, so that a page can make the player its own. */
export const PLAYER_STYLE = `
:host {
	--_accent: var(--crescendo-accent, #ff7a45);
	--_surface: var(--crescendo-surface, rgb(10 14 20 / 0.92));
	display: block;
	position: relative;
	aspect-ratio: var(--crescendo-aspect-ratio, 16 / 9);
	width: 100%;
	overflow: hidden;
	border-radius: var(--crescendo-radius, 0);
	background: #000;
	color: #fff;
	container-type: inline-size;
}
:host([hidden]) {
	display: none;
}
media-controller {
	display: block;
	width: 100%;
	height: 100%;
	--media-primary-color: #fff;
	--media-secondary-color: transparent;
	--media-control-background: transparent;
	--media-control-hover-background: rgb(255 255 255 / 0.12);
	--media-range-bar-color: var(--_accent);
	--media-range-track-background: rgb(255 255 255 / 0.28);
	--media-range-track-border-radius: 2px;
	--media-range-thumb-background: var(--_accent);
	--media-time-range-buffered-color: rgb(255 255 255 / 0.4);
	--media-menu-background: var(--_surface);
	--media-menu-border-radius: 10px;
	--media-tooltip-background-color: var(--_surface);
	--media-font-family: var(--crescendo-font, system-ui, sans-serif);
	--media-font-size: 14px;
	--media-focus-box-shadow: 0 0 0 2px var(--_accent);
}
crescendo-video {
	width: 100%;
	height: 100%;
}
media-controller:not([userinactive]) crescendo-video,
media-controller[mediapaused] crescendo-video {
	--crescendo-captions-bottom: 84px;
}
[part="top"] {
	display: flex;
	align-items: center;
	gap: 12px;
	box-sizing: border-box;
	width: 100%;
	padding: 14px 16px 28px;
	background: linear-gradient(rgb(0 0 0 / 0.62), transparent);
	font: 600 clamp(13px, 2cqw, 17px) / 1.3 var(--crescendo-font, system-ui, sans-serif);
	pointer-events: none;
}
[part="title"] {
	flex: 1;
	overflow: hidden;
	text-overflow: ellipsis;
	white-space: nowrap;
}
[part="badge"] {
	padding: 3px 9px;
	border-radius: 99px;
	background: rgb(0 0 0 / 0.55);
	font-size: 12px;
	font-weight: 600;
	letter-spacing: 0.02em;
	white-space: nowrap;
	/* Its tooltip says why the picture is not enhanced. */
	pointer-events: auto;
	transition: background 300ms;
}
[part="badge"][data-state="active"] {
	background: var(--_accent);
	color: #1b0d05;
}
[part="badge"][hidden] {
	display: none;
}
[part="bottom"] {
	width: 100%;
	padding-top: 36px;
	background: linear-gradient(transparent, rgb(0 0 0 / 0.72));
}
media-time-range {
	display: block;
	width: 100%;
	height: 22px;
	padding-inline: 14px;
	box-sizing: border-box;
}
media-control-bar {
	display: flex;
	width: 100%;
	padding: 0 6px 6px;
	box-sizing: border-box;
}
media-pip-button[mediapipunavailable] {
	display: none;
}
media-keyboard-shortcuts-dialog {
	/* Without a height of its own its last rows are out of reach in a low window. */
	inset: 0;
}
media-error-dialog > * {
	margin: 0 0 0.3em;
	text-wrap: balance;
}
[id$="-menu"] {
	/* Its lowest row lies over the time range. */
	z-index: 1;
}
[part="space"] {
	flex: 1;
}
media-chrome-button[aria-pressed="true"] {
	--media-icon-color: var(--_accent);
}
crescendo-statistics {
	position: absolute;
	inset: 52px auto auto 14px;
	z-index: 1;
	max-height: calc(100% - 140px);
	pointer-events: auto;
}
@container (max-width: 520px) {
	media-volume-range,
	[part="rate-button"],
	media-pip-button {
		display: none;
	}
	crescendo-statistics {
		inset: 8px;
		max-width: none;
		max-height: calc(100% - 70px);
		font-size: 10.5px;
	}
}
@media (prefers-reduced-motion: reduce) {
	[part="badge"] {
		transition: none;
	}
}`;
