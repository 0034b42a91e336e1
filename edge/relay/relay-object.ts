import { DurableObject } from "cloudflare:workers";
import type { Asker, IndexName, PartialLocation, PlaylistQuery, Served } from "../asset/live-question.ts";
import type { Environment } from "../environment.ts";
import { Crowd } from "./crowd.ts";
import type { RelayCalls } from "./relay-calls.ts";
import { placeAbove, relayName, type RelayPlace } from "./relay-place.ts";
import { SharedAnswers } from "./shared-answers.ts";

/**
 * Stands between viewers of a low-latency asset and the asset: a Durable Object answers about a thousand requests a second, and viewers
 * who wait for the next piece all ask for the same. It keeps nothing; what it was told a second ago it asks again.
 */
export class RelayObject extends DurableObject<Environment> implements RelayCalls {
	readonly #answers = new SharedAnswers();
	readonly #crowd = new Crowd();

	/** The master playlist or the list of enhancements, as the asset's Durable Object would give it. */
	async index(place: RelayPlace, name: IndexName, asker: Asker): Promise<Served<string>> {
		return this.#once(asker, `index ${name}`, false, () => {
			const above = placeAbove(place);
			return above === undefined
				? this.#asset(place).index(name, "relay")
				: this.#relay(above).index(above, name, "relay");
		});
	}

	/** A media playlist, as the asset's Durable Object would give it. */
	async playlist(place: RelayPlace, trackId: string, query: PlaylistQuery, asker: Asker): Promise<Served<string>> {
		const { segment, partial, skip } = query;
		// Only of what a playlist has to hold it is known that a moment later it still does: others would grow old from level to level.
		const isLasting = segment !== undefined;
		return this.#once(asker, `playlist ${trackId} ${segment} ${partial} ${skip}`, isLasting, () => {
			const above = placeAbove(place);
			return above === undefined
				? this.#asset(place).playlist(trackId, query, "relay")
				: this.#relay(above).playlist(above, trackId, query, "relay");
		});
	}

	/** A piece of a segment, as the asset's Durable Object would give it. */
	async partial(
		place: RelayPlace,
		trackId: string,
		segment: number,
		index: number,
		asker: Asker,
	): Promise<Served<PartialLocation>> {
		return this.#once(asker, `partial ${trackId} ${segment} ${index}`, true, () => {
			const above = placeAbove(place);
			return above === undefined
				? this.#asset(place).partial(trackId, segment, index, "relay")
				: this.#relay(above).partial(above, trackId, segment, index, "relay");
		});
	}

	async #once<Value>(
		asker: Asker,
		key: string,
		isLasting: boolean,
		ask: () => Promise<Served<Value>>,
	): Promise<Served<Value>> {
		// A refusal may be over in a moment: nobody else gets it.
		return this.#crowd.serve(asker, () =>
			this.#answers.get(key, ask, (served) => isLasting && served !== "crowded" && served.ok),
		);
	}

	#asset({ asset }: RelayPlace) {
		return this.env.ASSET.get(this.env.ASSET.idFromName(asset));
	}

	#relay(place: RelayPlace) {
		return this.env.RELAY.get(this.env.RELAY.idFromName(relayName(place)));
	}
}
