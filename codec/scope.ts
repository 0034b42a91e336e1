/** Something that holds memory, or a process, until it is disposed of. A second `dispose` does nothing. */
export interface Held {
	dispose(): void | Promise<void>;
}

/** Hands on what it is given and remembers it. */
export type Keep = <T extends Held>(thing: T) => T;

/**
 * Runs a step that makes things which hold memory. What it calls temporary is disposed of at its end, the last made first; what
 * it calls a result too where it fails, and stays otherwise. All are, even where one cannot be; the first error counts.
 *
 * @throws what the step throws; where it came through, what the disposal of a temporary throws
 */
export async function scoped<T>(step: (temporary: Keep, result: Keep) => Promise<T>): Promise<T> {
	const [temporaries, results]: [Held[], Held[]] = [[], []];
	let value: T | undefined;
	let failure: { readonly error: unknown } | undefined;
	const release = async (things: Held[]) => {
		for (const thing of things.reverse()) {
			try {
				await thing.dispose();
			} catch (error) {
				failure ??= { error };
			}
		}
	};
	try {
		value = await step(keepIn(temporaries), keepIn(results));
	} catch (error) {
		failure = { error };
	}
	await release(temporaries);
	if (failure !== undefined) await release(results);
	if (failure !== undefined) throw failure.error;
	return value as T;
}

function keepIn(things: Held[]): Keep {
	return (thing) => {
		things.push(thing);
		return thing;
	};
}
