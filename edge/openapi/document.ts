import type * as v from "valibot";
import { ERROR_STATUS, type ErrorCode } from "../../protocol/error.ts";
import { type JsonSchema, toJsonSchema } from "./json-schema.ts";
import { ERROR_MEANINGS } from "./error-meanings.ts";
import type { Operation } from "./operation.ts";
import { ACCESS } from "./operations/access.ts";
import { CATALOGUE } from "./operations/catalogue.ts";
import { INGEST } from "./operations/ingest.ts";
import { PLAYBACK } from "./operations/playback.ts";
import { SERVICE } from "./operations/service.ts";
import { WEBHOOKS } from "./operations/webhooks.ts";
import { parameter } from "./parameters.ts";
import { ref, SCHEMAS } from "./schemas.ts";

type Group = { readonly name: string; readonly description: string; readonly operations: readonly Operation[] };

const GROUPS: readonly Group[] = [
	{
		name: "Upload",
		description: "Makes an asset and fills it; its captions, poster and storyboard.",
		operations: INGEST,
	},
	{
		name: "Playback",
		description: "What players fetch; under `/p/{token}` for signed assets.",
		operations: PLAYBACK,
	},
	{ name: "Catalogue", description: "Assets as a list, how they are used and how they play.", operations: CATALOGUE },
	{ name: "Access", description: "API keys, upload tokens, playback tokens.", operations: ACCESS },
	{ name: "Webhooks", description: "Who is told when an asset is ready.", operations: WEBHOOKS },
	{ name: "Service", description: "Pages and what they load; whether all is well.", operations: SERVICE },
];

const INTRODUCTION = [
	"Upload a video in two layers, play it with any HLS player, enhance it with ours.",
	"",
	"**Order of an upload.** A server asks for an upload token (`POST /v1/upload-tokens`), the browser makes an asset with it,",
	"sends parts in any order, and completes. Parts may be sent again: the same bytes answer 200. `GET /v1/assets/{id}` says what",
	"is missing.",
	"",
	"**A part** is consecutive samples of one track, as `application/vnd.crescendo.part`: the four bytes `CRP1`; then for each",
	"sample flags (1 byte; bit 0: decodable without any before it), size (4), timestamp in microseconds (8), duration in",
	"microseconds (4), and its data as the encoder made them. Integers are big-endian, timestamps only grow.",
	"",
	"**Keys and tokens** go as `Authorization: Bearer`. API keys have scopes and belong on servers; an upload token is good for",
	"one asset; a playback token stands in the path. What is public needs none.",
	"",
	"**Errors** have one form: a stable `code` for programs, a `message` and a `hint` for people. 429 and 503, and 404 of what is",
	"about to come, have `Retry-After` in seconds.",
	"",
	"**Addresses** keep what they mean. Fields may be added to answers: pass over those that you do not know. Requests with",
	"unknown fields are refused.",
].join("\n");

/** The interface as an OpenAPI 3.1 document. The build writes it to a file: nothing of this folder is in the Worker. */
export const openApiDocument = (): JsonSchema => {
	const paths: Record<string, Record<string, JsonSchema>> = {};
	for (const { name, operations } of GROUPS) {
		for (const operation of operations.flatMap(withSigned)) {
			const path = operation.path.replaceAll(/:([a-z]+)/g, "{$1}");
			paths[path] = { ...paths[path], [operation.method]: toOpenApi(operation, name) };
		}
	}
	return {
		openapi: "3.1.0",
		info: {
			title: "Crescendo edge",
			version: "1",
			summary: "Upload and delivery of video in two layers.",
			description: INTRODUCTION,
			license: { name: "Apache-2.0", identifier: "Apache-2.0" },
		},
		servers: [{ url: "/", description: "The edge that serves this document." }],
		tags: GROUPS.map(({ name, description }) => ({ name, description })),
		paths,
		components: {
			schemas: SCHEMAS,
			securitySchemes: {
				bearer: { type: "http", scheme: "bearer", description: "An API key or an upload token." },
			},
		},
	};
};

/** Requests whose JSON the document gives an example of: what validates them, and the example. */
export const requestExamples = (): readonly (readonly [v.GenericSchema, JsonSchema])[] =>
	GROUPS.flatMap(({ operations }) => operations).flatMap(({ request, example }) =>
		typeof request === "object" && example !== undefined ? [[request, example] as const] : [],
	);

/** What viewers fetch is there twice: as it is, and behind a playback token. */
const withSigned = (operation: Operation): Operation[] =>
	operation.access === "viewers" ? [operation, { ...operation, path: `/p/:token${operation.path}` }] : [operation];

const toOpenApi = (operation: Operation, tag: string): JsonSchema => {
	const { path, summary, access, scope, request, example, answers, errors } = operation;
	const { query = [], headers = [], requiredHeaders = [], mayCome = false } = operation;
	const parameters = [
		...[...path.matchAll(/:([a-z]+)/g)].map(([, name = ""]) => parameter(name, "path")),
		...query.map((name) => parameter(name, "query")),
		...requiredHeaders.map((name) => parameter(name, "header", true)),
		...[...headers, ...conditionsOf(operation)].map((name) => parameter(name, "header")),
	];
	const withKey = scope === undefined ? "an API key" : `an API key with the scope \`${scope}\``;
	return {
		operationId: operationId(operation),
		tags: [tag],
		summary,
		security: access === "anybody" || access === "viewers" ? [] : [{ bearer: [] }],
		...(access === "key" && { description: `Needs ${withKey}.` }),
		...(access === "key or upload token" && { description: `Needs ${withKey}, or the asset's upload token.` }),
		...(parameters.length > 0 && { parameters }),
		...(request !== undefined && { requestBody: { required: true, content: requestContent(request, example) } }),
		responses: {
			...Object.fromEntries(Object.entries(answers).map(describeAnswer)),
			...describeErrors(errors, mayCome),
		},
	};
};

/** Headers that ask for what some answers are: a range, or nothing where the caller has the file already. */
const conditionsOf = ({ answers }: Operation): readonly string[] => {
	if (206 in answers) return ["If-Match", "If-None-Match", "If-Range", "Range"];
	return 304 in answers ? ["If-None-Match"] : [];
};

/** `post /v1/assets/:id/complete` is `postAssetsComplete`; of what begins with a token, `getSigned...`. */
const operationId = ({ method, path }: Operation): string => {
	const words = path
		.replace(/^\/p\/:token/, "/signed")
		.split("/")
		.flatMap((segment, index, all) => {
			if (segment === "v1") return [];
			// Values in the middle are left out; the last says which of two addresses it is, the list or one of it, and so does a hash.
			const isLeftOut = segment.startsWith(":") && segment !== ":hash" && index < all.length - 1;
			return isLeftOut ? [] : segment.split(/[^A-Za-z0-9]+/);
		});
	return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
};

const requestContent = (request: v.GenericSchema | string, example: JsonSchema | undefined): JsonSchema =>
	typeof request === "string"
		? { [request]: {} }
		: { "application/json": { schema: toJsonSchema(request), ...(example !== undefined && { example }) } };

const describeAnswer = ([status, { type, schema }]: [string, { type?: string; schema?: JsonSchema }]) => [
	status,
	{
		description: ANSWERS[status] ?? "See the summary.",
		...retryAfter(Number(status)),
		...(type !== undefined && { content: { [type]: schema === undefined ? {} : { schema } } }),
	},
];

/** What good answers mean. */
const ANSWERS: Readonly<Record<string, string>> = {
	200: "It is there, as asked for or as it was already.",
	201: "It is made.",
	202: "Accepted; it will be done soon.",
	204: "It is done.",
	206: "The range that was asked for.",
	304: "Unchanged since the entity tag of `If-None-Match`.",
	307: "`Location` is where it is today. Do not keep it.",
	404: "There is no such thing: a page that says so.",
	503: "Not ready.",
};

/** The header of answers after which it is worth asking again: all of 429 and 503, and some of 404. */
const retryAfter = (status: number, mayCome = false): JsonSchema => {
	const required = status === 429 || status === 503;
	if (!required && !(status === 404 && mayCome)) return {};
	const description = required ? "Seconds." : "Seconds; only where it is about to come.";
	return { headers: { "Retry-After": { description, required, schema: { type: "integer", minimum: 1 } } } };
};

const describeErrors = (errors: readonly ErrorCode[], mayCome: boolean): JsonSchema => {
	const byStatus = Map.groupBy(errors, (code) => ERROR_STATUS[code]);
	return Object.fromEntries(
		[...byStatus].map(([status, codes]) => [
			String(status),
			{
				description: codes.map((code) => `\`${code}\`: ${ERROR_MEANINGS[code]}`).join("\n\n"),
				...retryAfter(status, mayCome),
				content: { "application/json": { schema: ref("Error") } },
			},
		]),
	);
};
