import { decodeAll, encodeAll } from "../../../codec/base/base-codec.ts";
import type { BaseEncoderConfig } from "../../../codec/base/base-codec.ts";
import { WebCodecsBaseDecoder, WebCodecsBaseEncoder } from "../../../codec/base/webcodecs-base.ts";
import { measurePsnr } from "../../../codec/picture/quality.ts";
import type { Picture } from "../../../codec/picture/picture.ts";
import type { Sample } from "../../../codec/sample.ts";

/** Rate and quality of the browser's H.264 encoder. */
export type BaseMeasurement = {
	readonly bitrate: number;
	readonly actual: number;
	readonly psnr: number;
	readonly description: string;
};

/** Codes raw 4:2:0 pictures at several rates, and measures what comes out. */
export const measureBase = async (
	address: string,
	shape: Omit<BaseEncoderConfig, "rate"> & { readonly count: number },
	bitrates: readonly number[],
): Promise<readonly BaseMeasurement[]> => {
	const { width, height, frameRate, count } = shape;
	const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
	const luma = width * height;
	const chroma = luma / 4;
	const interval = (1e6 * frameRate.denominator) / frameRate.numerator;
	const pictures = Array.from({ length: count }, (_, index): Picture => {
		const plane = (offset: number, size: number) => {
			const start = index * (luma + 2 * chroma) + offset;
			return bytes.subarray(start, start + size);
		};
		const planes = { y: plane(0, luma), u: plane(luma, chroma), v: plane(luma + chroma, chroma) };
		return { width, height, ...planes, timestamp: Math.round(index * interval) };
	});
	const measured: BaseMeasurement[] = [];
	for (const bitrate of bitrates) {
		const encoder = await WebCodecsBaseEncoder.create({ ...shape, rate: { bitrate }, codecs: ["avc"] });
		const samples: Sample[] = [];
		for await (const sample of encodeAll(encoder, pictures)) {
			samples.push(sample);
		}
		const track = await encoder.track();
		let psnr = 0;
		let index = 0;
		for await (const picture of decodeAll(new WebCodecsBaseDecoder(track), samples)) {
			psnr += measurePsnr(pictures[index++] ?? picture, picture).yuv / count;
		}
		const bits = samples.reduce((sum, { data }) => sum + 8 * data.length, 0);
		const description = [...track.description].map((byte) => byte.toString(16).padStart(2, "0")).join("");
		measured.push({ bitrate, actual: (bits / count / interval) * 1e6, psnr, description });
	}
	return measured;
};
