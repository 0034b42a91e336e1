import { describe, expect, it } from "vitest";
import type { BlockMotion } from "../motion/block-motion.ts";
import { warpBaseChroma, warpBaseLuma } from "../motion/warp.ts";
import type { Picture } from "../picture/picture.ts";
import { blendedBase, CUE_PLANES, movedBase, priorCues } from "./cues.ts";
import { frameGeometry } from "./geometry.ts";

const geometry = frameGeometry(64, 32);
const { width: w, height: h, cells } = geometry.grid8;

function base(seed: number): Picture {
	const plane = (length: number, k: number) => Uint8Array.from({ length }, (_, i) => (i * 37 * seed + k * 11) & 255);
	return {
		width: 2 * w,
		height: 2 * h,
		y: plane(4 * cells, 1),
		u: plane(cells, 2),
		v: plane(cells, 3),
		timestamp: 0,
	};
}

const motion: BlockMotion = {
	columns: w,
	rows: h,
	moved: Uint8Array.from({ length: cells }, (_, i) => i & 1),
	vectors: Int16Array.from({ length: 2 * cells }, (_, i) => (i & 2 ? ((i * 29) % 300) - 150 : 0)),
};

/** SPEC section 2.1, plane by plane. */
function plain(now: Picture, then: Picture | undefined): number[][] {
	const unfolded = (p: Pick<Picture, "y" | "u" | "v">) => [
		...[0, 1, 2, 3].map((k) =>
			Array.from({ length: cells }, (_, i) => {
				const [x, y] = [i % w, Math.floor(i / w)];
				return (p.y[(2 * y + (k >> 1)) * 2 * w + 2 * x + (k & 1)] as number) - 128;
			}),
		),
		[...p.u].map((s) => s - 128),
		[...p.v].map((s) => s - 128),
	];
	const planes = unfolded(now);
	if (then === undefined) return [...planes, ...Array.from({ length: 15 }, () => Array<number>(cells).fill(0))];
	const warped = unfolded({
		y: warpBaseLuma(then.y, motion),
		u: warpBaseChroma(then.u, motion),
		v: warpBaseChroma(then.v, motion),
	});
	const change = planes.map((plane, p) =>
		plane.map((s, i) => Math.max(-127, Math.min(127, s - (warped[p]?.[i] as number)))),
	);
	const along = (axis: number) =>
		Array.from({ length: cells }, (_, i) => Math.min(Math.abs(motion.vectors[2 * i + axis] as number), 64));
	return [
		...planes,
		...change,
		...change.map((plane) => plane.map(Math.abs)),
		[...motion.moved].map((m) => 64 * m),
		along(0),
		along(1),
	];
}

describe("the cues of the prior", () => {
	it("are the base alone in an intra frame", () => {
		expect([...priorCues(base(3), undefined, geometry)]).toEqual(plain(base(3), undefined).flat());
	});

	it("are base, change and motion in an inter frame, all in range", () => {
		const cues = priorCues(base(3), { expected: movedBase(base(5), motion), motion }, geometry);
		expect(cues).toHaveLength(CUE_PLANES * cells);
		expect([...cues]).toEqual(plain(base(3), base(5)).flat());
		for (const cue of cues) expect(Math.abs(cue)).toBeLessThanOrEqual(128);
	});

	it("expect of a bidirectional frame what the direction of each block says", () => {
		const [future, past] = [base(5), base(8)];
		const directions = Uint8Array.from({ length: geometry.grid16.cells }, (_, i) => i % 3);
		const { width: columns, height: rows } = geometry.grid16;
		const blended = blendedBase(future, past, { columns, rows, directions });
		for (const [plane, perBlock] of [
			["y", 4],
			["u", 2],
			["v", 2],
		] as const) {
			blended[plane].forEach((sample, i) => {
				const [x, y] = [i % (columns * perBlock), Math.floor(i / (columns * perBlock))];
				const direction = directions[Math.floor(y / perBlock) * columns + Math.floor(x / perBlock)];
				const [f = 0, p = 0] = [future[plane][i], past[plane][i]];
				expect(sample).toBe(direction === 0 ? (f + p + 1) >> 1 : direction === 1 ? f : p);
			});
		}
	});
});
