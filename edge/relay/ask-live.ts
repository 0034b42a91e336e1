import type { Context } from "hono";
import type { IndexName, PartialLocation, PlaylistQuery, Served } from "../asset/live-question.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError } from "../http/api-error.ts";
import { assetObject, unwrap } from "../routes/context.ts";
import { Depths } from "./depths.ts";
import { DEEPEST, relayName, type RelayPlace, widthOf } from "./relay-place.ts";

/** Of this instance of the Worker. */
const depths = new Depths();

/** The master playlist or the list of enhancements, from the asset or from a relay. @throws ApiError what was refused */
export const askIndex = (context: Context<EdgeContext>, asset: string, name: IndexName): Promise<string> =>
	ask(context, asset, (place) =>
		place === undefined
			? assetObject(context, asset).index(name, "viewer")
			: relayObject(context, place).index(place, name, "viewer"),
	);

/** A media playlist that has what is asked for, from the asset or from a relay. @throws ApiError what was refused */
export const askPlaylist = (
	context: Context<EdgeContext>,
	asset: string,
	trackId: string,
	query: PlaylistQuery,
): Promise<string> =>
	ask(context, asset, (place) =>
		place === undefined
			? assetObject(context, asset).playlist(trackId, query, "viewer")
			: relayObject(context, place).playlist(place, trackId, query, "viewer"),
	);

/** A piece of a segment, from the asset or from a relay. @throws ApiError what was refused */
export const askPartial = (
	context: Context<EdgeContext>,
	asset: string,
	trackId: string,
	segment: number,
	index: number,
): Promise<PartialLocation> =>
	ask(context, asset, (place) =>
		place === undefined
			? assetObject(context, asset).partial(trackId, segment, index, "viewer")
			: relayObject(context, place).partial(place, trackId, segment, index, "viewer"),
	);

/** Asks the asset itself, and where too many wait there a relay, and so on down. */
const ask = async <Value>(
	context: Context<EdgeContext>,
	asset: string,
	askAt: (place: RelayPlace | undefined) => Promise<Served<Value>>,
): Promise<Value> => {
	const region = String(context.req.raw.cf?.continent ?? "XX");
	for (let level = depths.levelOf(asset, Date.now()); level <= DEEPEST; level++) {
		const index = Math.floor(Math.random() * widthOf(level));
		const served = await askAt(level === 0 ? undefined : { asset, region, level, index }).catch(
			crowdedIfOverloaded,
		);
		if (served === "crowded") continue;
		depths.remember(asset, level, Date.now());
		return unwrap(served);
	}
	throw new ApiError("rate-limited", "Too many viewers ask for this at once.", "Ask again in a second.", {
		retryAfter: 1,
	});
};

/** The platform turns requests away from a Durable Object that has more than it can do: a crowd as well. */
const crowdedIfOverloaded = (error: unknown): "crowded" => {
	if (error instanceof Error && "overloaded" in error && error.overloaded === true) return "crowded";
	throw error;
};

const relayObject = ({ env }: Context<EdgeContext>, place: RelayPlace) =>
	env.RELAY.get(env.RELAY.idFromName(relayName(place)));
