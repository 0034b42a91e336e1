import { json, page, type Operation } from "../operation.ts";

/** Pages, and the Worker about itself. */
export const SERVICE: readonly Operation[] = [
	{
		method: "get",
		path: "/embed/:id",
		summary: "A page that is nothing but the player, for frames.",
		access: "anybody",
		answers: { 200: page },
		errors: ["not-found"],
	},
	{
		method: "get",
		path: "/watch/:id",
		summary: "A page that plays the asset.",
		access: "anybody",
		answers: { 200: page },
		errors: ["not-found"],
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
		summary: "Whether the Worker's database and store answer; 503 where one does not.",
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
		errors: [],
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
