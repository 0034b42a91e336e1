/**
 * Bytes that the isolate of a Worker keeps alive: its Durable Objects and requests, script heap and buffers, garbage not counted. Asked
 * of the runtime's inspector, which collects garbage first.
 */
export class HeapProbe {
	readonly #socket: WebSocket;
	readonly #wake: () => Promise<void>;
	readonly #waiting = new Map<number, (result: Record<string, number>) => void>();
	#last = 0;

	private constructor(socket: WebSocket, wake: () => Promise<void>) {
		this.#socket = socket;
		this.#wake = wake;
		socket.addEventListener("message", ({ data }) => {
			const message = JSON.parse(String(data)) as { id?: number; result?: Record<string, number> };
			if (message.id === undefined) return;
			this.#waiting.get(message.id)?.(message.result ?? {});
			this.#waiting.delete(message.id);
		});
	}

	/** Connects to the inspector of a Worker of this name. `wake` makes it do something, however little. */
	static async connect(inspectorPort: number, worker: string, wake: () => Promise<void>): Promise<HeapProbe> {
		const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/core:user:${worker}`);
		await new Promise((resolve, reject) => {
			socket.addEventListener("open", resolve, { once: true });
			socket.addEventListener("error", () => reject(new Error("no inspector")), { once: true });
		});
		const probe = new HeapProbe(socket, wake);
		for (const method of ["Runtime.enable", "HeapProfiler.enable"]) await probe.#ask(method);
		return probe;
	}

	/** Bytes alive now. */
	async alive(): Promise<number> {
		await this.#ask("HeapProfiler.collectGarbage");
		const { usedSize = 0, backingStorageSize = 0 } = await this.#ask("Runtime.getHeapUsage");
		return usedSize + backingStorageSize;
	}

	/** The most bytes alive while something is done, looked at every 50 ms or so. */
	async peakDuring(work: Promise<unknown>): Promise<number> {
		const end = work.then(() => "over" as const);
		for (let peak = 0; ;) {
			peak = Math.max(peak, await this.alive());
			const pause = new Promise<"pause">((resolve) => {
				setTimeout(resolve, 50, "pause");
			});
			if ((await Promise.race([end, pause])) === "over") return peak;
		}
	}

	close(): void {
		this.#socket.close();
	}

	async #ask(method: string): Promise<Record<string, number>> {
		const id = ++this.#last;
		const { promise, resolve } = Promise.withResolvers<Record<string, number>>();
		this.#waiting.set(id, resolve);
		this.#socket.send(JSON.stringify({ id, method }));
		// An isolate that has nothing to do hears its inspector with the next request only.
		for (;;) {
			const answered = await Promise.race([promise, this.#wake()]);
			if (answered !== undefined) return answered;
		}
	}
}
