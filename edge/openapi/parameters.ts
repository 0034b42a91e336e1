import { MAX_PARTS } from "../../protocol/asset.ts";
import type { JsonSchema } from "./json-schema.ts";

/** What stands in a path, a query or a header: the same name means the same everywhere. */
type Parameter = { readonly description: string; readonly schema: JsonSchema; readonly example?: string | number };

const text = { type: "string" };
const count = (minimum: number, maximum: number): JsonSchema => ({ type: "integer", minimum, maximum });

const PARAMETERS: Readonly<Record<string, Parameter>> = {
	id: { description: "An asset. Ids of public assets begin with p, of signed ones with s.", schema: text },
	track: {
		description: "A track of the asset, by the id that it was created with.",
		schema: { type: "string", pattern: "^[a-z][a-z0-9-]{0,31}$" },
		example: "base",
	},
	number: { description: "Parts and pictures are counted from 0.", schema: count(0, MAX_PARTS - 1), example: 0 },
	language: { description: "A language tag (BCP 47).", schema: text, example: "pt-BR" },
	token: { description: "A playback token: `POST /v1/assets/{id}/playback-tokens`.", schema: text },
	file: { description: "A file by the name that the playlist, list or page before it gives.", schema: text },
	digest: { description: "Of the storyboard, as its WebVTT has it.", schema: text },
	hash: { description: "Of the content, as the address without it leads to.", schema: text },
	model: { description: "A model, as `modelId` of an enhancement names it.", schema: text },
	key: { description: "Id of an API key, not the key itself.", schema: text },
	webhook: { description: "Id of a webhook.", schema: text },

	limit: { description: "Most assets in the answer.", schema: { ...count(1, 100), default: 20 } },
	cursor: { description: "The `cursor` of the page before: what comes after it.", schema: text },
	search: {
		description: "Words that must all occur in id, title, description or metadata; case and accents do not count.",
		schema: { type: "string", maxLength: 200 },
		example: "summer 2026",
	},
	state: { description: "Only assets in this state.", schema: { enum: ["uploading", "complete"] } },
	access: { description: "Only assets of this access.", schema: { enum: ["public", "signed"] } },
	days: { description: "How many days, today included (UTC).", schema: { ...count(1, 999), default: 30 } },
	time: { description: "Seconds.", schema: { type: "number", minimum: 0, default: 0 }, example: 12.5 },
	url: { description: "Of the watch or embed page.", schema: { type: "string", format: "uri" } },
	format: { description: "Only `json`.", schema: { enum: ["json"], default: "json" } },
	maxwidth: { description: "CSS pixels.", schema: { type: "integer", minimum: 1 } },
	maxheight: { description: "CSS pixels.", schema: { type: "integer", minimum: 1 } },
	_HLS_msn: {
		description: "RFC 8216bis, 6.2.5.2: wait until the playlist has this segment.",
		schema: count(0, 9_999_999),
	},
	_HLS_part: { description: "With `_HLS_msn`: until it has this piece of the segment.", schema: count(0, 9_999_999) },
	_HLS_skip: { description: "A delta update will do.", schema: { enum: ["YES", "v2"] } },

	"If-Match": { description: "Entity tags: only one of these versions of the file, else 412.", schema: text },
	"If-None-Match": {
		description: "Entity tags that the caller has: 304 where one is still the file's.",
		schema: text,
	},
	"If-Range": {
		description: "Entity tag: the range of this version, else the whole of the one that is there.",
		schema: text,
	},
	Range: {
		description: "One range of bytes (RFC 9110, 14.1.2); several are answered with the whole file.",
		schema: text,
		example: "bytes=0-1023",
	},
	"Idempotency-Key": {
		description: "Chosen by the caller, 1 to 255 printable characters: the same with the same key makes one asset.",
		schema: { type: "string", minLength: 1, maxLength: 255 },
		example: "order-4711",
	},
	"Repr-Digest": {
		description: "SHA-256 of the body in base64 (RFC 9530).",
		schema: text,
		example: "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
	},
};

/** A parameter as the document has it. @throws TypeError for a name that is not described */
export const parameter = (
	name: string,
	where: "path" | "query" | "header",
	required = where === "path",
): JsonSchema => {
	const described = PARAMETERS[name];
	if (described === undefined) throw new TypeError(`The parameter ${name} has no description.`);
	return { name, in: where, required, ...described };
};
