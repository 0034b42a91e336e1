/** Names of objects in the store. Every name but that of the list of extras is written once and never again with other bytes. */

/** All of an asset's objects begin with this. */
export const assetPrefix = (assetId: string): string => `assets/${assetId}/`;

/** The init segment of a track. */
export const initKey = (assetId: string, trackId: string): string => `${assetPrefix(assetId)}${trackId}/init.mp4`;

/** A media segment of a track. */
export const segmentKey = (assetId: string, trackId: string, number: number): string =>
	`${assetPrefix(assetId)}${trackId}/${number}.m4s`;

/** The state of a complete asset, from which playlists are built. */
export const frozenStateKey = (assetId: string): string => `${assetPrefix(assetId)}state.json`;

/** Captions, posters, and the list of them: see extras.ts. */
export const extrasPrefix = (assetId: string): string => `${assetPrefix(assetId)}extras/`;
