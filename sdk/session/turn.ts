/**
 * Lets everything that waits for this thread have its turn: messages of the page, answers of the network, timers. What a processor computes is one
 * task as long as nothing else is waited for. A timer would be late in a page that nobody looks at.
 */
export const turn = (): Promise<void> => {
	const { port1, port2 } = new MessageChannel();
	return new Promise((resolve) => {
		port1.addEventListener(
			"message",
			() => {
				port1.close();
				resolve();
			},
			{ once: true },
		);
		port1.start();
		port2.postMessage(undefined);
	});
};
