/**
 * Gives the memory behind an array back at once, and leaves it empty. Garbage collection would free it, but only after tens of megabytes of
 * its kind: a collector sees little of what lies behind an array. Where this environment cannot do it, the collector does.
 *
 * @param array the only one of its buffer that is still read
 */
export function giveBack({ buffer }: ArrayBufferView): void {
	if (buffer instanceof ArrayBuffer && typeof buffer.transfer === "function") buffer.transfer(0);
}
