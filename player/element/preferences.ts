/** What the player remembers of a viewer, on this origin only. */
export type Preference = "quality";

const PREFIX = "crescendo-";

/** Whether this page may store anything: private windows and sandboxed frames may not. */
export function isStorageOpen(): boolean {
	try {
		return globalThis.localStorage !== null;
	} catch (error) {
		if (error instanceof DOMException) return false;
		throw error;
	}
}

/** A remembered value; undefined where there is none or storage is closed (private windows, sandboxed frames). */
export function readPreference(name: Preference): string | undefined {
	try {
		return localStorage.getItem(PREFIX + name) ?? undefined;
	} catch (error) {
		if (error instanceof DOMException) return undefined;
		throw error;
	}
}

/** Remembers a value, forgets it where it is undefined; does nothing where storage is closed or full. */
export function writePreference(name: Preference, value: string | undefined): void {
	try {
		if (value === undefined) localStorage.removeItem(PREFIX + name);
		else localStorage.setItem(PREFIX + name, value);
	} catch (error) {
		if (!(error instanceof DOMException)) throw error;
	}
}
