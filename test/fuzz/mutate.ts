/** A generator of numbers from 0 to 1 that gives the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** Values that sizes, counts and offsets are worst at. */
const EXTREMES = [0, 1, 7, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff];

/** Headers stand in front; they are hit as often as all the rest. */
const HEADER_BYTES = 1024;

type Mutation = (bytes: Uint8Array, at: number, random: () => number) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
	function flipBit(bytes, at, random) {
		bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
		return bytes;
	},
	function setByte(bytes, at, random) {
		bytes[at] = Math.floor(random() * 256);
		return bytes;
	},
	function setField(bytes, at, random) {
		const value = EXTREMES[Math.floor(random() * EXTREMES.length)] ?? 0;
		if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, value);
		return bytes;
	},
	function truncate(bytes, at) {
		return bytes.slice(0, at);
	},
	function remove(bytes, at, random) {
		const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 64));
		return join(bytes.subarray(0, at), bytes.subarray(end));
	},
	function repeat(bytes, at, random) {
		const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 256));
		return join(bytes.subarray(0, end), bytes.subarray(at));
	},
];

/** A damaged copy: one to four mutations, anywhere. */
export function mutate(original: Uint8Array, random: () => number): Uint8Array {
	let bytes: Uint8Array = original.slice();
	for (let left = 1 + Math.floor(random() * 4); left > 0 && bytes.length > 0; left--) {
		const reach = random() < 0.5 ? Math.min(HEADER_BYTES, bytes.length) : bytes.length;
		const mutation = MUTATIONS[Math.floor(random() * MUTATIONS.length)];
		if (mutation !== undefined) bytes = mutation(bytes, Math.floor(random() * reach), random);
	}
	return bytes;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
	const whole = new Uint8Array(a.length + b.length);
	whole.set(a);
	whole.set(b, a.length);
	return whole;
}
