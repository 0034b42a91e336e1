import { writeFile } from "node:fs/promises";
import { readMediaSegment } from "../../codec/mp4/fragment-reader.ts";
import { FragmentedFileWriter } from "../../codec/mp4/fragmented-file.ts";
import { type ReadTrack, readInitSegment } from "../../codec/mp4/init-reader.ts";
import type { Sample } from "../../codec/sample.ts";
import { parseEnhancementList } from "../../protocol/enhancements.ts";

/** One track of an asset as the edge delivers it. */
export interface StoredTrack {
	readonly track: ReadTrack;
	readonly segments: readonly { readonly url: string; readonly samples: readonly Sample[] }[];
}

/** What an asset consists of, fetched through its playlists. */
export interface StoredAsset {
	readonly base: StoredTrack;
	readonly enhancements: readonly StoredTrack[];
}

/** Follows the playlists as any client would: master, list of enhancements, media playlists, segments. */
export async function fetchAsset(edgeUrl: string, id: string): Promise<StoredAsset> {
	const master = `${edgeUrl}/v1/assets/${id}/master.m3u8`;
	const playlist = await text(master);
	const variant = playlist.split("\n").find((line) => line !== "" && !line.startsWith("#"));
	const listUri = /#EXT-X-SESSION-DATA:.*URI="([^"]+)"/.exec(playlist)?.[1];
	if (variant === undefined || listUri === undefined) throw new Error(`not both layers in\n${playlist}`);
	const listUrl = new URL(listUri, master).href;
	const list = parseEnhancementList(JSON.parse(await text(listUrl)));
	if (list === undefined) throw new Error(`${listUrl} is no list of enhancements`);
	return {
		base: await fetchTrack(new URL(variant, master).href),
		enhancements: await Promise.all(list.enhancements.map(({ uri }) => fetchTrack(new URL(uri, listUrl).href))),
	};
}

async function fetchTrack(playlistUrl: string): Promise<StoredTrack> {
	const playlist = await text(playlistUrl);
	const map = /#EXT-X-MAP:.*URI="([^"]+)"/.exec(playlist)?.[1];
	if (map === undefined) throw new Error(`no init segment in\n${playlist}`);
	const { tracks } = readInitSegment(await bytes(new URL(map, playlistUrl).href));
	const [track] = tracks;
	if (track === undefined) throw new Error(`${playlistUrl} has an init segment without a track`);
	const urls = playlist.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
	const segments = await Promise.all(
		urls.map(async (uri) => {
			const url = new URL(uri, playlistUrl).href;
			return { url, samples: readMediaSegment(await bytes(url), tracks).flatMap(({ samples }) => samples) };
		}),
	);
	return { track, segments };
}

/** Writes base and first enhancement into one file, as `crescendo encode` does, for the command line tool to decode. */
export async function writeAssetFile({ base, enhancements }: StoredAsset, path: string): Promise<void> {
	const [enhancement] = enhancements;
	if (enhancement === undefined) throw new Error("the asset has no enhancement");
	const writer = new FragmentedFileWriter([
		{ ...base.track, id: 1 },
		{ ...enhancement.track, id: 2, references: [{ type: "sbas", trackIds: [1] }] },
	]);
	const parts: Uint8Array[] = [writer.header()];
	for (const [i, segment] of base.segments.entries()) {
		parts.push(writer.fragment(1, segment.samples));
		const upper = enhancement.segments[i];
		if (upper !== undefined) parts.push(writer.fragment(2, upper.samples));
	}
	await writeFile(path, Buffer.concat(parts));
}

async function text(url: string): Promise<string> {
	return new TextDecoder().decode(await bytes(url));
}

async function bytes(url: string): Promise<Uint8Array> {
	const response = await fetch(url);
	if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
	return new Uint8Array(await response.arrayBuffer());
}
