/** Words of the player's own controls; media-chrome brings those of its controls. */
export type Words = {
	readonly low: string;
	readonly auto: string;
	readonly enhanced: string;
	readonly statistics: string;
	readonly loading: string;
	/** In a menu row: the picture that automatic choice shows now. */
	readonly now: string;
	readonly pictureInPicture: string;
};

/** A table of languages: a row more is a translation more. */
const WORDS: Readonly<Record<string, Words>> = {
	en: {
		low: "Low",
		auto: "Auto",
		enhanced: "Enhanced",
		statistics: "Statistics",
		loading: "Enhancing soon",
		now: "now",
		pictureInPicture: "Picture-in-picture shows the low resolution.",
	},
	de: {
		low: "Niedrig",
		auto: "Automatisch",
		enhanced: "Verbessert",
		statistics: "Statistik",
		loading: "Gleich besser",
		now: "jetzt",
		pictureInPicture: "Bild-im-Bild zeigt die niedrige Auflösung.",
	},
	fr: {
		low: "Basse",
		auto: "Automatique",
		enhanced: "Améliorée",
		statistics: "Statistiques",
		loading: "Bientôt améliorée",
		now: "actuelle",
		pictureInPicture: "L’image dans l’image montre la basse résolution.",
	},
	es: {
		low: "Baja",
		auto: "Automática",
		enhanced: "Mejorada",
		statistics: "Estadísticas",
		loading: "Pronto mejorada",
		now: "ahora",
		pictureInPicture: "La imagen en imagen muestra la resolución baja.",
	},
};

/** The words for a language tag (BCP 47): its own, its primary language's, or English. */
export function wordsFor(language: string | undefined): Words {
	const tag = language ?? "en";
	return WORDS[tag] ?? WORDS[tag.split("-")[0] ?? "en"] ?? (WORDS["en"] as Words);
}

/** Languages that the table has, for tests. */
export const LANGUAGES: readonly string[] = Object.keys(WORDS);
