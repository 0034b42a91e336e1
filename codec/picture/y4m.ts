import { CodecError } from "../errors.ts";
import { ByteQueue } from "./byte-queue.ts";
import { chromaSide, MAX_SIDE } from "./geometry.ts";
import type { Picture } from "./picture.ts";

/** What the header of a YUV4MPEG2 stream says. */
export type Y4mFormat = {
	readonly width: number;
	readonly height: number;
	/** Frames a second as a fraction. */
	readonly rate: { readonly numerator: number; readonly denominator: number };
	/** 4:2:0 with 8 bits; the names differ in where chroma is sited. */
	readonly chroma: "420" | "420jpeg" | "420mpeg2" | "420paldv";
	/** Samples use 0..255 (`XCOLORRANGE=FULL`). */
	readonly fullRange: boolean;
};

/** Longest header line that is read. */
const MAX_LINE_BYTES = 1024;

/** A YUV4MPEG2 stream being read: its format, and its pictures one at a time. */
export type Y4mReader = { readonly format: Y4mFormat; readonly pictures: AsyncGenerator<Picture, void, undefined> };

/**
 * Reads a YUV4MPEG2 stream: 4:2:0, 8 bits, progressive. Memory holds one picture.
 * @throws CodecError `invalid-file` for what is no y4m or ends inside a picture, `unsupported-format` for other samplings,
 * depths and interlaced video.
 */
export const readY4m = async (chunks: AsyncIterable<Uint8Array>): Promise<Y4mReader> => {
	const queue = new ByteQueue(chunks);
	const format = parseY4mHeader(text(await queue.takeLine(MAX_LINE_BYTES)));
	return { format, pictures: readPictures(queue, format) };
};

/** Time of frame `index` in microseconds. */
export const frameTime = (index: number, rate: Y4mFormat["rate"]): number =>
	Math.round((index * rate.denominator * 1_000_000) / rate.numerator);

async function* readPictures(queue: ByteQueue, format: Y4mFormat): AsyncGenerator<Picture, void, undefined> {
	const { width, height, rate } = format;
	const chromaBytes = chromaSide(width) * chromaSide(height);
	try {
		for (let index = 0; !(await queue.ended()); index++) {
			const line = text(await queue.takeLine(MAX_LINE_BYTES));
			if (line !== "FRAME" && !line.startsWith("FRAME "))
				throw damaged(`Frame ${index} does not begin with "FRAME".`);
			const y = await queue.take(width * height);
			const u = await queue.take(chromaBytes);
			const v = await queue.take(chromaBytes);
			if (v.length < chromaBytes) throw damaged(`The stream ends inside frame ${index}.`);
			yield { width, height, y, u, v, timestamp: frameTime(index, rate) };
		}
	} finally {
		await queue.cancel();
	}
}

/**
 * Format of a header line, without its line feed.
 * @throws CodecError as `readY4m`.
 */
export const parseY4mHeader = (line: string): Y4mFormat => {
	const [magic, ...parameters] = line.split(" ");
	if (magic !== "YUV4MPEG2") throw damaged('The stream does not begin with "YUV4MPEG2".');
	const value = (tag: string) => parameters.find((parameter) => parameter.startsWith(tag))?.slice(tag.length);
	const rate = /^([1-9]\d{0,8}):([1-9]\d{0,8})$/.exec(value("F") ?? "");
	const interlacing = value("I") ?? "p";
	if (rate === null) throw damaged(`A frame rate of "${value("F") ?? ""}".`);
	if (interlacing !== "p" && interlacing !== "?") {
		throw new CodecError("unsupported-format", "Interlaced video is not read.", { hint: "Deinterlace it first." });
	}
	return {
		width: parseSide(value("W")),
		height: parseSide(value("H")),
		rate: { numerator: Number(rate[1]), denominator: Number(rate[2]) },
		chroma: parseChroma(value("C") ?? "420jpeg"),
		fullRange: value("XCOLORRANGE=") === "FULL",
	};
};

/** Header of a stream, line feed included. */
export const y4mHeader = ({ width, height, rate, chroma, fullRange }: Y4mFormat): Uint8Array<ArrayBuffer> =>
	new TextEncoder().encode(
		`YUV4MPEG2 W${width} H${height} F${rate.numerator}:${rate.denominator} Ip A1:1 C${chroma}` +
			`${fullRange ? " XCOLORRANGE=FULL" : ""}\n`,
	);

/** Line in front of every picture. */
const FRAME_HEADER = new TextEncoder().encode("FRAME\n");

/** A picture as it stands in a stream. */
export const y4mFrame = ({ y, u, v }: Picture): Uint8Array[] => [FRAME_HEADER, y, u, v];

/** Pictures as a stream. */
export async function* writeY4m(format: Y4mFormat, pictures: AsyncIterable<Picture>): AsyncGenerator<Uint8Array> {
	yield y4mHeader(format);
	for await (const picture of pictures) {
		if (picture.width !== format.width || picture.height !== format.height) {
			const sizes = `${picture.width}x${picture.height} in a stream of ${format.width}x${format.height}`;
			throw new CodecError("invalid-picture", `A picture of ${sizes}.`);
		}
		yield* y4mFrame(picture);
	}
}

const parseSide = (digits: string | undefined): number => {
	const side = /^\d{1,5}$/.test(digits ?? "") ? Number(digits) : 0;
	if (side < 1 || side > MAX_SIDE) throw damaged(`A width or height of "${digits ?? ""}".`);
	return side;
};

const parseChroma = (name: string): Y4mFormat["chroma"] => {
	if (name === "420" || name === "420jpeg" || name === "420mpeg2" || name === "420paldv") return name;
	throw new CodecError("unsupported-format", `The stream has pixels of the format "C${name}".`, {
		hint: "Convert it to 8-bit 4:2:0, with ffmpeg -pix_fmt yuv420p for example.",
	});
};

const text = (line: Uint8Array | undefined): string => (line === undefined ? "" : String.fromCharCode(...line));

const damaged = (message: string): CodecError =>
	new CodecError("invalid-file", message, { hint: "The input is no y4m stream, or it was cut short." });
