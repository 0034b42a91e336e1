/** How the decoding graphs hang together (SPEC section 2), and what the parts between them guarantee. */
import { CodecError } from "../errors.ts";
import type { Channels } from "./certificate-operators.ts";
import type { DecodingGraphName } from "./model-file.ts";

/** An output of one graph that becomes an input of another, maybe moved by a warp, which widens no range. */
export type Link = {
	readonly from: DecodingGraphName;
	readonly output: string;
	readonly to: DecodingGraphName;
	readonly input: string;
	/** Added on the way. */
	readonly offset?: number;
};

export const CHAIN: readonly Link[] = [
	{ from: "base", output: "features", to: "intra", input: "base_features" },
	{ from: "base", output: "features", to: "keep", input: "base_features" },
	{ from: "base", output: "features", to: "context", input: "base_features" },
	{ from: "base", output: "enlarged", to: "context", input: "enlarged" },
	{ from: "intra", output: "features", to: "context", input: "features" },
	{ from: "synthesis", output: "features", to: "keep", input: "features" },
	{ from: "synthesis", output: "features", to: "context", input: "features" },
	{ from: "synthesis", output: "picture", to: "context", input: "temporal", offset: -128 },
	{ from: "keep", output: "keep", to: "context", input: "keep" },
	{ from: "context", output: "context", to: "synthesis", input: "context" },
	{ from: "context", output: "prediction", to: "synthesis", input: "prediction" },
	{ from: "prior-first", output: "trunk", to: "prior-second", input: "trunk" },
];

/** @throws CodecError `model-invalid` where the output can leave the input's declared range */
export function requireWithin(link: Link, output: Channels, input: Channels): void {
	const { from, to } = link;
	const offset = link.offset ?? 0;
	const fits =
		output.density === input.density &&
		output.channels.length === input.channels.length &&
		output.channels.every((channel, i) => {
			const declared = input.channels[i];
			return (
				declared !== undefined && channel.low + offset >= declared.low && channel.high + offset <= declared.high
			);
		});
	if (!fits) {
		throw new CodecError(
			"model-invalid",
			`${from}.${link.output} can leave what ${to}.${link.input} is proven for.`,
		);
	}
}
