import type { Sample } from "../../codec/sample.ts";
import { decodePart, PartError } from "../../protocol/part.ts";
import { imageType, type PictureSize, pictureSize } from "./picture.ts";

/**
 * Small pictures of a video by time, for the bar of a player and for lists. The edge decodes no video, so they come from the client
 * that encodes: one file in the framing of a part, whose samples are pictures with their times. The edge takes single pictures out of
 * it, by number or by time.
 */

/** Most pictures of a storyboard, and the largest side of one. */
const MAX_PICTURES = 2000;
const LARGEST_SIDE = 640;

/** What is wrong with a storyboard, as one sentence; undefined if nothing. */
export const findStoryboardFault = (bytes: Uint8Array): string | undefined => {
	const pictures = decode(bytes);
	if (typeof pictures === "string") return pictures;
	const [first] = pictures;
	const size = first && pictureSize(first.data);
	const type = first && imageType(first.data)?.name;
	if (size === undefined) return "Picture 0 is no JPEG, PNG or WebP.";
	if (size.width < 1 || size.height < 1 || Math.max(size.width, size.height) > LARGEST_SIDE) {
		return `Picture 0 has ${size.width} x ${size.height} samples; the largest side is ${LARGEST_SIDE}.`;
	}
	for (const [index, { data }] of pictures.entries()) {
		const other = pictureSize(data);
		if (imageType(data)?.name !== type || other?.width !== size.width || other.height !== size.height) {
			return `Picture ${index} is not of the type and size of the first.`;
		}
	}
	return undefined;
};

const decode = (bytes: Uint8Array): Sample[] | string => {
	try {
		return decodePart(bytes, MAX_PICTURES);
	} catch (error) {
		if (error instanceof PartError) return error.message;
		throw error;
	}
};

/** The pictures of a storyboard that is stored. Its size was looked at when it came, and once larger ones were taken than today. */
const picturesOf = (bytes: Uint8Array): Sample[] => decodePart(bytes, MAX_PICTURES, bytes.length);

/** The WebVTT file that names a picture for every stretch of time; `base` is where pictures are, relative to the file. */
export const storyboardVtt = (bytes: Uint8Array, base: string): string => {
	const pictures = picturesOf(bytes);
	const { width, height }: PictureSize = pictureSize(pictures[0]?.data ?? new Uint8Array()) ?? {
		width: 0,
		height: 0,
	};
	const cues = pictures.map(({ timestamp, duration }, number) => {
		const end = pictures[number + 1]?.timestamp ?? timestamp + duration;
		return `${clock(timestamp)} --> ${clock(end)}\n${base}${number}#xywh=0,0,${width},${height}\n`;
	});
	return `WEBVTT\n\n${cues.join("\n")}`;
};

/** The number of the picture that is shown at a time in microseconds: the last that begins by then, else the first. */
export const pictureAt = (bytes: Uint8Array, time: number): number =>
	Math.max(
		0,
		picturesOf(bytes).findLastIndex(({ timestamp }) => timestamp <= time),
	);

/** A picture and its media type, or undefined where there are not so many. */
export const storyboardPicture = (
	bytes: Uint8Array,
	number: number,
): { readonly data: Uint8Array; readonly contentType: string } | undefined => {
	const data = picturesOf(bytes)[number]?.data;
	const type = data === undefined ? undefined : imageType(data);
	return data === undefined || type === undefined ? undefined : { data, contentType: `image/${type.name}` };
};

/** `00:01:02.345` (WebVTT, section 4.4). */
const clock = (microseconds: number): string => {
	const milliseconds = Math.round(microseconds / 1000);
	const part = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, "0");
	const seconds = milliseconds / 1000;
	return `${part(seconds / 3600, 2)}:${part((seconds / 60) % 60, 2)}:${part(seconds % 60, 2)}.${part(milliseconds % 1000, 3)}`;
};
