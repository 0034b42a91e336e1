import { describe, expect, it } from "vitest";
import { type ListedAsset, planSeeding } from "./seed.ts";

const small = { title: "Small", file: "small.mp4", digest: "s2" };
const large = { title: "Large", file: "large.mp4", digest: "l2" };
const seeded = (id: string, { title, file }: typeof small, digest: string): ListedAsset => ({
	...{ id, title, metadata: { sample: file, sampleDigest: digest } },
});
const plan = (...assets: ListedAsset[]) => {
	const { upload, remove } = planSeeding(assets, [small, large]);
	return { upload: upload.map(({ file }) => file), remove };
};

describe("seeding", () => {
	it("fills an empty store", () => {
		expect(plan()).toEqual({ upload: ["small.mp4", "large.mp4"], remove: [] });
	});

	it("leaves samples that are those on disk", () => {
		expect(plan(seeded("a", small, "s2"), seeded("b", large, "l2"))).toEqual({ upload: [], remove: [] });
	});

	it("puts the sample on disk in the place of another version, whatever it is called by now", () => {
		const renamed = { ...small, title: "Mine" };
		expect(plan(seeded("a", renamed, "s1"), seeded("b", large, "l2"))).toEqual({
			upload: ["small.mp4"],
			remove: ["a"],
		});
	});

	it("ends what was cut off between upload and removal", () => {
		expect(plan(seeded("a", small, "s1"), seeded("b", small, "s2"))).toEqual({ upload: [], remove: ["a"] });
	});

	it("brings no sample back that was deleted, and removes nothing that is somebody's own", () => {
		expect(plan({ id: "a", title: "Holiday" })).toEqual({ upload: [], remove: [] });
		expect(plan({ id: "a", metadata: { sample: "other.mp4", sampleDigest: "x" } })).toEqual({
			upload: [],
			remove: [],
		});
	});

	it("adds to an asset of the first versions, which says nothing of its file, the sample on disk", () => {
		expect(plan({ id: "a", title: "Large" })).toEqual({ upload: ["large.mp4"], remove: [] });
		expect(plan({ id: "a", title: "Large" }, seeded("b", large, "l2"))).toEqual({ upload: [], remove: [] });
	});
});
