/** Stands where there are no elements: a server may import the player, and only a browser may make one. */
class NoElement {
	constructor() {
		throw new TypeError("Elements can be made in a browser only.");
	}
}

/** What the player's elements extend: `HTMLElement`, or a class that cannot be made where there is none. */
export const ElementBase: typeof HTMLElement = globalThis.HTMLElement ?? (NoElement as unknown as typeof HTMLElement);
