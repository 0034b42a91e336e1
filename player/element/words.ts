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
	readonly shortcuts: string;
	/** Title of every error, then what each may be due to. */
	readonly unplayable: string;
	readonly networkLost: string;
	readonly undecodable: string;
	readonly unavailable: string;
};

/** A table of languages: a row more is a translation more. */
const WORDS: Readonly<Record<string, Words>> = {
	en: {
		low: "Low",
		enhanced: "Enhanced",
		statistics: "Statistics",
		loading: "Enhancing soon",
		shortcuts: "Keyboard shortcuts",
		unplayable: "This video cannot be played",
		networkLost: "The network was lost. Check the connection, then load the page again.",
		undecodable: "It is damaged, or this browser cannot decode it.",
		unavailable: "It may have been removed, or the server cannot be reached.",
	},
	de: {
		low: "Niedrig",
		enhanced: "Verbessert",
		statistics: "Statistik",
		loading: "Gleich besser",
		shortcuts: "Tastenkürzel",
		unplayable: "Dieses Video kann nicht abgespielt werden",
		networkLost: "Das Netz ist weg. Bitte die Verbindung prüfen und die Seite neu laden.",
		undecodable: "Es ist beschädigt, oder dieser Browser kann es nicht dekodieren.",
		unavailable: "Vielleicht wurde es entfernt, oder der Server ist nicht zu erreichen.",
	},
	fr: {
		low: "Basse",
		enhanced: "Améliorée",
		statistics: "Statistiques",
		loading: "Bientôt améliorée",
		shortcuts: "Raccourcis clavier",
		unplayable: "Impossible de lire cette vidéo",
		networkLost: "Le réseau est coupé. Vérifiez la connexion, puis rechargez la page.",
		undecodable: "Elle est endommagée, ou ce navigateur ne sait pas la décoder.",
		unavailable: "Elle a peut-être été supprimée, ou le serveur est injoignable.",
	},
	es: {
		low: "Baja",
		enhanced: "Mejorada",
		statistics: "Estadísticas",
		loading: "Pronto mejorada",
		shortcuts: "Atajos de teclado",
		unplayable: "No se puede reproducir este vídeo",
		networkLost: "Se ha perdido la red. Compruebe la conexión y vuelva a cargar la página.",
		undecodable: "Está dañado, o este navegador no puede decodificarlo.",
		unavailable: "Puede que se haya eliminado, o no se puede acceder al servidor.",
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
