import { Validator } from "@cfworker/json-schema";
import { call } from "./edge-client.ts";

type Content = Record<string, { schema?: object }>;
type OperationObject = {
	parameters?: readonly { readonly name: string; readonly in: string }[];
	requestBody?: { content: Content };
	responses: Record<string, { content?: Content; headers?: Record<string, { required?: boolean }> }>;
};
type Document = { paths: Record<string, Record<string, OperationObject>>; components: object };
type Init = NonNullable<Parameters<typeof call>[1]>;

/** Headers of requests that the document describes elsewhere than in parameters, or not at all: they are for browsers and proxies. */
const UNDESCRIBED = ["authorization", "content-type", "origin", "accept-encoding"];

/**
 * Calls the Worker, and holds every answer to the description of the interface: the status is one of those that it names, the body is
 * of the type that it names, and has the fields of its schema and no others; headers that change an answer are named, and so is
 * `Retry-After`.
 */
export class DescribedEdge {
	/** Operations that have been answered well, as `post /v1/assets`. */
	readonly answered = new Set<string>();
	/** Where an answer or an accepted form was not as described. */
	readonly faults: string[] = [];
	readonly #document: Document;

	/** @param document as it is served */
	constructor(document: unknown) {
		this.#document = closeObjects(document) as Document;
	}

	/** All operations there are. */
	operations(): string[] {
		return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
			Object.keys(methods).map((method) => `${method} ${path}`),
		);
	}

	/** Sends a request of an operation: `post /v1/assets`, with values for what is in braces. Answers what it was answered. */
	async call(
		operation: string,
		values: Readonly<Record<string, string>> = {},
		init: Init & { readonly query?: string } = {},
	): Promise<Response> {
		const [method = "", template = ""] = operation.split(" ");
		const described = this.#document.paths[template]?.[method];
		if (described === undefined) throw new Error(`The document has no ${operation}.`);
		const { query = "", ...request } = init;
		const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
		const response = await call(path + query, { method: method.toUpperCase(), ...request });
		await this.check(operation, response);
		if (response.status < 400) {
			if (init.json !== undefined) this.#checkRequest(operation, described, init.json);
			const named = (described.parameters ?? []).map(({ name }) => name.toLowerCase());
			for (const name of new Headers(init.headers).keys())
				if (!named.includes(name) && !UNDESCRIBED.includes(name))
					this.faults.push(`${operation} heeds ${name}`);
			this.answered.add(operation);
		}
		return response;
	}

	/** Holds an answer of an operation to its description. The answer can still be read afterwards. */
	async check(operation: string, response: Response): Promise<void> {
		const [method = "", template = ""] = operation.split(" ");
		const answer = this.#document.paths[template]?.[method]?.responses[String(response.status)];
		if (answer === undefined) {
			this.faults.push(`${operation} answers ${response.status}`);
			return;
		}
		const { "Retry-After": retryAfter } = answer.headers ?? {};
		const retries = response.headers.has("Retry-After");
		if (retries ? retryAfter === undefined : retryAfter?.required === true)
			this.faults.push(`${operation}: ${response.status} ${retries ? "with" : "without"} Retry-After`);
		await this.#checkBody(operation, answer.content, response.clone());
	}

	async #checkBody(operation: string, content: Content | undefined, response: Response): Promise<void> {
		const body = await response.bytes();
		const [declared = "", { schema } = {}] = Object.entries(content ?? {})[0] ?? [];
		if (content === undefined) {
			if (body.length > 0) this.faults.push(`${operation}: a body of ${body.length} bytes`);
			return;
		}
		const type = response.headers.get("Content-Type")?.split(";")[0] ?? "";
		if (declared.endsWith("/*") ? !type.startsWith(declared.slice(0, -1)) : type !== declared) {
			this.faults.push(`${operation}: ${type} in the place of ${declared}`);
		} else if (schema !== undefined) {
			this.#check(operation, schema, JSON.parse(new TextDecoder().decode(body)));
		}
	}

	/** A form that was accepted is one that the document says is accepted. */
	#checkRequest(operation: string, { requestBody }: OperationObject, json: unknown): void {
		this.#check(`${operation}, request`, requestBody?.content["application/json"]?.schema ?? {}, json);
	}

	#check(what: string, schema: object, value: unknown): void {
		const validator = new Validator({ ...schema, components: this.#document.components }, "2020-12", false);
		for (const { instanceLocation, error } of validator.validate(value).errors) {
			this.faults.push(`${what}: ${instanceLocation} ${error}`);
		}
	}
}

/** Fields that the document does not name are faults of it here, and nowhere else: a client has to pass over them. */
const closeObjects = (node: unknown): unknown => {
	if (Array.isArray(node)) return node.map(closeObjects);
	if (typeof node !== "object" || node === null) return node;
	const closed = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closeObjects(value)]));
	const isObject = closed["type"] === "object" && "properties" in closed && !("additionalProperties" in closed);
	return isObject ? { ...closed, additionalProperties: false } : closed;
};
