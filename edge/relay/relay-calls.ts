import type { Asker, IndexName, PartialLocation, PlaylistQuery, Served } from "../asset/live-question.ts";
import type { RelayPlace } from "./relay-place.ts";

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
