/** What a page's own address says about the asset it shows. */
export type AssetAddress = {
	readonly id: string;
	/** Multivariant playlist, absolute. */
	readonly master: string;
	/** Token of signed playback, if the page was given one. */
	readonly token: string | undefined;
};

/**
 * Reads `/watch/<id>` and `/embed/<id>`. A playback token comes in the fragment (`#token=...`), which browsers send to
 * nobody, and becomes part of the playlist's path.
 *
 * @returns undefined where the address names no asset
 */
export function readAssetAddress(href: string): AssetAddress | undefined {
	const url = new URL(href);
	const id = /\/(?:watch|embed)\/([\w-]{1,64})\/?$/.exec(url.pathname)?.[1];
	if (id === undefined) return undefined;
	const token = new URLSearchParams(url.hash.slice(1)).get("token") ?? undefined;
	const prefix = token === undefined ? "" : `/p/${encodeURIComponent(token)}`;
	return { id, token, master: `${url.origin}${prefix}/v1/assets/${id}/master.m3u8` };
}

/** Text to paste into a page: one script tag and one element. */
export function embedSnippet(address: AssetAddress): string {
	const { origin } = new URL(address.master);
	return [
		`<script type="module" src="${origin}/player.js"></script>`,
		`<crescendo-player src="${address.master}"></crescendo-player>`,
	].join("\n");
}
