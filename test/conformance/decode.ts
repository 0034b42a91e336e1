/** Decodes a conformance stream and reports hashes: the same code in Node and in a page. */
import type { Executor } from "../../codec/model/executor.ts";
import type { Model } from "../../codec/model/model-file.ts";
import { EnhancementParser } from "../../codec/enhancement/parser.ts";
import { decodeFrames } from "../../codec/enhancement/pipeline.ts";
import { EnhancementReconstructor } from "../../codec/enhancement/reconstruction.ts";
import { crc32c } from "../../codec/hash/crc32c.ts";
import { hashPicture } from "../../codec/hash/picture-hash.ts";
import { type ConformanceFrame, hex, type ManifestStream } from "./streams.ts";

export type FrameHashes = { readonly latents: string; readonly picture: string };

/** CRC-32C of latents as little-endian int16. */
export function hashLatents(latents: Int16Array): string {
	const bytes = new Uint8Array(latents.length * 2);
	const view = new DataView(bytes.buffer);
	latents.forEach((value, i) => view.setInt16(2 * i, value, true));
	return hex(crc32c(bytes));
}

/**
 * @param executors one for each stage; they may be the same
 * @throws CodecError of the first frame that cannot be decoded
 */
export async function decodeStream(
	stream: ManifestStream,
	frames: readonly ConformanceFrame[],
	model: Model,
	executors: { readonly parser: Executor; readonly reconstructor: Executor },
): Promise<FrameHashes[]> {
	const size = { width: stream.width, height: stream.height };
	const parser = await EnhancementParser.create({ model, executor: executors.parser, ...size });
	const reconstructor = await EnhancementReconstructor.create({ model, executor: executors.reconstructor, ...size });
	const hashes: FrameHashes[] = [];
	for await (const frame of decodeFrames(frames, parser, reconstructor)) {
		if (frame.error !== undefined) throw frame.error;
		const picture = await frame.picture.toPicture();
		frame.picture.dispose();
		hashes.push({ latents: hashLatents(frame.symbols.latents), picture: hex(hashPicture(picture)) });
	}
	await parser.dispose();
	await reconstructor.dispose();
	return hashes;
}
