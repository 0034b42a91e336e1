import { decodeAll } from "../../codec/base/base-codec.ts";
import { FfmpegBaseDecoder } from "../../codec/base/ffmpeg-base.ts";
import { decodeFrames } from "../../codec/enhancement/pipeline.ts";
import type { LayeredFrame } from "../../codec/enhancement/pipeline.ts";
import { EnhancementParser } from "../../codec/enhancement/parser.ts";
import { EnhancementReconstructor } from "../../codec/enhancement/reconstruction.ts";
import { createExecutor } from "../../codec/model/create-executor.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { trackFromJson } from "../../protocol/track.ts";
import type { StoredAsset } from "./edge-double.ts";

/** For tests only: decodes in Node what a browser has uploaded. */

/** The base's pictures, by ffmpeg. */
export const decodeBase = async (asset: StoredAsset): Promise<Picture[]> => {
	const json = asset.request.tracks.find(({ kind }) => kind === "base");
	const track = json === undefined ? undefined : trackFromJson(json);
	if (track?.kind !== "base") {
		throw new Error("the asset has no base");
	}
	const pictures: Picture[] = [];
	for await (const picture of decodeAll(new FfmpegBaseDecoder(track), asset.samples("base"))) {
		pictures.push(picture);
	}
	return pictures;
};

/**
 * The enhanced pictures, with base and picture hashes compared.
 * @throws where a sample cannot be decoded, or decodes to another picture than the browser's encoder had.
 */
export const decodeEnhanced = async (asset: StoredAsset, trackId: string): Promise<Picture[]> => {
	const bases = await decodeBase(asset);
	const times = asset.samples("base").map(({ timestamp }) => timestamp);
	const frames: LayeredFrame[] = asset.samples(trackId).map((sample) => {
		const base = bases[times.indexOf(sample.timestamp)];
		if (base === undefined) {
			throw new Error(`no base picture at ${sample.timestamp}`);
		}
		return { sample, base };
	});
	return decodeLayered(frames, asset.request);
};

/** The enhanced pictures of samples that lie beside their base pictures. @throws like {@link decodeEnhanced} */
export const decodeLayered = async (
	frames: readonly LayeredFrame[],
	{ width, height }: Pick<Picture, "width" | "height">,
): Promise<Picture[]> => {
	const { executor } = await createExecutor({ prefer: ["wasm"] });
	const model = await loadModel(modelFolder(new URL("../../models/crescendo-1", import.meta.url).pathname));
	const parser = await EnhancementParser.create({ model, executor, width, height });
	const reconstructor = await EnhancementReconstructor.create({ model, executor, width, height });
	const pictures: Picture[] = [];
	for await (const frame of decodeFrames(frames, parser, reconstructor)) {
		if (frame.error !== undefined) {
			throw frame.error;
		}
		pictures.push(await frame.picture.toPicture({ verify: true }));
		frame.picture.dispose();
	}
	await parser.dispose();
	await reconstructor.dispose();
	await executor.dispose();
	return pictures;
};
