import type { BaseEncoder, BaseEncoderConfig } from "../../codec/base/base-codec.ts";
import { WebCodecsBaseDecoder, WebCodecsBaseEncoder } from "../../codec/base/webcodecs-base.ts";
import { CodecError } from "../../codec/errors.ts";
import { UploadError } from "../errors.ts";
import type { BaseCodecs } from "./base-stage.ts";

/** Within a group nothing but its first picture is a sync sample. */
const NEVER = 1 << 30;

/** Bits for a sample of luma at CRF 30; halves for each six steps. From clips of 640x360 with a base of 160x90. */
const BITS_AT_30 = 0.09;

/** Bits a second that come near a constant quality, for browsers that encode only at a rate. */
const bitrateFor = (crf: number, width: number, height: number, framesPerSecond: number): number =>
	Math.max(30_000, Math.round(width * height * framesPerSecond * BITS_AT_30 * 2 ** ((30 - crf) / 6)));

/**
 * Makes the base's encoders and decoders, one of each for a group of pictures.
 * @param config what is coded; `crf` is the quality to aim for.
 * @throws {UploadError} `encoder-unavailable` from `encoder()`.
 */
export const webCodecsBase = (
	config: Pick<BaseEncoderConfig, "width" | "height" | "frameRate" | "colour"> & {
		readonly crf: number;
		readonly signal: AbortSignal;
	},
): BaseCodecs => {
	const { crf, ...rest } = config;
	const framesPerSecond = config.frameRate.numerator / config.frameRate.denominator;
	const common = { ...rest, keyInterval: NEVER };
	const constant: BaseEncoderConfig = { ...common, rate: { crf } };
	const variable: BaseEncoderConfig = {
		...common,
		rate: { bitrate: bitrateFor(crf, config.width, config.height, framesPerSecond) },
	};
	let works: BaseEncoderConfig | undefined;
	const encoder = async (): Promise<BaseEncoder> => {
		if (works !== undefined) {
			return WebCodecsBaseEncoder.create(works);
		}
		let reason: unknown;
		for (const candidate of [constant, variable]) {
			try {
				const made = await WebCodecsBaseEncoder.create(candidate);
				works = candidate;
				return made;
			} catch (error) {
				if (!(error instanceof CodecError) || error.code !== "backend-unavailable") {
					throw error;
				}
				reason = error;
			}
		}
		throw new UploadError("encoder-unavailable", "This browser encodes none of H.264, VP9 and AV1.", {
			hint: "Use a current version of Chrome, Edge, Safari or Firefox, on a page served by https.",
			cause: reason,
		});
	};
	return {
		encoder,
		decoder: async (track) => new WebCodecsBaseDecoder(track, { signal: config.signal }),
	};
};
