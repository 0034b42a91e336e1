import { type Context, Hono } from "hono";
import { requirePlayback } from "../access/require-playback.ts";
import { type Extra, loadExtras } from "../asset/extras.ts";
import type { PlaylistQuery } from "../asset/live-desk.ts";
import { frozenStateKey } from "../asset/object-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { enhancementList } from "../hls/enhancement-list.ts";
import { captionPlaylist } from "../hls/caption-playlist.ts";
import { type CaptionTrack, masterPlaylist, type Surroundings } from "../hls/master-playlist.ts";
import { mediaPlaylist } from "../hls/media-playlist.ts";
import { type PackedState, unpackState } from "../hls/packed-state.ts";
import type { PlaybackState } from "../hls/playback-state.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { findText, keepText } from "../http/object-cache.ts";
import { readLimits } from "../limits.ts";
import { matchesEtag } from "../http/range.ts";
import { askPlaylist } from "../relay/ask-live.ts";
import { assetIdParam, assetObject, unwrap } from "./context.ts";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

/** Playlists and the list of enhancements: built from the state at every request, stored nowhere. */
export const playlists = new Hono<EdgeContext>()
	.get("/v1/assets/:id/master.m3u8", async (context) => {
		const id = assetIdParam(context);
		const [state, extras] = await Promise.all([loadPlayable(context), loadExtras(context.env.MEDIA, id)]);
		const playlist = masterPlaylist(state, surroundingsOf(state, extras));
		if (playlist === undefined) throw notYet();
		return answer(context, state.complete, playlist, PLAYLIST_TYPE);
	})
	.get("/v1/assets/:id/enhancements.json", async (context) => {
		const state = await loadPlayable(context);
		return answer(context, state.complete, JSON.stringify(enhancementList(state)), "application/json");
	})
	.get("/v1/assets/:id/tracks/:track/playlist.m3u8", async (context) => {
		const id = assetIdParam(context);
		await requirePlayback(context, id);
		const query = playlistQuery(context);
		const trackId = context.req.param("track");
		// Who asks for what is to come has seen a playlist without an end: it is not asked first whether the asset is complete.
		const isBlocking = query.segment !== undefined;
		const shared = isBlocking ? undefined : await findText(sharedKey(id, trackId, query));
		if (shared !== undefined) return answer(context, false, shared, PLAYLIST_TYPE);
		const frozen = isBlocking ? undefined : await loadFrozen(context, id);
		if (frozen === undefined) {
			const text = await askPlaylist(context, id, trackId, query);
			const { playlistSeconds } = readLimits(context.env.CRESCENDO_LIMITS);
			if (!isBlocking && playlistSeconds > 0) {
				context.executionCtx.waitUntil(keepText(sharedKey(id, trackId, query), text, playlistSeconds));
			}
			return answer(context, false, text, PLAYLIST_TYPE);
		}
		const track = frozen.tracks.find((candidate) => candidate.id === trackId);
		if (track === undefined) throw notFound("such track");
		if (track.segments.length === 0) throw notYet();
		return answer(context, true, mediaPlaylist(frozen, track), PLAYLIST_TYPE);
	})
	.get("/v1/assets/:id/captions/:language/playlist.m3u8", async (context) => {
		const state = await loadPlayable(context);
		const extras = await loadExtras(context.env.MEDIA, state.id);
		const captions = extras.find(({ name }) => name === `captions/${context.req.param("language")}`);
		if (captions === undefined || !state.complete) throw notFound("such captions");
		return answer(context, true, captionPlaylist(state, captions.file.split("/").at(-1) ?? ""), PLAYLIST_TYPE);
	});

const loadPlayable = async (context: Context<EdgeContext>): Promise<PlaybackState> => {
	const id = assetIdParam(context);
	await requirePlayback(context, id);
	return loadPlayback(context, id);
};

/** What the master playlist names beside tracks: addresses that stay the same when what is there is replaced. */
const surroundingsOf = ({ complete }: PlaybackState, extras: readonly Extra[]): Surroundings => {
	const has = (wanted: string): boolean => extras.some(({ name }) => name === wanted);
	return {
		// One file of captions is for the whole of an asset: while it grows, there is no telling what they are for.
		...(complete && { captions: captionTracks(extras) }),
		...(has("poster") && { poster: "poster" }),
		...(has("storyboard") && { storyboard: "storyboard.vtt" }),
	};
};

const captionTracks = (extras: readonly Extra[]): CaptionTrack[] =>
	extras.flatMap(({ name, label }) => {
		const language = /^captions\/(.+)$/.exec(name)?.[1];
		return language === undefined ? [] : [{ language, label, uri: `captions/${language}/playlist.m3u8` }];
	});

/** The state of an asset: the frozen one once it is complete, else what its Durable Object says. */
export const loadPlayback = async (context: Context<EdgeContext>, id: string): Promise<PlaybackState> => {
	return (await loadFrozen(context, id)) ?? unpackState(unwrap(await assetObject(context, id).playback()));
};

const loadFrozen = async (context: Context<EdgeContext>, id: string): Promise<PlaybackState | undefined> => {
	const frozen = await context.env.MEDIA.get(frozenStateKey(id));
	return frozen === null ? undefined : unpackState(await frozen.json<PackedState>());
};

/** A live playlist is the same for all who ask within a second: however many they are, the Durable Object is asked once. */
const sharedKey = (id: string, trackId: string, { skip }: PlaylistQuery): string =>
	`playlists/${id}/${encodeURIComponent(trackId)}${skip ? "/delta" : ""}`;

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
	complete: boolean,
	text: string,
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
