import type { Picture } from "../../codec/picture/picture.ts";

/**
 * How dear a picture is: the mean distance of its luma samples from what their left and upper neighbours let expect. Among the things
 * that can be measured quickly this tells most about the rate; how much moves adds nothing that clips would confirm.
 */
export const detailOf = ({ y, width, height }: Picture): number => {
	let sum = 0;
	for (let row = 1; row < height; row++) {
		for (let column = 1; column < width; column++) {
			const at = row * width + column;
			sum += Math.abs((y[at] as number) - (((y[at - 1] as number) + (y[at - width] as number)) >> 1));
		}
	}
	return sum / Math.max(1, (width - 1) * (height - 1));
};

/** Flatter pictures count as this flat: they cost what headers cost. */
const FLATTEST = 0.5;

/** No group gets less, in bits a second: rate controls lose their way below. */
const LEAST = 24_000;

/** What a rate is chosen by. */
export type RateFacts = {
	readonly detail: number;
	readonly width: number;
	readonly height: number;
	readonly framesPerSecond: number;
	/** 0..51, H.264's scale: the constant rate factor whose quality is wanted. */
	readonly crf: number;
};

/**
 * Terms of log2(bits for a luma sample), fitted by `bench/base-rate.ts` to the seven evaluation clips, bases of 104x60
 * to 640x360, CRF 24 to 35: where Chromium's H.264 encoder has the PSNR that x264 has at that CRF. Root mean square error 0.18
 * octaves, the worst 0.46.
 */
export const RATE_FIT = { constant: 3.001, detail: 0.9, crf: -0.223, samples: -0.123 } as const;

/** Bits a second that give a constant quality, for browsers that encode only at a rate. */
export const bitrateFor = ({ detail, width, height, framesPerSecond, crf }: RateFacts): number => {
	const samples = width * height;
	const exponent =
		RATE_FIT.constant +
		RATE_FIT.detail * Math.log2(Math.max(FLATTEST, detail)) +
		RATE_FIT.crf * crf +
		RATE_FIT.samples * Math.log2(samples);
	return Math.max(LEAST, Math.round(samples * framesPerSecond * 2 ** exponent));
};
