import { type Command, EXIT, parseFlags, parseInteger } from "./command.ts";
import { CodecError } from "../codec/errors.ts";
import { hashPicture } from "../codec/hash/picture-hash.ts";
import type { EnhancedFrame } from "../codec/enhancement/pipeline.ts";
import { enhancedFrames, enhancementOf, openFile } from "./layers.ts";
import { NETWORK_FLAGS, networkHelp, readNetworks } from "./network-flags.ts";
import { Progress } from "./progress.ts";

const FLAGS = {
	track: { type: "string" },
	...NETWORK_FLAGS,
	json: { type: "boolean" },
	quiet: { type: "boolean" },
} as const;

const HELP = `Usage: crescendo verify FILE.mp4

Decodes all layers and compares every picture hash in the stream, of base and enhanced pictures, with the picture's own.
Exit status 0: all equal; 1: a picture differs; 2: the file is damaged or has no hashes.

  --track N             enhancement to verify, by track id (default: each of them)
${networkHelp("folder of the stream's model, if it is none of the package's")}\
  --json                print the counts as JSON
  --quiet               no progress
`;

/** `crescendo verify`. */
export const verify: Command = {
	name: "verify",
	summary: "decode a file and compare its picture hashes",
	help: HELP,
	run: async (args, io) => {
		const { flags, values } = parseFlags(args, FLAGS, ["FILE"]);
		const [path = ""] = values;
		const wanted = parseInteger(flags.track, "--track", { min: 1, max: 0xffff_ffff });
		const networks = readNetworks(flags);
		const { reader, close } = await openFile(path);
		try {
			const best = enhancementOf(reader, wanted);
			const ids =
				wanted === undefined
					? reader.tracks.filter(({ track }) => track.kind === "enhancement").map(({ id }) => id)
					: [best.id];
			const results: TrackResult[] = [];
			for (const id of ids) {
				const enhancement = enhancementOf(reader, id);
				const progress = new Progress(io, { total: undefined, quiet: flags.quiet === true });
				const frames = enhancedFrames(reader, enhancement, { ...networks, signal: io.signal });
				const result = await compare(id, frames, () => progress.frame());
				progress.end(`, track ${id}: ${result.hashes} hashes, ${result.different} different`);
				results.push(result);
			}
			if (flags.json === true) await io.stdout(`${JSON.stringify({ tracks: results }, undefined, 2)}\n`);
			if (results.some(({ hashes }) => hashes === 0)) {
				throw new CodecError(
					"invalid-file",
					"The enhancement carries no picture hashes, so nothing was compared.",
					{
						hint: "Encode with --hash intra or --hash every.",
					},
				);
			}
			const different = results.reduce((sum, result) => sum + result.different, 0);
			if (different > 0) io.stderr(`crescendo verify: ${different} pictures differ from their hashes\n`);
			return different === 0 ? EXIT.ok : EXIT.failed;
		} finally {
			await close();
		}
	},
};

/** Counts of one track. */
type TrackResult = {
	readonly track: number;
	frames: number;
	/** Picture hashes in the stream. */
	hashes: number;
	/** Of them, those that were not the picture's. */
	different: number;
};

const compare = async (
	track: number,
	frames: AsyncIterable<EnhancedFrame>,
	onFrame: () => void,
): Promise<TrackResult> => {
	const result: TrackResult = { track, frames: 0, hashes: 0, different: 0 };
	for await (const frame of frames) {
		if (frame.error !== undefined) throw frame.error;
		try {
			const { expectedHash } = frame.picture;
			if (expectedHash !== undefined) {
				result.hashes++;
				if (hashPicture(await frame.picture.toPicture()) !== expectedHash) result.different++;
			}
		} finally {
			frame.picture.dispose();
		}
		result.frames++;
		onFrame();
	}
	return result;
};
