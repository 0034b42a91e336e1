import { exports } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as v from "valibot";
import { CreateAssetRequest } from "../protocol/asset.ts";
import { findTrackFault } from "./asset/track-rules.ts";
import { openApiDocument, requestExamples } from "./openapi/document.ts";
import { toJsonSchema } from "./openapi/json-schema.ts";
import { parameter } from "./openapi/parameters.ts";
import { createEdgeClient } from "./index.ts";
import { API_KEY, call, createAsset, migrate, ORIGIN } from "./testing/edge-client.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";
import { completeAssets, uploadToken } from "./testing/server-example.ts";
import app from "./worker.ts";

type Described = {
	operationId: string;
	parameters?: { name: string; required: boolean; description?: string }[];
	responses: Record<string, unknown>;
};
type Document = { openapi: string; paths: Record<string, Record<string, Described>> };
const document = openApiDocument() as unknown as Document;
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe("the description of the interface", () => {
	it("describes the routes, all of them and no others", () => {
		const routes = app.routes
			.filter(({ method }) => method !== "ALL")
			.map(({ method, path }) => `${method} ${path.replaceAll(/:([a-z]+)/g, "{$1}")}`);
		const described = Object.entries(document.paths).flatMap(([path, methods]) =>
			Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
		);
		expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
	});

	it("is served, and all its references lead somewhere", async () => {
		const response = await call("/openapi.json", { token: "" });
		expect(response.status).toBe(200);
		const served = await response.json<{ components: { schemas: Record<string, unknown> } }>();
		expect(served).toEqual(openApiDocument());
		for (const [, name = ""] of JSON.stringify(served).matchAll(/#\/components\/schemas\/(\w+)/g)) {
			expect(served.components.schemas).toHaveProperty(name);
		}
	});

	it("names every operation once, and says what every parameter is", () => {
		const ids = operations.map(({ operationId }) => operationId);
		expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
		expect(ids).toContain("putAssetsTracksPartsNumber");
		const parameters = operations.flatMap((operation) => operation.parameters ?? []);
		expect(parameters.filter(({ description }) => description === undefined)).toEqual([]);
		expect(parameters).toContainEqual(expect.objectContaining({ name: "Repr-Digest", required: true }));
		expect(() => parameter("nobody", "query")).toThrow(TypeError);
	});

	it("says what may be asked of a file: a version, a range", () => {
		for (const { operationId, parameters = [], responses } of operations) {
			const headers = parameters.flatMap(({ name }) => (/^(If-|Range$)/.test(name) ? [name] : []));
			const expected =
				"206" in responses
					? ["If-Match", "If-None-Match", "If-Range", "Range"]
					: "304" in responses
						? ["If-None-Match"]
						: [];
			expect([operationId, ...headers.toSorted()]).toEqual([operationId, ...expected]);
			expect([operationId, "412" in responses]).toEqual([operationId, "206" in responses]);
		}
	});

	it("has examples that are accepted", () => {
		const examples = requestExamples();
		expect(examples.length).toBeGreaterThanOrEqual(7);
		for (const [schema, example] of examples) expect(v.safeParse(schema, example).issues).toBeUndefined();
		const assets = examples.flatMap(([schema, example]) =>
			schema === CreateAssetRequest ? [v.parse(CreateAssetRequest, example)] : [],
		);
		expect(assets.map(findTrackFault)).toEqual([undefined]);
	});

	it("says what the validation does", () => {
		const schema = toJsonSchema(CreateAssetRequest);
		expect(schema).toMatchObject({
			type: "object",
			additionalProperties: false,
			required: ["width", "height", "frameRate", "tracks"],
			properties: { width: { type: "integer", minimum: 16, maximum: 8192 } },
		});
		expect(toJsonSchema(v.optional(v.picklist(["a", "b"]), "a"))).toEqual({ enum: ["a", "b"], default: "a" });
		expect(() => toJsonSchema(v.date())).toThrow(TypeError);
	});
});

describe("the typed client", () => {
	beforeAll(migrate);
	afterEach(() => void vi.restoreAllMocks());

	it("is used by the example of docs/deploy.md, which tells what it was refused", async () => {
		vi.spyOn(globalThis, "fetch").mockImplementation((input, init) =>
			exports.default.fetch(new Request(input, init)),
		);
		await expect(completeAssets().next()).rejects.toThrow(/"unauthorized"/);
		await expect(uploadToken()).rejects.toThrow(/"unauthorized"/);
	});

	it("knows the routes", async () => {
		const { id } = await createAsset(createRequest(clipTracks({ frames: 1 })));
		const fetchHere: typeof fetch = (input, init) => exports.default.fetch(new Request(input, init));
		const edge = createEdgeClient(ORIGIN, API_KEY, { fetch: fetchHere });
		const list = await (await edge.v1.assets.$get()).json();
		expect(list.assets.map((asset) => asset.id)).toEqual([id]);
		expect((await edge.v1.assets[":id"].$delete({ param: { id } })).status).toBe(204);
		expect((await (await edge.v1.assets.$get()).json()).assets).toEqual([]);
	});
});
