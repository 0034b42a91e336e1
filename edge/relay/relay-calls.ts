import type { IndexName, PartialLocation, PlaylistQuery } from "../asset/live-desk.ts";
import type { Result } from "../asset/result.ts";
import type { RelayPlace } from "./relay-place.ts";

/** Who asks for what is to come: a relay asks for many, and is always let in. */
export type Asker = "viewer" | "relay";

/** What was asked for; or that so many wait here already that a viewer has to ask a relay further down. */
export type Served<Value> = Result<Value> | "crowded";

/** What the Worker asks a relay; see `RelayObject`, which answers. */
export interface RelayCalls extends Rpc.DurableObjectBranded {
	/** The master playlist or the list of enhancements, as the asset's Durable Object would give it. */
	index(place: RelayPlace, name: IndexName, asker: Asker): Promise<Served<string>>;
	/** A media playlist, as the asset's Durable Object would give it. */
	playlist(place: RelayPlace, trackId: string, query: PlaylistQuery, asker: Asker): Promise<Served<string>>;
	/** A piece of a segment, as the asset's Durable Object would give it. */
	partial(
		place: RelayPlace,
		trackId: string,
		segment: number,
		index: number,
		asker: Asker,
	): Promise<Served<PartialLocation>>;
}
