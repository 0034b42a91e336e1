/**
 * Whether the reports of a playback are kept where one in so many is. The name of the playback decides, so that of each playback
 * either all reports are kept or none, on every instance of the Worker (FNV-1a, 32 bits).
 */
export const isSampled = (session: string, oneIn: number): boolean => {
	let hash = 0x811c9dc5;
	for (let index = 0; index < session.length; index++) {
		hash = Math.imul(hash ^ session.charCodeAt(index), 0x01000193) >>> 0;
	}
	return hash % oneIn === 0;
};
