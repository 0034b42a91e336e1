import type { BaseEncoder, BaseEncoderConfig } from "../../codec/base/base-codec.ts";
import { WebCodecsBaseDecoder, WebCodecsBaseEncoder } from "../../codec/base/webcodecs-base.ts";
import { chooseEncoderConfig } from "../../codec/base/webcodecs-candidates.ts";
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

/** @returns the codec that a configuration would get, or undefined where there is none. */
const codecOf = async (config: BaseEncoderConfig): Promise<string | undefined> => {
	try {
		return (await chooseEncoderConfig(config)).codec;
	} catch (error) {
		if (error instanceof CodecError && error.code === "backend-unavailable") {
			return undefined;
		}
		throw error;
	}
};

/**
 * H.264 at a constant quality, else H.264 at a rate: it plays everywhere, which is worth more than the steadier quality that
 * VP9 and AV1 would give. They come where H.264 is not encoded at all.
 */
const choose = async (constant: BaseEncoderConfig, variable: BaseEncoderConfig): Promise<BaseEncoderConfig> => {
	const [steady, rated] = [await codecOf(constant), await codecOf(variable)];
	if (steady?.startsWith("avc1") === true) {
		return constant;
	}
	if (rated?.startsWith("avc1") === true || steady === undefined) {
		if (rated === undefined) {
			throw new UploadError("encoder-unavailable", "This browser encodes none of H.264, VP9 and AV1.", {
				hint: "Use a current version of Chrome, Edge, Safari or Firefox, on a page served by https.",
			});
		}
		return variable;
	}
	return constant;
};

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
		works ??= await choose(constant, variable);
		return WebCodecsBaseEncoder.create(works);
	};
	return {
		encoder,
		decoder: async (track) => new WebCodecsBaseDecoder(track, { signal: config.signal }),
	};
};
