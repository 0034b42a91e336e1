import "media-chrome/lang/de";
import "media-chrome/lang/es";
import "media-chrome/lang/fr";
import type { EnhancementReason } from "../reasons.ts";
import { REASON_WORDS } from "./reason-words.ts";

/** Words of the player's own controls; media-chrome brings those of its controls. */
export type Words = {
	readonly low: string;
	readonly enhanced: string;
	readonly statistics: string;
	readonly loading: string;
};

/** A table of languages: a row more is a translation more. */
const WORDS: Readonly<Record<string, Words>> = {
	en: {
		low: "Low",
		enhanced: "Enhanced",
		statistics: "Statistics",
		loading: "Enhancing soon",
	},
	de: {
		low: "Niedrig",
		enhanced: "Verbessert",
		statistics: "Statistik",
		loading: "Gleich besser",
	},
	fr: {
		low: "Basse",
		enhanced: "Améliorée",
		statistics: "Statistiques",
		loading: "Bientôt améliorée",
	},
	es: {
		low: "Baja",
		enhanced: "Mejorada",
		statistics: "Estadísticas",
		loading: "Pronto mejorada",
	},
};

/** The words for a language tag (BCP 47): its own, its primary language's, or English. */
export const wordsFor = (language: string | undefined): Words => find(WORDS, language);

/** Why the picture is not enhanced, as a sentence in that language, or in English. */
export const reasonFor = (reason: EnhancementReason, language: string | undefined): string =>
	find(REASON_WORDS, language)[reason];

function find<Table>(tables: Readonly<Record<string, Table>>, language = "en"): Table {
	return tables[language] ?? tables[language.split("-")[0] ?? "en"] ?? (tables["en"] as Table);
}

/** Languages that the table has, for tests. */
export const LANGUAGES: readonly string[] = Object.keys(WORDS);
