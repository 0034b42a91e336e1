/** Feeds one reader with damaged inputs, on a thread of its own: what hangs or eats all memory ends with the thread. */
import { parentPort, workerData } from "node:worker_threads";
import { mutate, randomOf } from "./mutate.ts";
import { isTyped, TARGETS } from "./targets.ts";

/** What the thread is told. */
export interface Order {
	readonly target: string;
	readonly seed: number;
}

/** What it tells back. */
export interface Report {
	readonly runs: number;
	/** Inputs that were read in spite of the damage. */
	readonly read: number;
	/** Refusals by code. */
	readonly refused: Readonly<Record<string, number>>;
	/** The first of each kind: any other error, and allocations that the input does not warrant. */
	readonly faults: readonly string[];
}

/** No input is larger than a few 100 KiB; no array made for one may be larger than this. */
const LARGEST_ARRAY_BYTES = 16 * 2 ** 20;

class LargeAllocation extends Error {}

/** Makes every typed array of more than the limit throw instead. */
function limitArrays(): void {
	for (const name of [
		"Uint8Array",
		"Int8Array",
		"Int16Array",
		"Int32Array",
		"Float32Array",
		"Float64Array",
	] as const) {
		const plain = globalThis[name];
		const limited = new Proxy(plain, {
			construct(target, parameters: readonly unknown[], newTarget): object {
				const [length] = parameters;
				if (typeof length === "number" && length * plain.BYTES_PER_ELEMENT > LARGEST_ARRAY_BYTES) {
					throw new LargeAllocation(`${name} of ${length}`);
				}
				return Reflect.construct(target, parameters, newTarget) as object;
			},
		});
		Object.assign(globalThis, { [name]: limited });
	}
}

async function feed({ target: name, seed }: Order): Promise<Report> {
	const target = await TARGETS[name]?.();
	if (target === undefined) throw new Error(`no target ${name}`);
	for (const input of target.inputs) await target.read(input);
	limitArrays();
	const random = randomOf(seed);
	const refused: Record<string, number> = {};
	const faults = new Map<string, string>();
	let read = 0;
	for (let run = 0; run < target.runs; run++) {
		const input = target.inputs[run % target.inputs.length] ?? new Uint8Array();
		const damaged = mutate(input, random);
		const bytes = target.mend?.(damaged) ?? damaged;
		try {
			await target.read(bytes);
			read++;
		} catch (error) {
			if (isTyped(error)) {
				const { code } = error as { readonly code: string };
				refused[code] = (refused[code] ?? 0) + 1;
			} else {
				const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
				const kind = text.split("\n").slice(0, 2).join();
				if (!faults.has(kind)) faults.set(kind, `run ${run}, ${bytes.length} bytes: ${text}`);
			}
		}
	}
	return { runs: target.runs, read, refused, faults: [...faults.values()] };
}

parentPort?.postMessage(await feed(workerData as Order));
