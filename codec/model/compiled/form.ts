/** The two forms in which a tensor is held, and when the smaller one will do. */
import { CodecError } from "../../errors.ts";
import type { Channel } from "../certificate-operators.ts";

/** Channels, height, width. */
export type Size = readonly [number, number, number];

/** Two channels of 16 bits in a plane, or one of 32. */
export type Form = "integers" | "floats";

/** What 16 bits hold. */
export const INT16: Channel = { low: -(2 ** 15), high: 2 ** 15 - 1, unit: 0 };

/** Whether all that a channel can be is whole and fits 16 bits. */
export function isWhole({ low, high, unit }: Channel): boolean {
	return unit >= 0 && low >= INT16.low && high <= INT16.high;
}

/** Planes that so many channels take. */
export function planesOf(channels: number, form: Form): number {
	return form === "integers" ? Math.ceil(channels / 2) : channels;
}

/** Why a graph cannot be run. */
export function invalidGraph(what: string): CodecError {
	return new CodecError("model-invalid", `A graph of the model cannot be run: ${what}.`);
}
