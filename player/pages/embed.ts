import "../index.ts";
import { readAssetAddress } from "./asset-address.ts";
import { waitForMaster } from "./wait-for-master.ts";

/** Attributes that the query of an embedded page may set: `?autoplay&muted&enhancement=off`. */
const SETTABLE = ["autoplay", "muted", "loop", "enhancement", "backend", "video-title", "preload"] as const;

const player = document.querySelector("crescendo-player");
const notice = document.querySelector<HTMLElement>("#notice");

function say(text: string): void {
	if (!notice) return;
	notice.textContent = text;
	notice.hidden = false;
}

async function start(): Promise<void> {
	const address = readAssetAddress(location.href);
	if (!address || !player) return say("This address names no video.");
	const query = new URLSearchParams(location.search);
	for (const name of SETTABLE) {
		const value = query.get(name);
		if (value !== null) player.setAttribute(name, value);
	}
	const wrong = await waitForMaster(address.master, say);
	if (wrong !== undefined) return say(wrong);
	if (notice) notice.hidden = true;
	player.src = address.master;
}

void start();
