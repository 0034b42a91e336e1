import { Hono } from "hono";
import type { HonoBase } from "hono/hono-base";
import type { BlankEnv, Schema } from "hono/types";
import type { EdgeContext } from "../environment.ts";
import { apiKeys } from "./api-keys.ts";
import { assets } from "./assets.ts";
import { oEmbed, pages } from "./embedding.ts";
import { extraFiles, extras } from "./extras.ts";
import { health } from "./health.ts";
import { media } from "./media.ts";
import { neural } from "./neural.ts";
import { openApi } from "./openapi.ts";
import { parts } from "./parts.ts";
import { playbackTokens } from "./playback-tokens.ts";
import { playlists } from "./playlists.ts";
import { figures, reports } from "./reports.ts";
import { storyboards } from "./storyboards.ts";
import { uploadTokens } from "./upload-tokens.ts";
import { webhooks } from "./webhooks.ts";

const all = new Hono<EdgeContext>()
	.route("/", assets)
	.route("/", parts)
	.route("/", uploadTokens)
	.route("/", apiKeys)
	.route("/", extras)
	.route("/", webhooks)
	.route("/", figures)
	.route("/", playbackTokens)
	.route("/", playlists)
	.route("/", media)
	.route("/", extraFiles)
	.route("/", storyboards)
	.route("/", reports)
	.route("/p/:token", playlists)
	.route("/p/:token", media)
	.route("/p/:token", extraFiles)
	.route("/p/:token", storyboards)
	.route("/p/:token", reports)
	.route("/", neural)
	.route("/", pages)
	.route("/", oEmbed)
	.route("/", openApi)
	.route("/", health);

/**
 * What a client has to know of routes: addresses, what goes in, what comes out. Of the bindings behind them it need not even have the
 * types, which are Cloudflare's.
 */
const asSeenByClients = <Routes extends Schema, Base extends string, Path extends string>(
	served: HonoBase<EdgeContext, Routes, Base, Path>,
) => served as unknown as HonoBase<BlankEnv, Routes, Base, Path>;

/** Everything that the Worker answers, apart from static files. */
export const routes = asSeenByClients(all);

/** The interface's types, for Hono's typed client. */
export type EdgeRoutes = typeof routes;
