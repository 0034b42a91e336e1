/** How an attribute is read as a property (HTML, section 2.6.1). */
type Reflection =
	| { readonly kind: "boolean" }
	/** Resolved against the page's address, as links are; an empty string where the attribute is missing. */
	| { readonly kind: "url" }
	/** One of the keywords, else the default. */
	| {
			readonly kind: "keyword";
			readonly keywords: readonly string[];
			readonly missing: string | null;
			readonly invalid: string;
	  };

/** Properties of `<video>` that are attributes; custom-media-element reads some of them otherwise than HTML says. */
const REFLECTIONS: Readonly<Record<string, Reflection>> = {
	src: { kind: "url" },
	poster: { kind: "url" },
	autoplay: { kind: "boolean" },
	controls: { kind: "boolean" },
	loop: { kind: "boolean" },
	playsInline: { kind: "boolean" },
	disablePictureInPicture: { kind: "boolean" },
	disableRemotePlayback: { kind: "boolean" },
	defaultMuted: { kind: "boolean" },
	crossOrigin: {
		kind: "keyword",
		keywords: ["anonymous", "use-credentials"],
		missing: null,
		invalid: "anonymous",
	},
	// HTML leaves the default to the browser and suggests this one.
	preload: { kind: "keyword", keywords: ["none", "metadata", "auto"], missing: "metadata", invalid: "metadata" },
};

/** Hands a property that was set before the element was defined, and hides its accessor, to that accessor. */
export function upgradeProperty<Property extends string>(element: Record<Property, unknown>, property: Property): void {
	if (!Object.hasOwn(element, property)) return;
	const value = element[property];
	delete (element as Partial<Record<Property, unknown>>)[property];
	element[property] = value;
}

/** Defines the properties on a class's prototype, as HTML specifies them for `<video>`. */
export function defineReflections(prototype: HTMLElement): void {
	for (const [property, reflection] of Object.entries(REFLECTIONS)) {
		const attribute = property === "defaultMuted" ? "muted" : property.toLowerCase();
		Object.defineProperty(prototype, property, {
			configurable: true,
			enumerable: true,
			get(this: HTMLElement) {
				return readReflection(this.getAttribute(attribute), reflection, this.baseURI);
			},
			set(this: HTMLElement, value: unknown) {
				if (reflection.kind === "boolean") this.toggleAttribute(attribute, Boolean(value));
				else if (value === null && reflection.kind === "keyword" && reflection.missing === null)
					this.removeAttribute(attribute);
				else this.setAttribute(attribute, String(value));
			},
		});
	}
}

/** The property's value for an attribute's value. @param base the page's address */
export function readReflection(value: string | null, reflection: Reflection, base: string): string | boolean | null {
	switch (reflection.kind) {
		case "boolean":
			return value !== null;
		case "url":
			if (value === null) return "";
			return URL.canParse(value, base) ? new URL(value, base).href : value;
		case "keyword": {
			if (value === null) return reflection.missing;
			// An empty `preload` means `auto`, an empty `crossorigin` its invalid value's meaning.
			if (value === "" && reflection.keywords.includes("auto")) return "auto";
			const keyword = value.toLowerCase();
			return reflection.keywords.includes(keyword) ? keyword : reflection.invalid;
		}
	}
}
