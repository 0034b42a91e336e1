/** Markup of `<crescendo-uploader>`. Parts (`part="..."`) and custom properties are its surface for styling. */
export const TEMPLATE = `
<label part="drop">
	<slot name="prompt">
		<svg viewBox="0 0 64 64" aria-hidden="true"><path d="M32 44V14m0 0L20 26m12-12 12 12M10 44v8h44v-8" /></svg>
		<strong>Drop a video here, or choose a file</strong>
		<small>mp4, mov, webm or mkv</small>
	</slot>
	<input type="file" accept="video/*,.mkv" />
</label>
<button part="button camera" type="button" hidden><slot name="camera">Record with the camera</slot></button>
<div part="work" hidden>
	<canvas part="preview" hidden role="img" aria-label="Preview"></canvas>
	<p part="title"></p>
	<p part="notice" hidden></p>
	<ul part="warnings" aria-live="polite"></ul>
	<div part="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0" aria-label="Uploaded">
		<div part="encoded"></div>
		<div part="uploaded"></div>
	</div>
	<p part="status"></p>
	<p class="spoken" role="status"></p>
	<div part="actions">
		<button part="button finish" type="button" hidden>Finish</button>
		<button part="button pause" type="button">Pause</button>
		<button part="button cancel" type="button">Cancel</button>
		<button part="button again" type="button" hidden>Upload another</button>
		<a part="button watch" hidden>Watch it</a>
	</div>
</div>
<p part="error" role="alert" hidden></p>
`;

/**
 * Styles, as a constructed sheet so that a strict content policy does not mind.
 * Custom properties: `--crescendo-accent`, `--crescendo-danger`, `--crescendo-line`, `--crescendo-radius`.
 */
export const STYLES = `
:host {
	display: block;
	font: inherit;
	color: inherit;
	--accent: var(--crescendo-accent, #d8481c);
	--danger: var(--crescendo-danger, #c8281e);
	--line: var(--crescendo-line, color-mix(in srgb, currentColor 20%, transparent));
	--radius: var(--crescendo-radius, 12px);
}
[hidden] { display: none !important; }
[part="drop"] {
	display: grid;
	place-items: center;
	padding: 2.5rem 1rem;
	border: 2px dashed var(--line);
	border-radius: var(--radius);
	text-align: center;
	cursor: pointer;
}
[part="drop"]:hover, :host([over]) [part="drop"] { border-color: var(--accent); }
:host([over]) [part="drop"] { background: color-mix(in srgb, var(--accent) 10%, transparent); }
[part="drop"] svg {
	width: 2.5rem;
	margin-bottom: 0.5rem;
	fill: none;
	stroke: var(--accent);
	stroke-width: 4;
	stroke-linecap: round;
	stroke-linejoin: round;
}
[part="drop"] small { opacity: 0.75; }
[part="error"] {
	padding: 0.6rem 0.9rem;
	border-left: 3px solid var(--danger);
	border-radius: 0 var(--radius) var(--radius) 0;
	background: color-mix(in srgb, var(--danger) 10%, transparent);
}
[part="drop"]:focus-within { outline: 3px solid var(--accent); outline-offset: 3px; }
input { position: absolute; width: 1px; height: 1px; opacity: 0; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[part~="camera"] { margin-top: 0.75rem; }
p { margin: 0.5rem 0; }
[part="title"] { font-weight: 600; overflow-wrap: anywhere; }
[part="notice"] { padding-left: 0.75rem; border-left: 3px solid var(--accent); }
[part="warnings"] { margin: 0.5rem 0; padding-left: 1.2rem; }
[part="warnings"]:empty { display: none; }
[part="preview"] {
	display: block;
	/* As high as 20rem, and no higher than its own shape is wide. */
	width: min(100%, 20rem * var(--ratio, 1.78));
	border-radius: var(--radius);
	background: #000;
}
[part="track"] { position: relative; height: 8px; border-radius: 99px; background: var(--line); overflow: hidden; }
[part="encoded"], [part="uploaded"] { position: absolute; inset: 0 auto 0 0; width: 0; background: var(--accent); }
[part="encoded"] { opacity: 0.35; }
[part="status"] { font-variant-numeric: tabular-nums; min-height: 1.5em; }
[part="actions"] { display: flex; flex-wrap: wrap; gap: 0.5rem; }
[part~="button"] {
	padding: 0.45rem 1rem;
	border: 1px solid var(--line);
	border-radius: var(--radius);
	background: transparent;
	color: inherit;
	font: inherit;
	text-decoration: none;
	cursor: pointer;
}
[part~="button"]:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[part~="finish"], [part~="watch"] { border-color: var(--accent); background: var(--accent); color: #fff; }
`;
