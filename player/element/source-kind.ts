/** File endings that `<video>` plays by itself. */
const FILES = /\.(?:mp4|m4v|webm|mov|ogv|ogg|mp3|m4a|mkv)$/i;

/** Media types of HLS playlists (RFC 8216, section 10). */
export const HLS_TYPE = /^\s*(?:application\/vnd\.apple\.mpegurl|(?:application|audio)\/(?:x-)?mpegurl)\s*(?:;|$)/i;

/** Says who plays a source: hls.js, or the browser itself because it is one file (no enhancement then). */
export function sourceKind(url: string): "hls" | "file" {
	if (url.startsWith("blob:") || url.startsWith("data:")) return "file";
	let path: string;
	try {
		path = new URL(url, "https://page.invalid/").pathname;
	} catch {
		// Not an address at all: hls.js will say so.
		return "hls";
	}
	return FILES.test(path) ? "file" : "hls";
}
