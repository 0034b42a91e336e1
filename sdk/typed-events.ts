/** An `EventTarget` whose listeners know what they are given. `Map` maps event names to events. */
export interface TypedEventTarget<Map> extends EventTarget {
	addEventListener<Name extends keyof Map & string>(
		type: Name,
		listener: (event: Map[Name]) => unknown,
		options?: boolean | AddEventListenerOptions,
	): void;
	addEventListener(
		type: string,
		listener: EventListenerOrEventListenerObject | null,
		options?: boolean | AddEventListenerOptions,
	): void;
	removeEventListener<Name extends keyof Map & string>(
		type: Name,
		listener: (event: Map[Name]) => unknown,
		options?: boolean | EventListenerOptions,
	): void;
	removeEventListener(
		type: string,
		listener: EventListenerOrEventListenerObject | null,
		options?: boolean | EventListenerOptions,
	): void;
}

/** The platform's `EventTarget` as a base class with typed listeners; nothing is added at run time. */
export const typedEventTarget = <Map>(): new () => TypedEventTarget<Map> =>
	EventTarget as new () => TypedEventTarget<Map>;
