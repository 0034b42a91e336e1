import { json, page, type Operation } from "../operation.ts";

const file = { type: "application/octet-stream" };

/** Pages, what they load, and the Worker about itself. */
export const SERVICE: readonly Operation[] = [
	{
		method: "get",
		path: "/runtime/:hash/:file",
		summary:
			"A file that players of version 0.7 and older load, from an earlier deployment: pages that were open meanwhile go on. Players since then load models alone.",
		access: "anybody",
		answers: { 200: { type: "application/wasm" }, 206: { type: "application/wasm" }, 304: {} },
		errors: ["not-found", "precondition-failed", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/models/:model/:file",
		summary: "Leads to a file of a model under the address that names its content.",
		access: "anybody",
		answers: { 307: {} },
		errors: ["not-found"],
	},
	{
		method: "get",
		path: "/models/:model/:hash/:file",
		summary: "A file of a model. Immutable; compressed for whoever takes brotli.",
		access: "anybody",
		answers: { 200: file, 206: file, 304: {} },
		errors: ["not-found", "precondition-failed", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/embed/:id",
		summary: "A page that is nothing but the player, for frames.",
		access: "anybody",
		answers: { 200: page, 404: page },
		errors: [],
	},
	{
		method: "get",
		path: "/watch/:id",
		summary: "A page that plays the asset.",
		access: "anybody",
		answers: { 200: page, 404: page },
		errors: [],
	},
	{
		method: "get",
		path: "/health",
		summary: "Whether the Worker runs.",
		access: "anybody",
		answers: { 200: json({ type: "object" }) },
		errors: [],
	},
	{
		method: "get",
		path: "/ready",
		summary:
			"Whether the Worker's database and store answer and its variables can be read; 503 where one is not so.",
		access: "anybody",
		answers: { 200: json({ type: "object" }), 503: json({ type: "object" }) },
		errors: [],
	},
	{
		method: "get",
		path: "/openapi.json",
		summary: "This document.",
		access: "anybody",
		answers: { 200: json({ type: "object" }) },
		errors: ["not-found"],
	},
	{
		method: "get",
		path: "/oembed",
		summary: "oEmbed 1.0 of the watch or embed page of a public asset, as JSON.",
		access: "anybody",
		query: ["url", "format", "maxwidth", "maxheight"],
		answers: { 200: json({ type: "object" }) },
		errors: ["invalid-request", "not-found", "not-implemented"],
	},
	{
		method: "get",
		path: "/admin",
		summary: "The operations page: assets, their state, and how they are played. It asks for an API key.",
		access: "anybody",
		answers: { 200: page },
		errors: [],
	},
];
