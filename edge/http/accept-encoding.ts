/**
 * Whether a client takes brotli (RFC 9110, section 12.5.3): it is named, or everything is, with a weight above zero. A client that says
 * nothing takes anything by the RFC; none that is real would understand, so it gets the bytes as they are.
 */
export const acceptsBrotli = (header: string | null | undefined): boolean => {
	const weights = new Map<string, number>();
	for (const entry of (header ?? "").toLowerCase().split(",")) {
		const match = /^\s*([a-z0-9*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/.exec(entry);
		if (match?.[1] !== undefined) weights.set(match[1], Number(match[2] ?? 1));
	}
	return (weights.get("br") ?? weights.get("*") ?? 0) > 0;
};
