/** What each operator does to ranges and units; one function per operator that decoding graphs may contain. */
import { CodecError } from "../errors.ts";
import { multiplyConstants } from "./constants.ts";
import type { OnnxNode, OnnxTensor } from "./onnx-reader.ts";

/** Bound of sums in a convolution, in units (SPEC section 7). */
export const LARGEST_SUM = 2 ** 23;
/** Bound of all other values, in units: float32 holds every integer up to it. */
export const LARGEST_VALUE = 2 ** 24;

/** Values of a channel are multiples of `2^unit` in `low..high`. */
export type Channel = { readonly low: number; readonly high: number; readonly unit: number };

/** A tensor `[1, channels, h, w]`; `density` is its cells per full-size pixel, 0 for `[1, channels, 1, 1]`. */
export type Channels = { readonly kind: "channels"; readonly density: number; readonly channels: readonly Channel[] };
export type Constant = { readonly kind: "constant"; readonly tensor: OnnxTensor };
export type Value = Channels | Constant;

/** What a proof collects on its way. */
export type Proof = {
	convolutions: number;
	largestSum: number;
	largestValue: number;
	multiplicationsPerPixel: number;
};

function invalid(what: string): CodecError {
	return new CodecError("model-invalid", `The model cannot be proven exact: ${what}.`);
}

/** A float32 and its bits. */
const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);

/** The largest k with `value` a multiple of 2^k; infinite for 0. */
export function unitOf(value: number): number {
	if (value === 0) return Number.POSITIVE_INFINITY;
	if (!Number.isFinite(value)) throw invalid("a constant is not finite");
	single[0] = value;
	const bits = singleBits[0] as number;
	const exponent = (bits >>> 23) & 0xff;
	if (single[0] === value && exponent > 0) {
		const significand = (bits & 0x7fffff) | 0x800000;
		return exponent - 150 + 31 - Math.clz32(significand & -significand);
	}
	let unit = Math.floor(Math.log2(Math.abs(value)));
	while (!Number.isInteger(value / 2 ** unit)) unit--;
	while (Number.isInteger(value / 2 ** (unit + 1))) unit++;
	return unit;
}

/** A channel whose values are proven to fit float32. */
function checked(low: number, high: number, unit: number, proof: Proof): Channel {
	const magnitude = Math.max(Math.abs(low), Math.abs(high));
	const units = magnitude === 0 ? 0 : magnitude / 2 ** unit;
	if (!(units < LARGEST_VALUE)) throw invalid(`a value of ${units} units may occur`);
	proof.largestValue = Math.max(proof.largestValue, units);
	return { low, high, unit };
}

function constantOf(value: Value | undefined, node: OnnxNode): OnnxTensor {
	if (value?.kind !== "constant") throw invalid(`${node.operator} needs a constant`);
	return value.tensor;
}

function channelsOf(value: Value | undefined, node: OnnxNode): Channels {
	if (value === undefined) throw invalid(`${node.operator} lacks an input`);
	if (value.kind === "channels") return value;
	const { dims, values } = value.tensor;
	const [count, rest] =
		dims.length === 4 ? [dims[1] ?? 0, (dims[2] ?? 0) * (dims[3] ?? 0) * (dims[0] ?? 0)] : [1, values.length];
	if (rest !== 1 || count !== values.length)
		throw invalid(`${node.operator} has a constant of shape [${dims.join(", ")}]`);
	return { kind: "channels", density: 0, channels: [...values].map((v) => ({ low: v, high: v, unit: unitOf(v) })) };
}

/** Element by element with broadcasting over channels. */
function elementwise(node: OnnxNode, inputs: readonly Value[], combine: (a: Channel, b: Channel) => Channel): Channels {
	const [a, b] = [channelsOf(inputs[0], node), channelsOf(inputs[1], node)];
	const count = Math.max(a.channels.length, b.channels.length);
	const pick = (value: Channels, i: number): Channel => {
		const channel = value.channels[value.channels.length === 1 ? 0 : i];
		if (channel === undefined) throw invalid(`${node.operator} has inputs of different channels`);
		return channel;
	};
	if (a.density !== b.density && a.density * b.density !== 0) throw invalid(`${node.operator} mixes grids`);
	const channels = Array.from({ length: count }, (_, i) => combine(pick(a, i), pick(b, i)));
	return { kind: "channels", density: Math.max(a.density, b.density), channels };
}

function convolution(node: OnnxNode, inputs: readonly Value[], proof: Proof): Channels {
	const input = channelsOf(inputs[0], node);
	const { dims, values } = constantOf(inputs[1], node);
	const bias = inputs[2] === undefined ? undefined : constantOf(inputs[2], node).values;
	const [count, perGroup, height, width] = dims;
	const group = node.attributes.get("group")?.integer ?? 1;
	if (count === undefined || perGroup === undefined || height === undefined || width === undefined) {
		throw invalid("a kernel is not two-dimensional");
	}
	if (perGroup * group !== input.channels.length || count % group !== 0)
		throw invalid("a kernel does not fit its input");
	if ((node.attributes.get("auto_pad")?.text ?? "NOTSET") !== "NOTSET")
		throw invalid("a convolution pads automatically");
	const padded = node.attributes.get("pads")?.integers.some((pad) => pad > 0) ?? false;
	const [stride = 1] = node.attributes.get("strides")?.integers ?? [];
	const taps = height * width;
	const channels = Array.from({ length: count }, (_, o) => {
		const offset = bias?.[o] ?? 0;
		let unit = unitOf(offset);
		let [low, high, bound] = [offset, offset, Math.abs(offset)];
		for (let i = 0; i < perGroup; i++) {
			const channel = input.channels[Math.floor(o / (count / group)) * perGroup + i] as Channel;
			const least = padded ? Math.min(channel.low, 0) : channel.low;
			const most = padded ? Math.max(channel.high, 0) : channel.high;
			const largest = Math.max(Math.abs(least), Math.abs(most));
			for (let k = 0; k < taps; k++) {
				const weight = values[(o * perGroup + i) * taps + k] as number;
				if (weight === 0 || largest === 0) continue;
				unit = Math.min(unit, unitOf(weight) + channel.unit);
				bound += Math.abs(weight) * largest;
				low += Math.min(weight * least, weight * most);
				high += Math.max(weight * least, weight * most);
			}
		}
		const sum = bound === 0 ? 0 : bound / 2 ** unit;
		if (!(sum < LARGEST_SUM))
			throw invalid(`sums of ${sum} units may occur in output channel ${o} of a convolution`);
		proof.largestSum = Math.max(proof.largestSum, sum);
		return { low, high, unit };
	});
	const density = input.density / (stride * stride);
	proof.convolutions++;
	proof.multiplicationsPerPixel += values.length * density;
	return { kind: "channels", density, channels };
}

/** CRD order: output channel c comes from input channels c*r*r and following. */
function depthToSpace(node: OnnxNode, input: Channels): Channels {
	const size = node.attributes.get("blocksize")?.integer ?? 0;
	if (node.attributes.get("mode")?.text !== "CRD" || size < 1) throw invalid("DepthToSpace is not in CRD order");
	const each = size * size;
	const channels = Array.from({ length: input.channels.length / each }, (_, c) =>
		hull(input.channels.slice(c * each, (c + 1) * each)),
	);
	return { kind: "channels", density: input.density * each, channels };
}

function hull(channels: readonly Channel[]): Channel {
	return {
		low: Math.min(...channels.map(({ low }) => low)),
		high: Math.max(...channels.map(({ high }) => high)),
		unit: Math.min(...channels.map(({ unit }) => unit)),
	};
}

function map(input: Channels, change: (channel: Channel) => Channel): Channels {
	return { ...input, channels: input.channels.map(change) };
}

function scalar(value: Value | undefined, node: OnnxNode): number {
	const { values } = constantOf(value, node);
	const [only] = values;
	if (values.length !== 1 || only === undefined) throw invalid(`${node.operator} needs a single bound`);
	return only;
}

/** A power of two that a leaky rectifier multiplies with. */
function slopeOf(node: OnnxNode): number {
	const slope = node.attributes.get("alpha")?.float ?? 0.01;
	if (!Number.isInteger(Math.log2(slope)) || slope > 1)
		throw invalid(`a rectifier's slope of ${slope} is no power of two`);
	return slope;
}

/**
 * The outputs of a node.
 *
 * @throws CodecError `model-invalid` where it cannot be proven exact
 */
export function apply(node: OnnxNode, inputs: readonly Value[], proof: Proof): readonly Value[] {
	const input = () => channelsOf(inputs[0], node);
	const [first, second] = inputs;
	switch (node.operator) {
		case "Identity":
			return first === undefined ? [] : [first];
		case "Constant": {
			const tensor = node.attributes.get("value")?.tensor;
			if (tensor === undefined) throw invalid("a Constant has no tensor");
			return [{ kind: "constant", tensor }];
		}
		case "Cast":
			// Stored small, used as float32: exact for every type that a constant may have here.
			return [{ kind: "constant", tensor: constantOf(first, node) }];
		case "Conv":
			return [convolution(node, inputs, proof)];
		case "Mul":
			if (first?.kind === "constant" && second?.kind === "constant") {
				return [{ kind: "constant", tensor: multiplyConstants(first.tensor, second.tensor) }];
			}
			return [
				elementwise(node, inputs, (a, b) => {
					const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
					return checked(Math.min(...corners), Math.max(...corners), a.unit + b.unit, proof);
				}),
			];
		case "Add":
			return [
				elementwise(node, inputs, (a, b) =>
					checked(a.low + b.low, a.high + b.high, Math.min(a.unit, b.unit), proof),
				),
			];
		case "Sub":
			return [
				elementwise(node, inputs, (a, b) =>
					checked(a.low - b.high, a.high - b.low, Math.min(a.unit, b.unit), proof),
				),
			];
		case "Floor":
			return [
				map(input(), ({ low, high, unit }) => ({
					low: Math.floor(low),
					high: Math.floor(high),
					unit: Math.max(unit, 0),
				})),
			];
		case "Clip": {
			const [least, most] = [scalar(inputs[1], node), scalar(inputs[2], node)];
			const bounds = Math.min(unitOf(least), unitOf(most));
			return [
				map(input(), ({ low, high, unit }) => ({
					low: Math.min(Math.max(low, least), most),
					high: Math.min(Math.max(high, least), most),
					unit: Math.min(unit, bounds),
				})),
			];
		}
		case "Relu":
			return [map(input(), ({ low, high, unit }) => ({ low: Math.max(low, 0), high: Math.max(high, 0), unit }))];
		case "LeakyRelu": {
			// Copies or multiplies by a power of two: exact by itself, so nothing is checked before the next sum.
			const slope = slopeOf(node);
			return [
				map(input(), ({ low, high, unit }) => ({
					low: Math.min(low, low * slope),
					high: Math.max(high, high * slope),
					unit: unit + Math.log2(slope),
				})),
			];
		}
		case "Concat": {
			if (node.attributes.get("axis")?.integer !== 1) throw invalid("Concat is not over channels");
			const parts = inputs.map((value) => channelsOf(value, node));
			const density = parts[0]?.density ?? 0;
			if (parts.some((part) => part.density !== density)) throw invalid("Concat mixes grids");
			return [{ kind: "channels", density, channels: parts.flatMap((part) => part.channels) }];
		}
		case "Gather": {
			if (node.attributes.get("axis")?.integer !== 1) throw invalid("Gather is not over channels");
			const whole = input();
			const channels = [...constantOf(second, node).values].map((index) => {
				const channel = whole.channels[index];
				if (channel === undefined) throw invalid("Gather reads a channel that is not there");
				return channel;
			});
			return [{ ...whole, channels }];
		}
		case "Pad":
			if (node.attributes.get("mode")?.text !== "edge") throw invalid("Pad does not repeat the edge");
			return [input()];
		case "DepthToSpace":
			return [depthToSpace(node, input())];
		default:
			throw invalid(`operator ${node.operator} is not allowed on the decoding side`);
	}
}
