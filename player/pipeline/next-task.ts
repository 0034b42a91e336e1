const channel = typeof MessageChannel === "undefined" ? undefined : new MessageChannel();
const waiting: (() => void)[] = [];
if (channel) channel.port1.onmessage = () => waiting.shift()?.();

/**
 * Resolves in a later task, so that messages that came meanwhile are handled first. WASM inference never lets go of the
 * thread by itself: its promises resolve as microtasks, and the worker would hear of a seek seconds late.
 */
export function nextTask(): Promise<void> {
	return new Promise((resolve) => {
		if (channel) {
			waiting.push(resolve);
			channel.port2.postMessage(undefined);
		} else {
			setTimeout(resolve, 0);
		}
	});
}
