import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { M3U8Parser } from "hls.js";
import { readSample } from "../../codec/bitstream/sample.ts";
import { readSequenceHeader } from "../../codec/bitstream/sequence-header.ts";
import { frameGeometry } from "../../codec/enhancement/geometry.ts";
import { RansDecoder } from "../../codec/entropy/rans.ts";
import { CodecError } from "../../codec/errors.ts";
import { crc32c } from "../../codec/hash/crc32c.ts";
import { readMediaSegment } from "../../codec/mp4/fragment-reader.ts";
import { readInitSegment } from "../../codec/mp4/init-reader.ts";
import { bytesSource, FragmentedFileReader } from "../../codec/mp4/reader.ts";
import { readOnnx } from "../../codec/model/onnx-reader.ts";
import { getBidirectionalMotion, MotionHistory } from "../../codec/motion/bidirectional.ts";
import { getMotion } from "../../codec/motion/syntax.ts";
import { readY4m, y4mHeader } from "../../codec/picture/y4m.ts";
import { readEnhancementList } from "../../player/stream/enhancement-list.ts";
import { readMediaPlaylist } from "../../player/stream/media-playlist.ts";
import { decodePart, encodePart, PartError } from "../../protocol/part.ts";
import { MODEL_FOLDER, readManifest, readStream } from "../conformance/files.ts";

/** Something that reads bytes from strangers. */
export interface Target {
	/** Inputs that are right; what the reader gets are damaged copies. */
	readonly inputs: readonly Uint8Array[];
	readonly read: (bytes: Uint8Array) => unknown;
	/** Mends what would otherwise turn every damaged copy away at the door. */
	readonly mend?: (bytes: Uint8Array) => Uint8Array;
	readonly runs: number;
}

/** Every reader answers with a value, or with one of these. */
export function isTyped(error: unknown): boolean {
	return error instanceof CodecError || error instanceof PartError;
}

const SAMPLE = fileURLToPath(new URL("../../examples/sample/bunny-small-crescendo.mp4", import.meta.url));

/** The sample video's header and first fragments. */
async function fileStart(): Promise<Uint8Array> {
	const whole = new Uint8Array(await readFile(SAMPLE));
	const view = new DataView(whole.buffer);
	let at = 0;
	for (let left = 6; left > 0 && at < whole.length; at += view.getUint32(at)) {
		if (String.fromCharCode(...whole.subarray(at + 4, at + 8)) === "mdat") left--;
	}
	return whole.slice(0, at);
}

/** Puts the check sum of the bytes in front behind them: damage that a check sum does not find. */
function withCheckSum(sample: Uint8Array): Uint8Array {
	if (sample.length < 4) return sample;
	const end = sample.length - 4;
	new DataView(sample.buffer, sample.byteOffset).setUint32(end, crc32c(sample.subarray(0, end)));
	return sample;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const PLAYLIST = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="base/init.mp4",BYTERANGE="700@0"
#EXTINF:2.000,
#EXT-X-BYTERANGE:4000@700
base/0.m4s
#EXT-X-GAP
#EXTINF:1.500,
base/1.m4s
#EXT-X-ENDLIST
`;

const ENHANCEMENTS = {
	enhancements: [
		{
			...{ id: "enhancement-32", width: 640, height: 360, q: 32, bandwidth: 400_000 },
			...{ modelId: "0123456789abcdef0123456789abcdef", codec: "sve1.01", uri: "enhancement-32.m3u8" },
		},
	],
};

/** All of them, by name. */
export const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
	"init segment": async () => {
		const start = await fileStart();
		const end = Buffer.from(start).indexOf("moof") - 4;
		return { inputs: [start.slice(0, end)], read: readInitSegment, runs: 2000 };
	},
	"media segment": async () => {
		const start = await fileStart();
		const { tracks } = readInitSegment(start);
		return { inputs: [start], read: (bytes) => readMediaSegment(bytes, tracks), runs: 1000 };
	},
	"fragmented file": async () => ({
		inputs: [await fileStart()],
		read: async (bytes) => {
			const reader = await FragmentedFileReader.open(bytesSource(bytes));
			for await (const fragment of reader.fragments()) if (fragment.samples.length > 2 ** 17) return;
		},
		runs: 1000,
	}),
	"sequence header": async () => {
		const { tracks } = readInitSegment(await fileStart());
		const headers = tracks.flatMap(({ track }) => (track.kind === "enhancement" ? [track.description] : []));
		return { inputs: headers, read: readSequenceHeader, runs: 2000 };
	},
	"enhancement sample": async () => {
		const stream = (await readManifest()).streams.find(({ name }) => name === "bidirectional");
		if (stream === undefined) throw new Error("no conformance stream with bidirectional frames");
		const { width, height } = frameGeometry(stream.width, stream.height).grid8;
		// The first frame of each type: those after them need what is learned from frame to frame.
		const frames = (await readStream(stream)).slice(0, 3);
		const inter = readSample(frames[2]?.sample.data ?? new Uint8Array(0));
		return {
			inputs: frames.map(({ sample }) => sample.data),
			mend: withCheckSum,
			read: (bytes) => {
				const { type, hasMotion, payload } = readSample(bytes);
				const history = new MotionHistory();
				const decoder = hasMotion ? new RansDecoder(payload) : undefined;
				if (type === "inter") getMotion(decoder, width, height, history.inter).toBlockMotion();
				if (type !== "bidirectional") return;
				getMotion(new RansDecoder(inter.payload), width, height, history.inter);
				getBidirectionalMotion(decoder, width, height, history).field.toBlockMotion();
			},
			runs: 3000,
		};
	},
	part: async () => {
		const start = await fileStart();
		const [fragment] = readMediaSegment(start, readInitSegment(start).tracks);
		return { inputs: [encodePart(fragment?.samples ?? [])], read: decodePart, runs: 2000 };
	},
	y4m: async () => {
		const format = {
			width: 17,
			height: 9,
			rate: { numerator: 25, denominator: 1 },
			chroma: "420jpeg",
			fullRange: false,
		} as const;
		const frame = Buffer.concat([encode("FRAME\n"), new Uint8Array(17 * 9 + 2 * 9 * 5)]);
		return {
			inputs: [new Uint8Array(Buffer.concat([y4mHeader(format), frame, frame]))],
			read: async (bytes) => {
				const { pictures } = await readY4m(
					(async function* () {
						yield bytes;
					})(),
				);
				for await (const picture of pictures) if (picture.y.length !== picture.width * picture.height) return;
			},
			runs: 1000,
		};
	},
	"enhancement list": async () => ({
		inputs: [encode(JSON.stringify(ENHANCEMENTS))],
		read: (bytes) => readEnhancementList(decode(bytes), "https://video.example.com/enhancements.json"),
		runs: 1000,
	}),
	"media playlist": async () => ({
		inputs: [encode(PLAYLIST)],
		read: (bytes) => readMediaPlaylist(M3U8Parser, decode(bytes), "https://video.example.com/a/media.m3u8"),
		runs: 1000,
	}),
	"model graph": async () => ({
		inputs: [new Uint8Array(await readFile(join(MODEL_FOLDER, "intra.onnx")))],
		read: readOnnx,
		runs: 1000,
	}),
};
