/** Where the model is unless the attribute says otherwise, beside the player's script. */
const MODEL_FOLDER = "/models/crescendo-1/";

/** Address of the model's folder, with a slash at its end: as the element's `model-url` gives it, or beside this script. */
export function modelFolder(element: HTMLElement): string {
	const given = element.getAttribute("model-url");
	const { href } = given === null ? new URL(MODEL_FOLDER, import.meta.url) : new URL(given, element.baseURI);
	return href.endsWith("/") ? href : `${href}/`;
}
