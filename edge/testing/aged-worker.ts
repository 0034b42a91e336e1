import { AssetObject as WrittenAsset } from "../asset/asset-object.ts";
import type { Environment } from "../environment.ts";
import worker from "../worker.ts";
import type { Past } from "./past.ts";
import { writePast } from "./write-past.ts";

export { RelayObject, WebhookObject } from "../worker.ts";

/**
 * An asset that can be made hours old at once: its database then holds what so many hours of uploading leave there, and it begins anew
 * from that, as after being moved to another machine.
 */
export class AssetObject extends WrittenAsset {
	/** Writes the rows of the past, and ends this object: the next request starts it again. */
	async age(past: Past): Promise<void> {
		writePast(this.ctx.storage.sql, past);
		await this.ctx.storage.sync();
		this.ctx.abort("aged");
	}
}

/** The edge, and `POST /age/<asset>` with a `Past`. */
export default {
	fetch: async (request: Request, environment: Environment, context: ExecutionContext): Promise<Response> => {
		const id = /^\/age\/(\w+)$/.exec(new URL(request.url).pathname)?.[1];
		if (id === undefined) return worker.fetch(request, environment, context);
		const namespace = environment.ASSET as unknown as DurableObjectNamespace<AssetObject>;
		const past: Past = await request.json();
		// The object ends itself, and so this call, once all is on disk.
		const ended = await namespace
			.get(namespace.idFromName(id))
			.age(past)
			.catch((error: unknown) => String(error));
		return new Response(null, { status: ended === "Error: aged" ? 204 : 500 });
	},
};
