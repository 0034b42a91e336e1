/** A promise with its handles outside (Promise.withResolvers, which Node 20 does not have). */
export type Deferred<T> = {
	readonly promise: Promise<T>;
	readonly resolve: (value: T) => void;
	readonly reject: (error: unknown) => void;
};

/** A promise that nobody has to wait for: its rejection is not reported as unhandled. */
export const deferred = <T>(): Deferred<T> => {
	let resolve: (value: T) => void = () => undefined;
	let reject: (error: unknown) => void = () => undefined;
	const promise = new Promise<T>((resolvePromise, rejectPromise) => {
		resolve = resolvePromise;
		reject = rejectPromise;
	});
	promise.catch(() => undefined);
	return { promise, resolve, reject };
};
