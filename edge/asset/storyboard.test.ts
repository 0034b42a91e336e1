import { expect, it } from "vitest";
import { encodePart, MAX_PART_BYTES, PART_HEADER_BYTES } from "../../protocol/part.ts";
import { jpegOf } from "../testing/pictures.ts";
import { pictureAt, storyboardPicture, storyboardVtt } from "./storyboard.ts";

it("a storyboard larger than those that are taken today is shown as long as it is stored", () => {
	const picture = new Uint8Array(MAX_PART_BYTES - 100);
	picture.set(jpegOf(160, 90, 1));
	const board = [0, 1, 2].map((second) =>
		encodePart([{ data: picture, timestamp: second * 1_000_000, duration: 1_000_000, sync: true }]),
	);
	const bytes = new Uint8Array(board.reduce((sum, { length }) => sum + length, 0) - 2 * PART_HEADER_BYTES);
	let end = 0;
	for (const [index, part] of board.entries()) {
		const samples = part.subarray(index === 0 ? 0 : PART_HEADER_BYTES);
		bytes.set(samples, end);
		end += samples.length;
	}
	expect(storyboardVtt(bytes, "")).toContain("00:00:02.000 --> 00:00:03.000\n2#xywh=0,0,160,90");
	expect(pictureAt(bytes, 1_500_000)).toBe(1);
	expect(storyboardPicture(bytes, 2)?.data.length).toBe(picture.length);
});
