import { BoundedQueue } from "../../codec/enhancement/bounded-queue.ts";

/**
 * Lets `source` run up to `capacity` items ahead of whoever reads the result, so that two stages work at the same time.
 * When the reader stops early, `source` is closed (its `finally` runs); an error of `source` reaches the reader.
 */
export async function* runAhead<T>(source: AsyncIterable<T>, capacity: number): AsyncGenerator<T, void, undefined> {
	const queue = new BoundedQueue<{ readonly item: T }>(capacity);
	const pump = (async () => {
		try {
			for await (const item of source) {
				if (!(await queue.push({ item }))) {
					return;
				}
			}
			queue.end();
		} catch (error) {
			queue.end({ error });
		}
	})();
	try {
		for (let next = await queue.pull(); next !== undefined; next = await queue.pull()) {
			yield next.item;
		}
	} finally {
		queue.end();
		await pump;
	}
}
