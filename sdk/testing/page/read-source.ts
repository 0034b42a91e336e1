import type { ColourSpace } from "../../../codec/track.ts";
import { UploadError } from "../../errors.ts";
import { FileSource } from "../../source/file-source.ts";
import { MemoryPath } from "../../source/picture-path.ts";

/** What a source gave, read to its end. */
export type SourceAccount = {
	readonly width: number;
	readonly height: number;
	readonly duration: number | undefined;
	readonly frameRate: number | undefined;
	readonly rotation: number;
	readonly colour: ColourSpace;
	readonly sizes: readonly string[];
	readonly timestamps: readonly number[];
	readonly durations: readonly number[];
	/** First sample of each plane of the first picture. */
	readonly corner: readonly number[];
	/** Mean luma of the four quarters of the first picture, row by row. */
	readonly quarters: readonly number[];
	readonly audio:
		| {
				readonly made: string;
				readonly codec: string;
				readonly channels: number;
				readonly sampleRate: number;
				readonly description: number;
		  }
		| undefined;
	readonly sound: { readonly count: number; readonly first: number; readonly end: number };
	readonly warnings: readonly string[];
};

export type SourceRefusal = { readonly refused: string; readonly hint: boolean; readonly status?: number };

const quarterMeans = (luma: Uint8Array, width: number, height: number): number[] =>
	[0, 1, 2, 3].map((quarter) => {
		const [columns, rows] = [width >> 1, height >> 1];
		let sum = 0;
		for (let y = 0; y < rows; y++) {
			for (let x = 0; x < columns; x++) {
				sum += luma[(y + (quarter >> 1) * rows) * width + x + (quarter & 1) * columns] ?? 0;
			}
		}
		return Math.round(sum / (columns * rows));
	});

/** Opens a file, or what is at its address, and reads all of it from `from` microseconds on. */
export const readSource = async (
	address: string,
	from: number,
	how: "file" | "address" = "file",
): Promise<SourceAccount | SourceRefusal> => {
	const opened = how === "file" ? await (await fetch(address)).blob() : new URL(address, location.href).href;
	const { signal } = new AbortController();
	try {
		const source = await FileSource.open(opened, { audio: "auto", signal });
		const sizes: string[] = [];
		const timestamps: number[] = [];
		const durations: number[] = [];
		let corner: number[] = [];
		let quarters: number[] = [];
		const path = new MemoryPath();
		for await (const taken of source.pictures(from, path, signal)) {
			const { duration } = taken;
			const picture = await path.planes(taken.picture);
			if (timestamps.length === 0) {
				corner = [picture.y[0] ?? -1, picture.u[0] ?? -1, picture.v[0] ?? -1];
				quarters = quarterMeans(picture.y, picture.width, picture.height);
			}
			timestamps.push(picture.timestamp);
			durations.push(duration);
			sizes.push(`${picture.width}x${picture.height}`);
		}
		const { audio } = source;
		const sound = { count: 0, first: -1, end: 0 };
		for await (const sample of audio?.samples(signal) ?? []) {
			sound.first = sound.count === 0 ? sample.timestamp : sound.first;
			sound.count += 1;
			sound.end = sample.timestamp + sample.duration;
		}
		source.close();
		const { width, height, duration, frameRate, rotation, colour } = source.info;
		const track = audio && { ...audio.track, made: audio.made, description: audio.track.description.length };
		const warnings = source.warnings.map(({ code }) => code);
		return {
			...{ width, height, duration, frameRate, rotation, colour },
			...{ sizes, timestamps, durations, corner, quarters, audio: track, sound, warnings },
		};
	} catch (error) {
		if (error instanceof UploadError) {
			const { code, hint, status } = error;
			return { refused: code, hint: hint !== undefined, ...(status !== undefined && { status }) };
		}
		throw error;
	}
};
