/** A small picture of a stretch of the video. */
export type StoryboardPicture = {
	/** Seconds. */
	readonly start: number;
	readonly end: number;
	/** Absolute address, with the rectangle in its fragment: `#xywh=0,0,160,90`. */
	readonly url: string;
};

/** More characters than any storyboard of the edge has: 2000 pictures of a hundred each. */
const LONGEST = 2 ** 19;
/** Seconds that any time has to be below; a damaged one may be anything. */
const LATEST = 1e6;

const CUE = /^((?:\d+:)?\d\d:\d\d\.\d{3}) +--> +((?:\d+:)?\d\d:\d\d\.\d{3}).*\n(\S+#xywh=\d+,\d+,\d+,\d+)$/gm;

/** Reads a WebVTT file of pictures. What is no picture with a rectangle is passed over. @param url of the file */
export function parseStoryboard(text: string, url: string): StoryboardPicture[] {
	const pictures: StoryboardPicture[] = [];
	for (const [, from = "", to = "", picture = ""] of text.replaceAll("\r\n", "\n").matchAll(CUE)) {
		const [start, end] = [seconds(from), seconds(to)];
		const address = URL.parse(picture, url);
		if (!address || !(start < end) || end > LATEST || !/^https?:$/.test(address.protocol)) continue;
		pictures.push({ start, end, url: address.href });
	}
	return pictures;
}

/** The pictures of a storyboard; none where it cannot be fetched: they are an extra. @param url of the WebVTT file */
export async function fetchStoryboard(url: string, signal: AbortSignal): Promise<StoryboardPicture[]> {
	const text = await fetch(url, { signal, credentials: "omit", priority: "low" }).then(
		(response) => (response.ok ? response.text() : ""),
		() => "",
	);
	return text.length > LONGEST ? [] : parseStoryboard(text, url);
}

/** `01:02:03.456` or `02:03.456` in seconds. */
function seconds(clock: string): number {
	return clock.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
}
