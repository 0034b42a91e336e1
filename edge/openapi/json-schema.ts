import type * as v from "valibot";

/** A JSON Schema (2020-12), as OpenAPI 3.1 uses it. */
export type JsonSchema = { [keyword: string]: unknown };

/**
 * The JSON Schema of a valibot schema, so that the document says what the validation does and not what somebody remembered. Checks
 * that are functions are left out: their words are in the schema's error messages.
 * @throws TypeError for a kind of schema that the edge does not use yet
 */
export const toJsonSchema = (schema: v.GenericSchema): JsonSchema => {
	const known = schema as KnownSchema;
	const pipe = (known as { pipe?: readonly Action[] }).pipe;
	const [, ...actions] = pipe ?? [];
	return { ...bareSchema(known), ...Object.assign({}, ...actions.map(keywordsOf)) };
};

const bareSchema = (schema: KnownSchema): JsonSchema => {
	switch (schema.type) {
		case "string":
		case "number":
		case "boolean":
			return { type: schema.type };
		case "picklist":
			return { enum: schema.options };
		case "literal":
			return { const: schema.literal };
		case "array":
			return { type: "array", items: toJsonSchema(schema.item) };
		case "variant":
			return { oneOf: schema.options.map((option) => toJsonSchema(option)) };
		case "optional":
			return {
				...toJsonSchema(schema.wrapped),
				...(schema.default !== undefined && { default: schema.default }),
			};
		case "nullable":
			return { anyOf: [toJsonSchema(schema.wrapped), { type: "null" }] };
		case "record":
			return {
				type: "object",
				propertyNames: toJsonSchema(schema.key),
				additionalProperties: toJsonSchema(schema.value),
			};
		case "object":
		case "strict_object":
			return objectSchema(schema);
		default:
			throw new TypeError(`No JSON Schema for a valibot ${(schema as { type: string }).type}.`);
	}
};

const objectSchema = ({ type, entries }: ObjectSchema): JsonSchema => {
	const required = Object.entries(entries).flatMap(([name, entry]) => (entry.type === "optional" ? [] : [name]));
	return {
		type: "object",
		properties: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, toJsonSchema(entry)])),
		...(required.length > 0 && { required }),
		...(type === "strict_object" && { additionalProperties: false }),
	};
};

const keywordsOf = ({ type, requirement }: Action): JsonSchema => {
	switch (type) {
		case "integer":
			return { type: "integer" };
		case "min_value":
			return { minimum: requirement };
		case "max_value":
			return { maximum: requirement };
		case "min_length":
			return { minLength: requirement };
		case "max_length":
			return { maxLength: requirement };
		case "regex":
			return { pattern: requirement instanceof RegExp ? requirement.source : undefined };
		default:
			return {};
	}
};

type Action = { readonly type: string; readonly requirement?: unknown };
type ObjectSchema = {
	readonly type: "object" | "strict_object";
	readonly entries: Readonly<Record<string, v.GenericSchema>>;
};
type KnownSchema =
	| { readonly type: "string" | "number" | "boolean" }
	| { readonly type: "picklist"; readonly options: readonly unknown[] }
	| { readonly type: "literal"; readonly literal: unknown }
	| { readonly type: "array"; readonly item: v.GenericSchema }
	| { readonly type: "variant"; readonly options: readonly v.GenericSchema[] }
	| { readonly type: "optional"; readonly wrapped: v.GenericSchema; readonly default?: unknown }
	| { readonly type: "nullable"; readonly wrapped: v.GenericSchema }
	| { readonly type: "record"; readonly key: v.GenericSchema; readonly value: v.GenericSchema }
	| ObjectSchema;
