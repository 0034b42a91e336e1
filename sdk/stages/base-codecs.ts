import type { BaseEncoder, BaseEncoderConfig } from "../../codec/base/base-codec.ts";
import { WebCodecsBaseDecoder, WebCodecsBaseEncoder } from "../../codec/base/webcodecs-base.ts";
import { chooseEncoderConfig } from "../../codec/base/webcodecs-candidates.ts";
import { CodecError } from "../../codec/errors.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { UploadError } from "../errors.ts";
import { bitrateFor, detailOf } from "./base-rate.ts";
import type { BaseCodecs } from "./base-stage.ts";
import { atLevel, steadyLevel } from "./steady-level.ts";

/** Within a group nothing but its first picture is a sync sample. */
const NEVER = 1 << 30;

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
	const { width, height } = config;
	const { level, mostBits } = steadyLevel(width, height, framesPerSecond);
	const atRate = (detail: number): BaseEncoderConfig => {
		const bitrate = bitrateFor({ detail, width, height, framesPerSecond, crf });
		return { ...common, rate: { bitrate: Math.min(bitrate, mostBits) } };
	};
	let steady: boolean | undefined;
	const encoder = async (_group: number, first: Picture): Promise<BaseEncoder> => {
		const rated = atRate(detailOf(first));
		steady ??= (await choose(constant, rated)) === constant;
		return atLevel(await WebCodecsBaseEncoder.create(steady ? constant : rated), level);
	};
	return {
		encoder,
		decoder: async (track) => new WebCodecsBaseDecoder(track, { signal: config.signal }),
	};
};
