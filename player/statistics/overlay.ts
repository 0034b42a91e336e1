import type { CrescendoVideoElement } from "../element/crescendo-video.ts";
import { ElementBase } from "../element/element-base.ts";
import { STATISTICS_ROWS } from "./rows.ts";

const STYLE = `
:host {
	display: block;
	box-sizing: border-box;
	max-width: min(34rem, 92%);
	max-height: 100%;
	overflow: auto;
	padding: 0.7rem 0.9rem;
	border-radius: 0.6rem;
	background: rgb(8 12 18 / 0.82);
	color: #e9eef5;
	font: 12px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
	font-variant-numeric: tabular-nums;
	text-align: left;
}
:host([hidden]) {
	display: none;
}
dl {
	display: grid;
	grid-template-columns: auto 1fr;
	gap: 0 0.9rem;
	margin: 0;
}
dt {
	color: #9fb0c6;
	white-space: nowrap;
}
dd {
	margin: 0;
	overflow-wrap: anywhere;
}`;

/** Milliseconds between two updates while it is shown. */
const PERIOD = 500;

/** The statistics overlay: draws `STATISTICS_ROWS` of its `media`, and only while it is shown. */
export class CrescendoStatisticsElement extends ElementBase {
	static readonly observedAttributes = ["hidden"];

	#media: CrescendoVideoElement | undefined;
	#list: HTMLDListElement | undefined;
	#timer: ReturnType<typeof setInterval> | undefined;

	/** The element whose statistics are shown. */
	get media(): CrescendoVideoElement | undefined {
		return this.#media;
	}

	set media(media: CrescendoVideoElement | undefined) {
		this.#media = media;
		this.#run();
	}

	connectedCallback(): void {
		if (!this.#list) {
			const root = this.attachShadow({ mode: "open" });
			const sheet = new CSSStyleSheet();
			sheet.replaceSync(STYLE);
			root.adoptedStyleSheets = [sheet];
			this.#list = document.createElement("dl");
			root.append(this.#list);
		}
		this.#run();
	}

	disconnectedCallback(): void {
		this.#run();
	}

	attributeChangedCallback(): void {
		this.#run();
	}

	#run(): void {
		clearInterval(this.#timer);
		this.#timer = undefined;
		if (!this.isConnected || this.hidden) return;
		this.#draw();
		this.#timer = setInterval(() => this.#draw(), PERIOD);
	}

	#draw(): void {
		const statistics = this.media?.statistics;
		if (!statistics || !this.#list) return;
		const nodes: HTMLElement[] = [];
		for (const { label, text } of STATISTICS_ROWS) {
			const value = text(statistics);
			if (value === undefined) continue;
			const term = document.createElement("dt");
			term.textContent = label;
			const description = document.createElement("dd");
			description.textContent = value;
			nodes.push(term, description);
		}
		this.#list.replaceChildren(...nodes);
	}
}
