import { basename } from "node:path";
import { CodecError } from "../codec/errors.ts";
import type { ReadTrack } from "../codec/mp4/init-reader.ts";
import type { Sample } from "../codec/sample.ts";
import type { CreateAssetRequest } from "../protocol/asset.ts";
import { encodePart, MAX_PART_BYTES, PART_HEADER_BYTES, PartError, SAMPLE_HEADER_BYTES } from "../protocol/part.ts";
import { trackToJson } from "../protocol/track.ts";
import { type Command, EXIT, type Io, parseFlags, requireFlag, UsageError } from "./command.ts";
import { type Asset, EdgeClient } from "./edge-client.ts";
import { baseOf, enhancementOf, type OpenFile, openFile, rateOf } from "./layers.ts";

const FLAGS = {
	endpoint: { type: "string" },
	token: { type: "string" },
	title: { type: "string" },
	json: { type: "boolean" },
	quiet: { type: "boolean" },
} as const;

const HELP = `Usage: crescendo upload FILE.mp4 --endpoint URL --token KEY

Uploads a file that \`crescendo encode\` made, and prints the asset's id and its addresses.

  --endpoint URL        the edge: https://video.example.com
  --token KEY           API key or upload token (or the environment variable CRESCENDO_TOKEN)
  --title TEXT          for people (default: the file's name)
  --json                print { id, urls } as JSON
  --quiet               no progress
`;

/** `crescendo upload`. */
export const upload: Command = {
	name: "upload",
	summary: "an encoded file to an edge",
	help: HELP,
	run: async (args, io) => {
		const { flags, values } = parseFlags(args, FLAGS, ["FILE"]);
		const [path = ""] = values;
		const endpoint = parseEndpoint(requireFlag(flags.endpoint, "--endpoint"));
		const token = requireFlag(flags.token ?? process.env["CRESCENDO_TOKEN"], "--token");
		const file = await openFile(path);
		try {
			const client = new EdgeClient(endpoint, token, io.signal);
			const title = (flags.title ?? basename(path)).slice(0, 200);
			const { id, urls } = await uploadFile(
				file,
				title,
				client,
				flags.quiet === true ? () => undefined : io.stderr,
			);
			await io.stdout(
				flags.json === true
					? `${JSON.stringify({ id, urls }, undefined, 2)}\n`
					: `${id}\nwatch  ${urls.watch}\nmaster ${urls.master}\n`,
			);
			return EXIT.ok;
		} finally {
			await file.close();
		}
	},
};

const parseEndpoint = (text: string): string => {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
		throw new UsageError(`--endpoint must be an address like https://video.example.com, not "${text}"`);
	}
	return url.href.replace(/\/+$/, "");
};

/** One part a fragment (more, where a fragment is larger than a part may be), in the order of the file. */
const uploadFile = async (
	{ reader }: OpenFile,
	title: string,
	client: EdgeClient,
	report: Io["stderr"],
): Promise<Asset> => {
	const { track: full } = enhancementOf(reader, undefined);
	const rate = await rateOf(reader, baseOf(reader).id);
	const names = new Map(reader.tracks.map((found) => [found.id, nameOf(found)]));
	const request: CreateAssetRequest = {
		...{ width: full.width, height: full.height, frameRate: rate.numerator / rate.denominator, title },
		tracks: reader.tracks.map((found) => trackToJson(nameOf(found), found.track)),
	};
	const created = await client.create(request);
	const counts = new Map([...names.values()].map((name) => [name, 0]));
	let bytes = 0;
	for await (const { trackId, samples } of reader.fragments()) {
		const name = names.get(trackId);
		const partsUrl = created.tracks.find(({ id }) => id === name)?.partsUrl;
		if (name === undefined || partsUrl === undefined)
			throw new CodecError("invalid-file", `Track ${trackId} has no name.`);
		for (const part of intoParts(samples)) {
			const number = counts.get(name) ?? 0;
			await client.putPart(partsUrl, number, part);
			counts.set(name, number + 1);
			bytes += part.length;
			report(`part ${number} of ${name} sent, ${bytes} bytes in all\n`);
		}
	}
	return client.complete(created.id, { tracks: [...counts].map(([id, parts]) => ({ id, parts })) });
};

/** Name of a track within its asset. Two enhancements of one quality are told apart by the track id. */
const nameOf = ({ id, track }: ReadTrack): string => (track.kind === "enhancement" ? `q${track.q}-${id}` : track.kind);

/** Samples in parts of at most `MAX_PART_BYTES`. @throws CodecError `invalid-file` for samples that fit in none */
function* intoParts(samples: readonly Sample[]): Generator<Uint8Array<ArrayBuffer>> {
	let pending: Sample[] = [];
	let size = PART_HEADER_BYTES;
	for (const sample of samples) {
		const more = SAMPLE_HEADER_BYTES + sample.data.length;
		if (size + more > MAX_PART_BYTES && pending.length > 0) {
			yield toPart(pending);
			pending = [];
			size = PART_HEADER_BYTES;
		}
		pending.push(sample);
		size += more;
	}
	if (pending.length > 0) yield toPart(pending);
}

const toPart = (samples: readonly Sample[]): Uint8Array<ArrayBuffer> => {
	try {
		return encodePart(samples);
	} catch (error) {
		if (!(error instanceof PartError)) throw error;
		throw new CodecError("invalid-file", `The file has samples that cannot be uploaded: ${error.message}`, {
			cause: error,
		});
	}
};
