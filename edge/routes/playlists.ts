import { type Context, Hono } from "hono";
import { requirePlayback } from "../access/require-playback.ts";
import { loadExtraList, loadExtras } from "../asset/extras.ts";
import type { PlaylistQuery } from "../asset/live-question.ts";
import { frozenStateKey } from "../asset/object-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { enhancementList } from "../hls/enhancement-list.ts";
import { captionPlaylist } from "../hls/caption-playlist.ts";
import { masterPlaylist } from "../hls/master-playlist.ts";
import { mediaPlaylist } from "../hls/media-playlist.ts";
import { type PackedState, unpackState } from "../hls/packed-state.ts";
import type { PlaybackState } from "../hls/playback-state.ts";
import { surroundingsOf } from "../hls/surroundings.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { deliveryLimits } from "../http/delivery-limits.ts";
import { findText, keepText, type SharedText } from "../http/object-cache.ts";
import { matchesEtag } from "../http/range.ts";
import { readObject } from "../http/serve-object.ts";
import { askIndex, askPlaylist } from "../relay/ask-live.ts";
import { assetIdParam } from "./context.ts";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

/** Seconds for which a data centre keeps a finished asset's state: so long its playlists are there after the asset is deleted elsewhere. */
const STATE_SECONDS = 10;

/** Playlists and the list of enhancements: built from the state, stored nowhere but in what a data centre shares for a moment. */
export const playlists = new Hono<EdgeContext>()
	.get("/v1/assets/:id/master.m3u8", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const playlist = await shared(context, id, "index/master", {
			frozen: async (state) =>
				masterPlaylist(state, surroundingsOf(state, await loadExtraList(context.env.MEDIA, id))) ?? "",
			live: () => askIndex(context, id, "master"),
			changes: true,
		});
		// Shared as well, or all who wait for a camera to begin would ask the Durable Object.
		if (playlist.text === "") throw notYet();
		return answer(context, playlist, PLAYLIST_TYPE);
	})
	.get("/v1/assets/:id/enhancements.json", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const list = await shared(context, id, "index/enhancements", {
			frozen: (state) => JSON.stringify(enhancementList(state)),
			live: () => askIndex(context, id, "enhancements"),
		});
		return answer(context, list, "application/json");
	})
	.get("/v1/assets/:id/tracks/:track/playlist.m3u8", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const query = playlistQuery(context);
		const trackId = context.req.param("track");
		const live = () => askPlaylist(context, id, trackId, query);
		// Who asks for what is to come has seen a playlist without an end: it is not asked first whether the asset is complete.
		if (query.segment !== undefined) {
			return answer(context, { text: await live(), complete: false }, PLAYLIST_TYPE);
		}
		const name = `tracks/${encodeURIComponent(trackId)}${query.skip ? "/delta" : ""}`;
		return answer(context, await shared(context, id, name, { frozen: frozenTrack(trackId), live }), PLAYLIST_TYPE);
	})
	.get("/v1/assets/:id/captions/:language/playlist.m3u8", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const [state, extras] = await Promise.all([loadFrozen(context, id), loadExtras(context.env.MEDIA, id)]);
		const captions = extras.find(({ name }) => name === `captions/${context.req.param("language")}`);
		if (captions === undefined || state === undefined) throw notFound("such captions");
		const text = captionPlaylist(state, captions.file.split("/").at(-1) ?? "");
		return answer(context, { text, complete: true }, PLAYLIST_TYPE);
	});

const frozenTrack =
	(trackId: string) =>
	(state: PlaybackState): string => {
		const track = state.tracks.find((candidate) => candidate.id === trackId);
		if (track === undefined) throw notFound("such track");
		if (track.segments.length === 0) throw notYet();
		return mediaPlaylist(state, track);
	};

/** How a text of an asset is made: from the frozen state once the asset is complete, else by its Durable Object. */
type Sources = {
	readonly frozen: (state: PlaybackState) => string | Promise<string>;
	readonly live: () => Promise<string>;
	/** Title and captions are changed after completion too, and whoever changed them sees it at once: it is not shared then. */
	readonly changes?: boolean;
};

/** A text that is the same for all who ask in a data centre within a second: however many they are, it is made a few times. */
const shared = async (
	context: Context<EdgeContext>,
	id: string,
	name: string,
	{ frozen, live, changes = false }: Sources,
): Promise<SharedText> => {
	const key = `playlists/${id}/${name}`;
	const kept = await findText(key);
	if (kept !== undefined) return kept;
	const state = await loadFrozen(context, id);
	const text = state === undefined ? await live() : await frozen(state);
	const made = { text, complete: state !== undefined };
	const { playlistSeconds } = deliveryLimits(context.env);
	const keeps = playlistSeconds > 0 && !(made.complete && changes);
	if (keeps) context.executionCtx.waitUntil(keepText(key, made, playlistSeconds));
	return made;
};

/** The state of an asset that is complete. */
const loadFrozen = async (context: Context<EdgeContext>, id: string): Promise<PlaybackState | undefined> => {
	const frozen = await readObject(context, frozenStateKey(id), STATE_SECONDS);
	return frozen && unpackState(await frozen.json<PackedState>());
};

/**
 * The delivery directives of a request (RFC 8216bis, 6.2.5).
 * @throws ApiError `invalid-request`
 */
const playlistQuery = (context: Context<EdgeContext>): PlaylistQuery => {
	const [segment, partial] = [directive(context, "_HLS_msn"), directive(context, "_HLS_part")];
	if (partial !== undefined && segment === undefined) throw badDirective("_HLS_part");
	const skip = ["YES", "v2"].includes(context.req.query("_HLS_skip") ?? "");
	return { skip, ...(segment !== undefined && { segment }), ...(partial !== undefined && { partial }) };
};

const directive = (context: Context<EdgeContext>, name: string): number | undefined => {
	const text = context.req.query(name);
	if (text === undefined) return undefined;
	if (!/^\d{1,7}$/.test(text)) throw badDirective(name);
	return Number(text);
};

const badDirective = (name: string): ApiError =>
	new ApiError("invalid-request", `${name} is not what it must be.`, "See RFC 8216bis, section 6.2.5.");

/**
 * A playlist is asked for anew every time: one that is kept could outlive the asset or lag behind it. Unchanged, it costs a 304.
 */
const answer = async (
	context: Context<EdgeContext>,
	{ text, complete }: SharedText,
	contentType: string,
): Promise<Response> => {
	const bytes = new TextEncoder().encode(text);
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
	const headers = {
		"Cache-Control": complete ? "no-cache" : "no-store",
		ETag: `"${digest.slice(0, 32)}"`,
	};
	if (matchesEtag(context.req.header("If-None-Match"), headers.ETag))
		return new Response(null, { status: 304, headers });
	return new Response(bytes, {
		headers: { ...headers, "Content-Type": contentType, "Content-Length": String(bytes.length) },
	});
};

const notYet = (): ApiError =>
	new ApiError("not-found", "Nothing can be played yet.", "The upload has only begun: ask again in a second.", {
		retryAfter: 1,
	});
