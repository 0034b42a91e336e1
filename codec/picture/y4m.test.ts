import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../errors.ts";
import type { Picture } from "./picture.ts";
import { testPictures } from "./test-pictures.ts";
import { parseY4mHeader, readY4m, writeY4m, type Y4mFormat } from "./y4m.ts";

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
	let offset = 0;
	for (let index = 0; offset < bytes.length; index++) {
		const size = sizes[index % sizes.length] ?? 1;
		yield bytes.subarray(offset, offset + size);
		offset += size;
	}
}

async function* each(pictures: readonly Picture[]): AsyncGenerator<Picture> {
	yield* pictures;
}

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
	const all: T[] = [];
	for await (const item of items) all.push(item);
	return all;
};

const write = async (format: Y4mFormat, pictures: readonly Picture[]): Promise<Uint8Array> =>
	new Uint8Array((await collect(writeY4m(format, each(pictures)))).flatMap((chunk) => [...chunk]));

const rate = { numerator: 25, denominator: 1 };
const code = (run: () => unknown): string | undefined => {
	try {
		run();
	} catch (error) {
		return error instanceof CodecError ? error.code : String(error);
	}
	return undefined;
};

describe("y4m", () => {
	it("gives back what was written, however it is cut into chunks", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 1, max: 20 }),
				fc.integer({ min: 1, max: 20 }),
				fc.integer({ min: 0, max: 3 }),
				fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 4 }),
				fc.constantFrom("420", "420jpeg", "420mpeg2", "420paldv"),
				fc.boolean(),
				async (width, height, count, sizes, chroma, fullRange) => {
					const format: Y4mFormat = { width, height, rate, chroma: chroma as Y4mFormat["chroma"], fullRange };
					const pictures = testPictures(width, height, count);
					const reader = await readY4m(inPieces(await write(format, pictures), sizes));
					expect(reader.format).toEqual(format);
					expect(await collect(reader.pictures)).toEqual(pictures);
				},
			),
			{ seed: 4, numRuns: 60 },
		);
	});

	it("counts time from the rate without drift", async () => {
		const film = { numerator: 24_000, denominator: 1001 };
		const format: Y4mFormat = { width: 2, height: 2, rate: film, chroma: "420jpeg", fullRange: false };
		const reader = await readY4m(inPieces(await write(format, testPictures(2, 2, 4)), [50]));
		expect((await collect(reader.pictures)).map(({ timestamp }) => timestamp)).toEqual([0, 41708, 83417, 125125]);
	});

	it("is refused where it ends inside a picture, at every place", async () => {
		const format: Y4mFormat = { width: 4, height: 2, rate, chroma: "420jpeg", fullRange: false };
		const bytes = await write(format, testPictures(4, 2, 2));
		const headerLength = bytes.indexOf(0x0a) + 1;
		const frameLength = 6 + 12;
		for (let length = 0; length < bytes.length; length++) {
			const whole = length >= headerLength && (length - headerLength) % frameLength === 0;
			const read = async () => collect((await readY4m(inPieces(bytes.subarray(0, length), [7]))).pictures);
			const outcome = await read().then(
				(pictures) => pictures.length,
				(error: unknown) => (error instanceof CodecError ? error.code : error),
			);
			expect(outcome).toBe(whole ? (length - headerLength) / frameLength : "invalid-file");
		}
	});

	it("says which formats it does not read", () => {
		expect(code(() => parseY4mHeader("YUV4MPEG2 W4 H4 F25:1 C444"))).toBe("unsupported-format");
		expect(code(() => parseY4mHeader("YUV4MPEG2 W4 H4 F25:1 C420p10"))).toBe("unsupported-format");
		expect(code(() => parseY4mHeader("YUV4MPEG2 W4 H4 F25:1 Cmono"))).toBe("unsupported-format");
		expect(code(() => parseY4mHeader("YUV4MPEG2 W4 H4 F25:1 It"))).toBe("unsupported-format");
		expect(code(() => parseY4mHeader("YUV4MPEG2 W4 H4 F25:0"))).toBe("invalid-file");
		expect(code(() => parseY4mHeader("YUV4MPEG2 W4 F25:1"))).toBe("invalid-file");
		expect(code(() => parseY4mHeader("YUV4MPEG2 W99999 H4 F25:1"))).toBe("invalid-file");
		expect(code(() => parseY4mHeader("RIFF"))).toBe("invalid-file");
		expect(parseY4mHeader("YUV4MPEG2 W4 H4 F25:1 Ip A1:1 XYSCSS=420JPEG XCOLORRANGE=FULL")).toMatchObject({
			chroma: "420jpeg",
			fullRange: true,
		});
	});
});
