/**
 * An Opus identification header (RFC 7845 section 5.1, little-endian, as WebM and WebCodecs carry it) as the payload of a
 * `dOps` box (Encapsulation of Opus in ISO BMFF, section 4.3.2, big-endian).
 * @returns undefined where the header is none.
 */
export const opusHeadToDops = (head: Uint8Array): Uint8Array | undefined => {
	const MAGIC = "OpusHead";
	if (head.length < 19 || ![...MAGIC].every((letter, index) => head[index] === letter.charCodeAt(0))) {
		return undefined;
	}
	const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
	const family = view.getUint8(18);
	const mapping = family === 0 ? 0 : 2 + view.getUint8(9);
	if (head.length < 19 + mapping) {
		return undefined;
	}
	const out = new Uint8Array(11 + mapping);
	const dops = new DataView(out.buffer);
	dops.setUint8(0, 0); // Version
	dops.setUint8(1, view.getUint8(9)); // OutputChannelCount
	dops.setUint16(2, view.getUint16(10, true)); // PreSkip
	dops.setUint32(4, view.getUint32(12, true)); // InputSampleRate
	dops.setInt16(8, view.getInt16(16, true)); // OutputGain
	dops.setUint8(10, family); // ChannelMappingFamily
	out.set(head.subarray(19, 19 + mapping), 11);
	return out;
};
