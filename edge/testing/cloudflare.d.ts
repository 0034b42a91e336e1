import type { D1Migration } from "cloudflare:test";
import type { AssetObject } from "../asset/asset-object.ts";
import type { Environment } from "../environment.ts";
import type { WebhookObject } from "../webhooks/webhook-object.ts";
import type * as worker from "../worker.ts";

declare global {
	namespace Cloudflare {
		/** The type of `env` in "cloudflare:workers"; tests look into Durable Objects themselves. */
		interface Env extends Omit<Environment, "ASSET" | "WEBHOOK"> {
			readonly ASSET: DurableObjectNamespace<AssetObject>;
			readonly WEBHOOK: DurableObjectNamespace<WebhookObject>;
			readonly TEST_MIGRATIONS: D1Migration[];
		}
		/** The type of `exports` there. */
		interface GlobalProps {
			mainModule: typeof worker;
		}
	}
}
