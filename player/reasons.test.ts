import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { REASONS } from "./reasons.ts";

it("docs/player.md explains every reason, and no other", () => {
	const text = readFileSync(join(import.meta.dirname, "../docs/player.md"), "utf8");
	const section = text.slice(text.indexOf("### Reasons"), text.indexOf("### Style"));
	// The first column of the table's rows; the two rows of its head hold no code.
	const codes = [...section.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = ""]) =>
		[...cell.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
	);
	expect(codes.toSorted()).toEqual(Object.keys(REASONS).toSorted());
});
