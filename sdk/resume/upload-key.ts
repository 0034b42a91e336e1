import { toBase64 } from "../../protocol/base64.ts";
import { sha256 } from "../../protocol/digest.ts";
import type { ResolvedOptions } from "../options.ts";

/** The same for the same source with the options that decide about the bytes that are made of it. */
export const uploadKey = async (fingerprint: string, options: ResolvedOptions): Promise<string> => {
	const { endpoint, modelUrl, backend, enhancements, maxSize, gopSeconds, audio, title } = options;
	const facts = [fingerprint, endpoint, modelUrl, backend, enhancements, maxSize, gopSeconds, audio, title];
	return toBase64(await sha256(new TextEncoder().encode(JSON.stringify(facts))));
};
