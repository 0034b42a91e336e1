/** Where the runtime and the model are unless attributes say otherwise, beside the player's script. */
const FOLDERS = { "runtime-url": "/runtime/", "model-url": "/models/crescendo-1/" } as const;

/** Address of a folder, with a slash at its end: as the element's attribute gives it, or beside this script. */
export function neuralFolder(element: HTMLElement, attribute: keyof typeof FOLDERS): string {
	const given = element.getAttribute(attribute);
	const { href } = given === null ? new URL(FOLDERS[attribute], import.meta.url) : new URL(given, element.baseURI);
	return href.endsWith("/") ? href : `${href}/`;
}
