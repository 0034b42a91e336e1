import type { QualityResponse } from "../../protocol/quality.ts";
import { type AssetPage, type AssetRow, ask, RefusedError, type Usage } from "./api.ts";
import { barPlot, fillDays, ranking } from "./plots.ts";

/** The operations page: assets, their state, and how they are played. The key stays in this tab until it is closed. */

const KEY = "crescendo-key";
const DAYS = 30;

const element = <Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind => {
	const found = document.getElementById(id);
	if (found instanceof kind) return found;
	throw new Error(`The page has no ${id}.`);
};
const main = element("main", HTMLElement);
const enter = element("enter", HTMLFormElement);
const leave = element("leave", HTMLButtonElement);
const problem = element("problem", HTMLElement);
const keyField = element("key", HTMLInputElement);
const words = element("words", HTMLInputElement);
const state = element("state", HTMLSelectElement);
const rows = element("assets", HTMLTableSectionElement);
const more = element("more", HTMLButtonElement);

let key = sessionStorage.getItem(KEY) ?? "";
let cursor: string | undefined;
let listing = new AbortController();

const bytes = (value: number): string => {
	const units = ["B", "kB", "MB", "GB", "TB"];
	const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
	return `${(value / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};
const clock = (seconds: number): string =>
	`${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
const milliseconds = (value: number | null): string => (value === null ? "–" : `${(value / 1000).toFixed(2)} s`);

const showFigures = (list: HTMLElement, figures: Readonly<Record<string, string>>): void => {
	list.replaceChildren(
		...Object.entries(figures).map(([name, value]) => {
			const [box, term, figure] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
			if (box === undefined || term === undefined || figure === undefined) throw new Error("No elements.");
			term.textContent = name;
			figure.textContent = value;
			box.append(term, figure);
			return box;
		}),
	);
};

const showTotals = async (): Promise<void> => {
	const { stored, delivered } = await ask<Usage>(key, `/v1/usage?days=${DAYS}`);
	const sum = delivered.reduce((total, day) => total + day.bytes, 0);
	showFigures(element("totals", HTMLElement), {
		Assets: String(stored.assets),
		Minutes: stored.minutes.toFixed(1),
		Stored: bytes(stored.bytes),
		Delivered: bytes(sum),
		Requests: String(delivered.reduce((total, day) => total + day.requests, 0)),
	});
	const days = delivered.map(({ day, bytes: value }) => ({ day, value }));
	const plot = barPlot("Delivered", fillDays(days, DAYS, Date.now()), bytes);
	plot.id = "delivered";
	element("delivered", HTMLElement).replaceWith(plot);
};

const rowOf = (asset: AssetRow): HTMLTableRowElement => {
	const row = document.createElement("tr");
	const open = document.createElement("button");
	open.type = "button";
	open.textContent = asset.title ?? asset.id;
	open.addEventListener("click", () => {
		for (const other of rows.rows) other.ariaSelected = String(other === row);
		guard(showAsset(asset));
	});
	// What the catalogue knows of an asset's length and layers, it knows from its completion on.
	const isComplete = asset.state === "complete";
	const cells = {
		State: asset.state,
		Access: asset.access,
		Length: isComplete ? clock(asset.durationSeconds) : "–",
		Stored: isComplete ? bytes(asset.bytes) : "–",
		Layers: isComplete ? String(1 + asset.enhancements) : "–",
		Made: new Date(asset.createdAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }),
	};
	row.insertCell().append(open);
	for (const [name, text] of Object.entries(cells)) {
		const cell = row.insertCell();
		cell.textContent = text;
		// On a narrow screen, where there is no row of heads.
		cell.dataset["name"] = name;
		cell.classList.toggle("number", ["Length", "Stored", "Layers"].includes(name));
	}
	return row;
};

const list = async (from: string | undefined): Promise<void> => {
	listing.abort();
	listing = new AbortController();
	const query = new URLSearchParams({ limit: "20" });
	if (words.value.trim() !== "") query.set("search", words.value.trim());
	if (state.value !== "") query.set("state", state.value);
	if (from !== undefined) query.set("cursor", from);
	const page = await ask<AssetPage>(key, `/v1/assets?${query}`, listing.signal);
	if (from === undefined) rows.replaceChildren();
	rows.append(...page.assets.map(rowOf));
	({ cursor } = page);
	more.hidden = cursor === undefined;
	element("none", HTMLElement).hidden = rows.rows.length > 0;
};

const showAsset = async (asset: AssetRow): Promise<void> => {
	const [quality, usage] = await Promise.all([
		ask<QualityResponse>(key, `/v1/assets/${asset.id}/quality?days=${DAYS}`),
		ask<Usage>(key, `/v1/assets/${asset.id}/usage?days=${DAYS}`),
	]);
	const { total, days, fallbacks } = quality;
	element("asset-title", HTMLElement).textContent = `${asset.title ?? asset.id}, ${asset.width} × ${asset.height}`;
	const watch = document.createElement("a");
	watch.href = asset.urls.watch;
	watch.textContent = "Watch";
	element("asset-links", HTMLElement).replaceChildren(watch, ` · ${asset.id}`);
	const hours = total.playedSeconds / 3600;
	showFigures(element("asset-figures", HTMLElement), {
		Playbacks: String(total.playbacks),
		"Start-up, half": milliseconds(total.startupP50),
		"Start-up, 95 %": milliseconds(total.startupP95),
		"Stalls an hour": hours === 0 ? "–" : (total.stalls / hours).toFixed(1),
		"Stalled share": percent(total.playedSeconds === 0 ? 0 : total.stalledSeconds / total.playedSeconds),
		"Enhanced share": percent(total.enhancedShare),
		Failed: String(total.failed),
		Delivered: bytes(usage.delivered.reduce((sum, day) => sum + day.bytes, 0)),
	});
	const plot = (title: string, value: (day: (typeof days)[number]) => number, format: (value: number) => string) =>
		barPlot(
			title,
			fillDays(
				days.map((day) => ({ day: day.day, value: value(day) })),
				DAYS,
				Date.now(),
			),
			format,
		);
	element("plots", HTMLElement).replaceChildren(
		plot("Playbacks", ({ playbacks }) => playbacks, String),
		plot("Start-up, half of the playbacks", ({ startupP50 }) => startupP50 ?? 0, milliseconds),
		plot("Enhanced share", ({ enhancedShare }) => enhancedShare, percent),
		plot(
			"Stalled",
			({ stalledSeconds }) => stalledSeconds,
			(value) => `${value.toFixed(1)} s`,
		),
		ranking("Why not enhanced", fallbacks),
	);
	const section = element("asset", HTMLElement);
	section.hidden = false;
	section.scrollIntoView({ block: "nearest" });
};

const showReadiness = async (): Promise<void> => {
	const response = await fetch("/ready", { cache: "no-store" });
	element("ready", HTMLElement).textContent = response.ok
		? "Store and catalogue answer."
		: "Store or catalogue do not answer.";
};

const showKeyForm = (message = ""): void => {
	sessionStorage.removeItem(KEY);
	key = "";
	main.hidden = true;
	leave.hidden = true;
	enter.hidden = false;
	problem.textContent = message;
};

/** Runs what may be refused: a key that is no good leads back to the form, everything else is said. */
const guard = (work: Promise<unknown>): void => {
	work.catch((error: unknown) => {
		if (error instanceof DOMException && error.name === "AbortError") return;
		const message = error instanceof Error ? error.message : String(error);
		if (error instanceof RefusedError && (error.status === 401 || error.status === 403)) showKeyForm(message);
		else element("ready", HTMLElement).textContent = message;
	});
};

const open = async (): Promise<void> => {
	await Promise.all([showTotals(), list(undefined)]);
	sessionStorage.setItem(KEY, key);
	problem.textContent = "";
	enter.hidden = true;
	main.hidden = false;
	leave.hidden = false;
};

enter.addEventListener("submit", (event) => {
	event.preventDefault();
	key = keyField.value.trim();
	keyField.value = "";
	guard(open());
});
leave.addEventListener("click", () => showKeyForm());
more.addEventListener("click", () => guard(list(cursor)));
state.addEventListener("change", () => guard(list(undefined)));
words.addEventListener("input", () => guard(list(undefined)));
element("search", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
guard(showReadiness());
if (key !== "") guard(open());
