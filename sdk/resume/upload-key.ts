import { toBase64 } from "../../protocol/base64.ts";
import { sha256 } from "../../protocol/digest.ts";
import type { ResolvedOptions } from "../options.ts";

/** The same for the same source with the options that decide about the bytes that are made of it. */
export const uploadKey = async (fingerprint: string, options: ResolvedOptions): Promise<string> => {
	const { endpoint, modelUrl, backend, enhancements, maxSize, gopSeconds, audio, title } = options;
	const facts = [fingerprint, endpoint, modelUrl, backend, enhancements, maxSize, gopSeconds, audio, title];
	return toBase64(await sha256(new TextEncoder().encode(JSON.stringify(facts))));
};

/**
 * Runs `work` with `true` if no other page or worker has this upload under way, else with `false`: two that write the same
 * journal would spoil each other's.
 */
export const withUploadLock = async <T>(key: string, work: (alone: boolean) => Promise<T>): Promise<T> => {
	if (navigator.locks === undefined) {
		return work(true);
	}
	let result: { readonly value: T } | undefined;
	await navigator.locks.request(`crescendo-upload:${key}`, { ifAvailable: true }, async (lock) => {
		result = { value: await work(lock !== null) };
	});
	if (result === undefined) {
		throw new DOMException("The lock was taken away.", "AbortError");
	}
	return result.value;
};
