/** A network over time, made by formula so that every machine has the same one: nothing here was recorded from anybody. */
export type Trace = {
	readonly name: string;
	/** Seconds from request to first byte. */
	readonly latency: number;
	readonly bitsPerSecond: (seconds: number) => number;
};

/** Numbers in 0..1 that follow from the second alone: Knuth's multiplicative hash. */
const noise = (seconds: number, seed: number) =>
	(Math.imul(Math.floor(seconds) * 2 + seed * 7919 + 1, 2_654_435_761) >>> 8) / 2 ** 24;

/** Random numbers in 0..1 that change smoothly over `period` seconds. */
const drift = (seconds: number, period: number, seed: number) => {
	const at = seconds / period;
	const rest = at - Math.floor(at);
	return noise(Math.floor(at), seed) * (1 - rest) + noise(Math.floor(at) + 1, seed) * rest;
};

/** The network that stays as it is. */
export const constantTrace = (bitsPerSecond: number, latency = 0.1): Trace => ({
	name: `constant ${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`,
	latency,
	bitsPerSecond: () => bitsPerSecond,
});

/** Networks that policies are tried on. */
export const TRACES: readonly Trace[] = [
	constantTrace(0.4e6),
	constantTrace(1.5e6),
	constantTrace(6e6, 0.04),
	{ name: "step down, 5 to 0.6 Mbit/s at 40 s", latency: 0.08, bitsPerSecond: (t) => (t < 40 ? 5e6 : 0.6e6) },
	{ name: "step up, 0.6 to 5 Mbit/s at 40 s", latency: 0.08, bitsPerSecond: (t) => (t < 40 ? 0.6e6 : 5e6) },
	{
		// A train: coverage comes and goes in a minute, tunnels of eight seconds with next to nothing.
		name: "train, 3G and 4G with tunnels",
		latency: 0.12,
		bitsPerSecond: (t) => {
			if (t % 70 > 50 && t % 70 < 58) return 0.03e6;
			return 2.2e6 * (1 + 0.85 * Math.sin(t / 9)) * (0.5 + noise(t, 1));
		},
	},
	{
		// Buses under HSPA: a mean of 0.8 Mbit/s that wanders over half a minute and jumps every second.
		name: "bus, 3G",
		latency: 0.18,
		bitsPerSecond: (t) => 0.12e6 + 1.7e6 * drift(t, 15, 4) ** 1.5 * (0.4 + 1.2 * noise(t, 5)),
	},
	{
		// Cells handed over every 25 seconds: each with a rate of its own, half of them poor.
		name: "car, 4G with handovers",
		latency: 0.07,
		bitsPerSecond: (t) => (noise(t / 25, 6) < 0.5 ? 0.5e6 : 4.5e6) * (0.6 + 0.8 * noise(t, 7)),
	},
	{
		// Good on average; one second in eight is nearly lost to collisions and retries.
		name: "lossy Wi-Fi",
		latency: 0.03,
		bitsPerSecond: (t) => (noise(t, 2) < 0.125 ? 0.15e6 : 4e6 * (0.4 + noise(t, 3))),
	},
];
