import type { Access, CreateAssetRequest } from "../../protocol/asset.ts";
import type { Limits } from "../limits.ts";

/** What an asset was made with; it never changes. */
export type AssetSettings = {
	readonly id: string;
	readonly access: Access;
	/** Milliseconds since 1970. */
	readonly createdAt: number;
	readonly request: CreateAssetRequest;
	/** The edge's limits at that time, narrowed by the upload token's. A later change does not break an upload under way. */
	readonly limits: Limits;
};
