import { type Context, Hono } from "hono";
import { requirePlayback } from "../access/require-playback.ts";
import { type Extra, loadExtras } from "../asset/extras.ts";
import { frozenStateKey } from "../asset/object-keys.ts";
import type { EdgeContext } from "../environment.ts";
import { enhancementList } from "../hls/enhancement-list.ts";
import { captionPlaylist } from "../hls/caption-playlist.ts";
import { type CaptionTrack, masterPlaylist } from "../hls/master-playlist.ts";
import { mediaPlaylist } from "../hls/media-playlist.ts";
import type { PlaybackState } from "../hls/playback-state.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { matchesEtag } from "../http/range.ts";
import { assetIdParam, assetObject, unwrap } from "./context.ts";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

/** Playlists and the list of enhancements: built from the state at every request, stored nowhere. */
export const playlists = new Hono<EdgeContext>()
	.get("/v1/assets/:id/master.m3u8", async (context) => {
		const id = assetIdParam(context);
		const [state, extras] = await Promise.all([loadPlayable(context), loadExtras(context.env.MEDIA, id)]);
		// One file of captions is for the whole of an asset: while it grows, there is no telling what they are for.
		const playlist = masterPlaylist(state, state.complete ? captionTracks(extras) : []);
		if (playlist === undefined) throw notYet();
		return answer(context, state, playlist, PLAYLIST_TYPE);
	})
	.get("/v1/assets/:id/enhancements.json", async (context) => {
		const state = await loadPlayable(context);
		return answer(context, state, JSON.stringify(enhancementList(state)), "application/json");
	})
	.get("/v1/assets/:id/tracks/:track/playlist.m3u8", async (context) => {
		const state = await loadPlayable(context);
		const track = state.tracks.find(({ id }) => id === context.req.param("track"));
		if (track === undefined) throw notFound("such track");
		if (track.segments.length === 0) throw notYet();
		return answer(context, state, mediaPlaylist(state, track), PLAYLIST_TYPE);
	})
	.get("/v1/assets/:id/captions/:language/playlist.m3u8", async (context) => {
		const state = await loadPlayable(context);
		const extras = await loadExtras(context.env.MEDIA, state.id);
		const captions = extras.find(({ name }) => name === `captions/${context.req.param("language")}`);
		if (captions === undefined || !state.complete) throw notFound("such captions");
		return answer(context, state, captionPlaylist(state, captions.file.split("/").at(-1) ?? ""), PLAYLIST_TYPE);
	});

const loadPlayable = async (context: Context<EdgeContext>): Promise<PlaybackState> => {
	const id = assetIdParam(context);
	await requirePlayback(context, id);
	return loadPlayback(context, id);
};

const captionTracks = (extras: readonly Extra[]): CaptionTrack[] =>
	extras.flatMap(({ name, label }) => {
		const language = /^captions\/(.+)$/.exec(name)?.[1];
		return language === undefined ? [] : [{ language, label, uri: `captions/${language}/playlist.m3u8` }];
	});

/** The state of an asset: the frozen one once it is complete, else what its Durable Object says. */
export const loadPlayback = async (context: Context<EdgeContext>, id: string): Promise<PlaybackState> => {
	const frozen = await context.env.MEDIA.get(frozenStateKey(id));
	if (frozen !== null) return frozen.json<PlaybackState>();
	return unwrap(await assetObject(context, id).playback());
};

/**
 * A playlist is asked for anew every time: one that is kept could outlive the asset or lag behind it. Unchanged, it costs a 304.
 */
const answer = async (
	context: Context<EdgeContext>,
	state: PlaybackState,
	text: string,
	contentType: string,
): Promise<Response> => {
	const bytes = new TextEncoder().encode(text);
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
	const headers = {
		"Cache-Control": state.complete ? "no-cache" : "no-store",
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
