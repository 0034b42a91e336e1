/**
 * What the player's elements extend. On a server there is no `HTMLElement`: the classes can be imported there, and a
 * browser makes the elements.
 */
export const ElementBase: typeof HTMLElement = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);
