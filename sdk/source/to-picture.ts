import type { VideoSample } from "mediabunny";
import type { Picture } from "../../codec/picture/picture.ts";
import { UploadError } from "../errors.ts";
import {
	halvePlane,
	packPlane,
	planarLayout,
	rgbToPlanes,
	splitPairs,
	toLimitedRange,
	turnPlane,
} from "../../codec/picture/planes.ts";
import type { Plane } from "../../codec/picture/planes.ts";

type Planes = { readonly y: Uint8Array; readonly u: Uint8Array; readonly v: Uint8Array };

const RGB_ORDERS: Readonly<Record<string, readonly [number, number, number]>> = {
	RGBA: [0, 1, 2],
	RGBX: [0, 1, 2],
	BGRA: [2, 1, 0],
	BGRX: [2, 1, 0],
};

const half = (size: number): number => (size + 1) >> 1;

/** @returns the planes of a frame in a format that holds samples in the open. */
const readPlanes = async (
	sample: VideoSample,
	format: string,
	width: number,
	height: number,
): Promise<Planes | undefined> => {
	const layout = planarLayout(format);
	const order = RGB_ORDERS[format];
	if (layout === undefined && order === undefined && format !== "NV12") {
		return undefined;
	}
	const bytes = new Uint8Array(sample.allocationSize());
	const placed = await sample.copyTo(bytes);
	const wide = layout !== undefined && layout.bits > 8;
	const data = wide ? new Uint16Array(bytes.buffer) : bytes;
	const plane = (index: number): Plane => {
		const place = placed[index];
		if (place === undefined) {
			throw new UploadError("source-undecodable", `A ${format} frame came with ${placed.length} planes.`);
		}
		return { data, offset: place.offset >> (wide ? 1 : 0), stride: place.stride >> (wide ? 1 : 0) };
	};
	if (order !== undefined) {
		return rgbToPlanes(plane(0), width, height, order);
	}
	if (layout === undefined) {
		const [u, v] = splitPairs(plane(1), half(width), half(height));
		return { y: packPlane(plane(0), width, height, 8), u, v };
	}
	const chroma = (index: number): Uint8Array => {
		const chromaWidth = layout.shiftX === 1 ? half(width) : width;
		const chromaHeight = layout.shiftY === 1 ? half(height) : height;
		const full = packPlane(plane(index), chromaWidth, chromaHeight, layout.bits);
		return layout.shiftX === 1 && layout.shiftY === 1
			? full
			: halvePlane(full, chromaWidth, chromaHeight, layout.shiftX === 0, layout.shiftY === 0);
	};
	return { y: packPlane(plane(0), width, height, layout.bits), u: chroma(1), v: chroma(2) };
};

/** Frames that exist only as a texture are drawn and read back. */
const drawPlanes = (sample: VideoSample, width: number, height: number): Planes => {
	const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
	if (context === null) {
		throw new UploadError("source-undecodable", "This browser gave no canvas to read frames from.");
	}
	const frame = sample.toVideoFrame();
	try {
		context.drawImage(frame, 0, 0, width, height);
	} finally {
		frame.close();
	}
	const { data } = context.getImageData(0, 0, width, height);
	const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	return rgbToPlanes({ data: bytes, offset: 0, stride: 4 * width }, width, height, [0, 1, 2]);
};

/**
 * The visible part of a decoded frame as 8-bit 4:2:0 of limited range, turned the way it is shown. The frame is not closed.
 * @param timestamp of the picture, microseconds.
 */
export const toPicture = async (sample: VideoSample, timestamp: number): Promise<Picture> => {
	const { width, height } = sample.visibleRect;
	const open = sample.format === null ? undefined : await readPlanes(sample, sample.format, width, height);
	const planes = open ?? drawPlanes(sample, width, height);
	const rgb = open === undefined || (sample.format !== null && sample.format in RGB_ORDERS);
	if (!rgb && sample.colorSpace.fullRange === true) {
		toLimitedRange(planes.y, "luma");
		toLimitedRange(planes.u, "chroma");
		toLimitedRange(planes.v, "chroma");
	}
	const { rotation, flip } = sample;
	const sideways = rotation % 180 !== 0;
	return {
		width: sideways ? height : width,
		height: sideways ? width : height,
		y: turnPlane(planes.y, width, height, rotation, flip),
		u: turnPlane(planes.u, half(width), half(height), rotation, flip),
		v: turnPlane(planes.v, half(width), half(height), rotation, flip),
		timestamp,
	};
};
