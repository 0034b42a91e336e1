import { expect, it } from "vitest";
import type { DeviceTensor, Graph } from "./executor.ts";
import { runGraph } from "./run-graph.ts";

it("hands out the promised outputs of a graph and keeps no other", async () => {
	const disposed: string[] = [];
	const tensor = (name: string): DeviceTensor => ({ shape: [1, 1, 1, 1], dispose: () => void disposed.push(name) });
	const graph: Graph = {
		run: async () => ({ mean: tensor("mean"), scale: tensor("scale"), spare: tensor("spare") }),
		dispose: async () => undefined,
	};
	expect(Object.keys(await runGraph(graph, {}, ["mean", "scale"]))).toContain("scale");
	expect(disposed).toEqual(["spare"]);
	disposed.length = 0;
	await expect(runGraph(graph, {}, ["mean", "trunk"])).rejects.toMatchObject({ code: "model-invalid" });
	expect(disposed).toEqual(["mean", "scale", "spare"]);
});
