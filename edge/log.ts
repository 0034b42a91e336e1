/**
 * One line of JSON for the platform's logs: what happened, and to which asset. No header, query, body or token is ever a field.
 */
export const logEvent = (event: string, fields: Readonly<Record<string, string | number | undefined>>): void => {
	// oxlint-disable-next-line no-console -- this is the one place that logs
	console.error(JSON.stringify({ event, ...fields }));
};
