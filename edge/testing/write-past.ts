import type { Past } from "./past.ts";

/** Writes the rows that so many segments leave in an asset's database. Its object has to be started again to know of them. */
export const writePast = (sql: SqlStorage, { segments, duration, tracks }: Past): void => {
	const numbers = "WITH RECURSIVE past (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM past WHERE i + 1 < ?)";
	for (const { id, segmentBytes, segmentSamples } of tracks) {
		// A digest as long as any, and sizes that differ as those of real segments do.
		const [digest, bytes] = ["=".repeat(44), `? + (i * 7919) % 1000`];
		sql.exec(
			`${numbers} INSERT INTO part SELECT ?, i, 0, ?, ${bytes}, ?, i * ?, (i + 1) * ? - 1, NULL FROM past`,
			...[segments, id, digest, segmentBytes, segmentSamples, duration, duration],
		);
		sql.exec(
			`${numbers} INSERT INTO segment SELECT ?, i, ?, ${bytes}, ? FROM past`,
			...[segments, id, duration, segmentBytes, segmentSamples],
		);
		sql.exec("UPDATE track SET cursor_part = ? WHERE id = ?", segments, id);
	}
};
