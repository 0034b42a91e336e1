import "../index.ts";
import { REASONS } from "../reasons.ts";
import { formatBitrate } from "../statistics/rows.ts";
import { embedSnippet, readAssetAddress } from "./asset-address.ts";
import { waitForMaster } from "./wait-for-master.ts";

/** The element with this id. */
function part<E extends HTMLElement = HTMLElement>(id: string): E {
	const element = document.querySelector<E>(`#${id}`);
	if (!element) throw new TypeError(`The page has no #${id}.`);
	return element;
}

const player = document.querySelector("crescendo-player");
const notice = part("notice");

/** What each state is called on the page. */
const STATES = {
	base: "Base picture",
	loading: "Base picture, enhancement loading",
	filling: "Base picture, enhancement on its way",
	active: "Full picture",
	stopped: "Base picture for now",
	failed: "Base picture",
} as const;

/** Videos that are shorter play round and round here: they would be over before one has looked. `?loop=false` says no. Seconds. */
const SHORT = 20;

function say(text: string): void {
	notice.textContent = text;
	notice.hidden = false;
}

/** There is nothing to watch: says why, and nothing of a video. */
function refuse(text: string): void {
	say(text);
	for (const section of document.querySelectorAll<HTMLElement>("main section")) section.hidden = true;
}

/** Draws what the player does; called on its events and twice a second while something moves. */
function draw(): void {
	if (!player) return;
	const { media } = player;
	const s = media.statistics;
	const state = media.readyState === 0 ? undefined : s.state;
	document.body.dataset["state"] = state ?? "starting";
	const title = player.getAttribute("video-title") ?? media.streamTitle;
	if (title !== undefined && part("title").textContent !== title) {
		part("title").textContent = title;
		document.title = `${title} · Crescendo`;
	}
	part("state").textContent = state === undefined ? "Starting" : STATES[state];
	part("why").textContent = s.error ?? (s.reason === undefined || state === undefined ? "" : REASONS[s.reason]);
	const { base, shown, enhancement, backend } = s;
	part("base-figure").textContent = base.width > 0 ? `${base.width} × ${base.height}` : "–";
	part("enhancement-figure").textContent = enhancement
		? `${formatBitrate(enhancement.bitrate)}, q ${enhancement.q}`
		: "–";
	part("picture-figure").textContent =
		state === "active" ? `${shown.width} × ${shown.height} · ${backend ?? ""}` : "–";
}

/** Copies, and says so on the button. */
async function copy(button: HTMLButtonElement, text: string): Promise<void> {
	const label = button.textContent;
	try {
		await navigator.clipboard.writeText(text);
		button.textContent = "Copied";
	} catch {
		// No permission: the text is on the page and in the address bar.
		button.textContent = "Copy by hand";
	}
	setTimeout(() => (button.textContent = label), 1500);
}

async function start(): Promise<void> {
	const address = readAssetAddress(location.href);
	if (!address || !player) return refuse("This address names no video.");
	part("snippet").textContent = embedSnippet(address);
	const statistics = part<HTMLButtonElement>("statistics");
	statistics.addEventListener("click", () => player.toggleAttribute("statistics"));
	new MutationObserver(() =>
		statistics.setAttribute("aria-pressed", String(player.hasAttribute("statistics"))),
	).observe(player, {
		attributeFilter: ["statistics"],
	});
	const share = part<HTMLButtonElement>("share");
	share.addEventListener("click", () => void copy(share, location.href));
	const copySnippet = part<HTMLButtonElement>("copy-snippet");
	copySnippet.addEventListener("click", () => void copy(copySnippet, embedSnippet(address)));
	player.addEventListener("enhancementchange", draw);
	const mayRepeat = new URLSearchParams(location.search).get("loop") !== "false";
	player.media.addEventListener("durationchange", () => {
		player.toggleAttribute("loop", mayRepeat && player.media.duration < SHORT);
	});
	setInterval(() => {
		if (document.visibilityState === "visible") draw();
	}, 500);

	const wrong = await waitForMaster(address.master, say);
	if (wrong !== undefined) return refuse(wrong);
	notice.hidden = true;
	player.src = address.master;
}

void start();
