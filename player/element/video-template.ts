/**
 * The shadow tree of `<crescendo-video>`. No `<style>` in it: sheets are adopted, so that a page with a strict
 * `style-src` needs no exception. The canvas is decoration for assistive technology: the video is what it describes.
 */
export const VIDEO_TEMPLATE = `
<slot name="media"><video part="video"></video></slot>
<canvas part="canvas" aria-hidden="true" hidden></canvas>
<div part="captions" aria-hidden="true" hidden></div>
<slot></slot>`;

/** Canvas and video share every rule that decides where their pixels go. */
export const VIDEO_STYLE = `
:host {
	display: inline-block;
	position: relative;
	line-height: 0;
	contain: layout;
}
:host([hidden]) {
	display: none;
}
video,
canvas {
	width: 100%;
	height: 100%;
	max-width: 100%;
	max-height: 100%;
	min-width: 100%;
	min-height: 100%;
	box-sizing: border-box;
	object-fit: var(--media-object-fit, contain);
	object-position: var(--media-object-position, 50% 50%);
}
video::cue {
	/* Native cues would lie under the canvas: the layer above it draws them. */
	visibility: hidden;
}
video::-webkit-media-text-track-container {
	visibility: hidden;
}
canvas {
	position: absolute;
	inset: 0;
	pointer-events: none;
}
canvas[data-natural] {
	/* See followNaturalSize: object-fit none and scale-down. */
	inset: 0 auto auto 0;
	width: 400%;
	height: 400%;
	max-width: none;
	max-height: none;
	transform: scale(0.25);
	transform-origin: 0 0;
}
canvas[hidden] {
	/* Laid out all the same: showing it must not cost a frame. */
	display: block;
	visibility: hidden;
}
[part="captions"] {
	position: absolute;
	inset: auto 4% var(--crescendo-captions-bottom, 8%);
	pointer-events: none;
	text-align: center;
	font: var(--crescendo-captions-font, 500 clamp(14px, 2.6cqw, 32px) / 1.35 system-ui, sans-serif);
	color: #fff;
	transition: inset 150ms;
}
[part="captions"][hidden] {
	display: none;
}
[part="captions"] span {
	display: inline-block;
	padding: 0.1em 0.45em;
	margin-top: 0.15em;
	border-radius: 0.2em;
	background: rgb(0 0 0 / 0.78);
	white-space: pre-line;
}`;
