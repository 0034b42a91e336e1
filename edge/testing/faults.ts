import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { AssetObject } from "../asset/asset-object.ts";
import type { Environment } from "../environment.ts";

/**
 * When a write fails: before it is done (nothing was written), or after (all was written, and nobody was told). To whoever comes
 * afterwards, the second is a Durable Object killed between the write and the record of it.
 */
export type FaultMoment = "before" | "after";

/**
 * Counts the writes of one asset to the store and the catalogue (with `reads`, what is read too), and lets chosen ones fail: by their
 * number, or the name of the method of the binding.
 */
export class Faults {
	writes = 0;
	readonly #shouldFail: (write: number, name: string) => FaultMoment | undefined;
	readonly #methods: readonly string[];

	constructor(
		shouldFail: (write: number, name: string) => FaultMoment | undefined = () => undefined,
		{ reads = false }: { readonly reads?: boolean } = {},
	) {
		this.#shouldFail = shouldFail;
		this.#methods = reads ? ["put", "delete", "head", "get", "list"] : ["put", "delete"];
	}

	/** Puts these faults between the asset's Durable Object and its bindings, until it is evicted. */
	async install(assetId: string): Promise<void> {
		muteInjected();
		const stub = assetStub(assetId);
		await runInDurableObject(stub, (instance: AssetObject) => {
			const holder = instance as unknown as { env: Environment };
			holder.env = {
				...env,
				MEDIA: this.#failing(env.MEDIA, this.#methods),
				CATALOGUE: this.#failingDatabase(),
			};
		});
	}

	async #attempt<Value>(name: string, write: () => Promise<Value>): Promise<Value> {
		const moment = this.#shouldFail(this.writes++, name);
		if (moment === "before") throw new Error("Injected: the write was not done.");
		const value = await write();
		if (moment === "after") throw new Error("Injected: the write was done, its answer lost.");
		return value;
	}

	#failing<Target extends object>(target: Target, names: readonly string[]): Target {
		return new Proxy(target, {
			get: (object, name) => {
				const value: unknown = Reflect.get(object, name);
				if (typeof value !== "function") return value;
				const bound = (...args: unknown[]): unknown => Reflect.apply(value, object, args);
				return names.includes(String(name))
					? (...args: unknown[]) => this.#attempt(String(name), async () => bound(...args))
					: bound;
			},
		});
	}

	#failingDatabase(): D1Database {
		const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
			new Proxy(this.#failing(inner, ["run"]), {
				get: (object, name) =>
					name === "bind"
						? (...values: unknown[]) => statement(inner.bind(...values))
						: Reflect.get(object, name),
			});
		return new Proxy(this.#failing(env.CATALOGUE, ["batch"]), {
			get: (object, name) =>
				name === "prepare" ? (query: string) => statement(object.prepare(query)) : Reflect.get(object, name),
		});
	}
}

/** Lets the removal of all that an asset has on its own disk be done, and nobody told, until it is evicted: see `FaultMoment`. */
export const failAfterDeletion = async (assetId: string): Promise<void> => {
	muteInjected();
	await runInDurableObject(assetStub(assetId), (instance: AssetObject, { storage }) => {
		const deleteAll = async (): Promise<void> => {
			await storage.deleteAll();
			throw new Error("Injected: all was removed, the answer lost.");
		};
		const failing = new Proxy(storage, {
			get: (object, name) => {
				const value: unknown = name === "deleteAll" ? deleteAll : Reflect.get(object, name);
				return typeof value === "function" ? value.bind(object) : value;
			},
		});
		const holder = instance as unknown as { ctx: object };
		holder.ctx = Object.create(holder.ctx, { storage: { value: failing } });
	});
};

let isMuted = false;

/**
 * Failures that a test injects are logged as they should be; in the test's output they would only hide others. No mock of the test
 * runner: a test that restores its own would restore this one, and the next would mute what is muted.
 */
const muteInjected = (): void => {
	if (isMuted) return;
	isMuted = true;
	const log = console;
	const error = log.error.bind(log);
	log.error = (...args: unknown[]) => {
		if (!String(args[0]).includes("Injected:")) error(...args);
	};
};

/** The Durable Object of an asset. */
export const assetStub = (assetId: string): DurableObjectStub<AssetObject> =>
	env.ASSET.get(env.ASSET.idFromName(assetId));
