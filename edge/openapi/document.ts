import type * as v from "valibot";
import { ERROR_STATUS, type ErrorCode } from "../../protocol/error.ts";
import { type JsonSchema, toJsonSchema } from "./json-schema.ts";
import type { Operation } from "./operation.ts";
import { ACCESS } from "./operations/access.ts";
import { CATALOGUE } from "./operations/catalogue.ts";
import { INGEST } from "./operations/ingest.ts";
import { PLAYBACK } from "./operations/playback.ts";
import { SERVICE } from "./operations/service.ts";
import { WEBHOOKS } from "./operations/webhooks.ts";
import { ref, SCHEMAS } from "./schemas.ts";

const OPERATIONS: readonly Operation[] = [...INGEST, ...PLAYBACK, ...CATALOGUE, ...ACCESS, ...WEBHOOKS, ...SERVICE];

/** The interface as an OpenAPI 3.1 document. The build writes it to a file: nothing of this folder is in the Worker. */
export const openApiDocument = (): JsonSchema => {
	const paths: Record<string, Record<string, JsonSchema>> = {};
	for (const operation of OPERATIONS.flatMap(withSigned)) {
		const path = operation.path.replaceAll(/:([a-z]+)/g, "{$1}");
		paths[path] = { ...paths[path], [operation.method]: describe(operation) };
	}
	return {
		openapi: "3.1.0",
		info: { title: "Crescendo edge", version: "1", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
		paths,
		components: {
			schemas: SCHEMAS,
			securitySchemes: {
				bearer: { type: "http", scheme: "bearer", description: "An API key or an upload token." },
			},
		},
	};
};

/** What viewers fetch is there twice: as it is, and behind a playback token. */
const withSigned = (operation: Operation): Operation[] =>
	operation.access === "viewers" ? [operation, { ...operation, path: `/p/:token${operation.path}` }] : [operation];

const describe = (operation: Operation): JsonSchema => {
	const { path, summary, access, request, query = [], headers = [], answers, errors } = operation;
	const inPath = [...path.matchAll(/:([a-z]+)/g)].map(([, name]) => ({
		name,
		in: "path",
		required: true,
		schema: { type: "string" },
	}));
	const optional = (where: string) => (name: string) => ({
		name,
		in: where,
		required: false,
		schema: { type: "string" },
	});
	const parameters = [...inPath, ...query.map(optional("query")), ...headers.map(optional("header"))];
	return {
		summary,
		security: access === "anybody" || access === "viewers" ? [] : [{ bearer: [] }],
		...((access === "key" || access === "key or upload token") && {
			description: `For the bearer of an API ${access}.`,
		}),
		...(parameters.length > 0 && { parameters }),
		...(request !== undefined && { requestBody: { required: true, content: requestContent(request) } }),
		responses: { ...Object.fromEntries(Object.entries(answers).map(describeAnswer)), ...describeErrors(errors) },
	};
};

const requestContent = (request: v.GenericSchema | string): JsonSchema =>
	typeof request === "string" ? { [request]: {} } : { "application/json": { schema: toJsonSchema(request) } };

const describeAnswer = ([status, { type, schema }]: [string, { type?: string; schema?: JsonSchema }]) => [
	status,
	{
		description: status.startsWith("2") ? "Done." : "See the summary.",
		...(type !== undefined && { content: { [type]: schema === undefined ? {} : { schema } } }),
	},
];

const describeErrors = (errors: readonly ErrorCode[]): JsonSchema => {
	const byStatus = Map.groupBy(errors, (code) => ERROR_STATUS[code]);
	return Object.fromEntries(
		[...byStatus].map(([status, codes]) => [
			String(status),
			{ description: codes.join(", "), content: { "application/json": { schema: ref("Error") } } },
		]),
	);
};
