import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";
import { openApiDocument } from "../edge/openapi/document.ts";

it("the description of the interface that the build writes is OpenAPI 3.1 by the standard's own schema", async () => {
	const validator = new Validator();
	const copy: Record<string, unknown> = JSON.parse(JSON.stringify(openApiDocument()));
	expect(await validator.validate(copy)).toMatchObject({ valid: true });
	expect(validator.version).toBe("3.1");
	const broken = { ...copy, paths: { "/v1/assets": { get: { responses: { ok: {} } } } } };
	expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
});
