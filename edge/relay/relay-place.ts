/**
 * Where a relay stands. Relays are a tree for each asset and region: viewers ask one at the bottom, each asks the one above it, the
 * topmost asks the asset's Durable Object. All of a level do the same, so any of them will do for any viewer.
 *
 *   level 0                       asset
 *   level 1            Europe     Asia    ...          one in each region
 *   level 2         0 1 2 ... 31   0 1 ...             32 in each region
 *   level 3   0 1 2 ...       1023                     32 below each of those, and so on
 */
export type RelayPlace = {
	readonly asset: string;
	/** A continent, as the platform names it; viewers and relays of a region are near each other. */
	readonly region: string;
	/** 1 is next to the asset. */
	readonly level: number;
	/** From 0; among those of the level and region. */
	readonly index: number;
};

/**
 * Relays below a relay. Each asks as often as one viewer does, 15 times a second with three tracks in pieces of 400 ms: with its own
 * viewers that is as much as a Durable Object can bear.
 */
export const FAN = 32;

/** The deepest level: 32,768 relays a region, for a million viewers in it. docs/deploy.md has the calculation. */
export const DEEPEST = 4;

/** Relays of a level in a region. */
export const widthOf = (level: number): number => FAN ** (level - 1);

/** The name of a relay's Durable Object. */
export const relayName = ({ asset, region, level, index }: RelayPlace): string =>
	`${asset}/${region}/${level}/${index}`;

/** The relay above one; undefined above the topmost, which asks the asset. */
export const placeAbove = ({ level, index, ...place }: RelayPlace): RelayPlace | undefined =>
	level <= 1 ? undefined : { ...place, level: level - 1, index: Math.floor(index / FAN) };
