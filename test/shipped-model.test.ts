import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { bytesSource, FragmentedFileReader } from "../codec/mp4/reader.ts";
import { ENCODED_SAMPLES } from "../scripts/seed.ts";

/** What was made with a model is of no use with another: after new weights, `docs/developing.md` says what to make again. */
const folder = new URL("../models/crescendo-1/", import.meta.url);

async function modelId(): Promise<string> {
	const { id }: { id: string } = JSON.parse(await readFile(fileURLToPath(new URL("model.json", folder)), "utf8"));
	return id;
}

it("the self-test's answers belong to the shipped model", async () => {
	const answers: { modelId: string } = JSON.parse(
		await readFile(fileURLToPath(new URL("self-test.json", folder)), "utf8"),
	);
	expect(answers.modelId).toBe(await modelId());
});

it.each(ENCODED_SAMPLES)(
	"the sample of $width x $height is encoded with the shipped model",
	async ({ path, width, height }) => {
		const reader = await FragmentedFileReader.open(bytesSource(await readFile(path)));
		const tracks = reader.tracks.flatMap(({ track }) => (track.kind === "enhancement" ? [track] : []));
		expect(tracks).toHaveLength(1);
		expect(tracks[0]).toMatchObject({ modelId: await modelId(), width, height });
	},
);
