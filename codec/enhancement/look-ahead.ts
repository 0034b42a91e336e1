import { extendPicture } from "../picture/extend.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import { type BlockCosts, blockCosts, inheritance, type LumaPlane, ownCosts } from "./inheritance.ts";

/** A base sample and the picture it decodes to. */
export type CodedBase = { readonly sample: Sample; readonly base: Picture };

/** An item, and what is known of those behind it. */
export type LookedAhead<T> = T & {
	/** What later pictures inherit from each 32x32 block of its picture: `EncodeChoice.inheritance`. */
	readonly inheritance: Float32Array | undefined;
	/** Whether another picture of the same GOP is known to follow, and little enough happens up to it: then this one may be bidirectional. */
	readonly followed: boolean;
};

/** Side of the base's part of a 32x32 block. */
const BLOCK = 8;
/**
 * Absolute error of a base sample, moved, above which a picture is no better off between two references: the second one's own reference is
 * too far away then (files of seven clips: those at 2 to 8 on average gain, the one at 10 loses; `bench/rd/EXPERIMENTS.md`).
 */
const RESTLESS = 9;

type Waiting<T> = { readonly item: T; readonly plane: LumaPlane; readonly costs: BlockCosts | undefined };

/**
 * Passes items on when those that follow are known, each with what later pictures inherit. Nothing is inherited across a sync sample.
 *
 * @param frames how far to look ahead, 0 or more: so many items wait in memory. 0 knows of no inheritance, and passes all on at once
 */
export async function* lookAhead<T extends CodedBase>(
	items: AsyncIterable<T>,
	frames: number,
): AsyncGenerator<LookedAhead<T>, void, undefined> {
	const waiting: Waiting<T>[] = [];
	const release = () => {
		const [first, ...later] = waiting;
		if (first === undefined) throw new RangeError("Nothing waits.");
		waiting.shift();
		const ahead = later.flatMap(({ costs }) => (costs === undefined ? [] : [costs]));
		const own = first.costs?.own ?? ownCosts(first.plane);
		const followed = later[0] !== undefined && !isRestless(first.costs, later[0].costs);
		return { ...first.item, inheritance: inheritance(own, ahead), followed };
	};
	for await (const item of items) {
		if (frames === 0) {
			yield { ...item, inheritance: undefined, followed: false };
			continue;
		}
		if (item.sample.sync) while (waiting.length > 0) yield release();
		const plane = lumaOf(item.base);
		const before = waiting.at(-1)?.plane;
		waiting.push({ item, plane, costs: before === undefined ? undefined : blockCosts(plane, before) });
		if (waiting.length > frames) yield release();
	}
	while (waiting.length > 0) yield release();
}

/** Whether too much changes from the picture before to this one, and on to the next. */
function isRestless(...steps: readonly (BlockCosts | undefined)[]): boolean {
	const moved = steps.flatMap((costs) => [...(costs?.moved ?? [])]);
	return moved.reduce((sum, cost) => sum + cost, 0) > RESTLESS * BLOCK * BLOCK * moved.length;
}

/** Extended to whole blocks. */
function lumaOf(base: Picture): LumaPlane {
	const whole = (side: number) => BLOCK * Math.ceil(side / BLOCK);
	const { width, height, y } = extendPicture(base, whole(base.width), whole(base.height));
	return { width, height, samples: y };
}
