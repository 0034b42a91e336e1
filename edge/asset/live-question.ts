import type { Result } from "./result.ts";

/** A media playlist that is asked for while the asset is written (RFC 8216bis, 6.2.5). */
export type PlaylistQuery = {
	/** `_HLS_msn`: answer when this segment is there, or with `partial` (`_HLS_part`) this piece of it. */
	readonly segment?: number;
	readonly partial?: number;
	/** `_HLS_skip`: a delta update will do. */
	readonly skip: boolean;
};

/** What a player asks for first: the master playlist, and the list of enhancements that it names. */
export type IndexName = "master" | "enhancements";

/** A piece of a segment: its bytes, or where in the stored segment they are. */
export type PartialLocation = { readonly bytes: Uint8Array } | { readonly offset: number; readonly length: number };

/** Who asks for what is to come: a relay asks for many, and is always let in. */
export type Asker = "viewer" | "relay";

/** What was asked for; or that so many wait here already that a viewer has to ask a relay further down. */
export type Served<Value> = Result<Value> | "crowded";
