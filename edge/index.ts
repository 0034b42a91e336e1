/**
 * The edge's door: a typed client of its interface, for servers that make tokens, list assets or delete them. Browsers upload with
 * `crescendo-video/sdk`.
 */
import { hc } from "hono/client";
import type { EdgeRoutes } from "./routes/all.ts";

export type {
	Access,
	AssetResponse,
	CompleteRequest,
	CreateAssetRequest,
	CreateTokenRequest,
	CreateTokenResponse,
	PutPartResponse,
	TrackProgress,
} from "../protocol/asset.ts";
export { ERROR_STATUS, type ErrorBody, type ErrorCode, isRetryable, parseErrorBody } from "../protocol/error.ts";
export { verifyWebhook, type WebhookPayload } from "../protocol/webhook.ts";
export type { EdgeRoutes } from "./routes/all.ts";

/**
 * A client that knows every route, its parameters and its answers.
 * @param endpoint where the edge answers: `https://video.example.com`
 * @param key an API key
 * @param options `fetch`: something else than the global one
 * @example
 * const edge = createEdgeClient("https://video.example.com", apiKey);
 * const response = await edge.v1.assets[":id"].$delete({ param: { id } });
 */
export const createEdgeClient = (endpoint: string, key: string, options: { readonly fetch?: typeof fetch } = {}) =>
	hc<EdgeRoutes>(endpoint, { ...options, headers: { Authorization: `Bearer ${key}` } });
