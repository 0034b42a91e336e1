/** Names that lead nowhere on the public Internet (RFC 6761, RFC 6762, RFC 8375, RFC 9476, and what networks use by custom). */
const INTERNAL =
	/(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|svc|cluster|consul|arpa|test|invalid|example|onion|alt)$/;

/** Services whose names lead to whatever address they hold, or to the machine that asks. */
const MIRRORS = /(^|\.)(nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com)$/;

/**
 * Why a webhook may not go to this address, as one sentence; undefined if it may. Whoever makes a webhook lets the edge send requests:
 * they must not reach what only the edge can reach. Names alone are let in, not addresses, over HTTPS, and redirects are not followed.
 * A name of one's own may still lead inwards; but before a byte of a message is sent, whoever is there has to show a certificate for
 * that name, which nothing internal has. On Cloudflare, requests leave through the public network in any case; who
 * runs the Worker elsewhere keeps its `globalOutbound` to public addresses, which is workerd's default.
 */
export const findTargetFault = (text: string): string | undefined => {
	const url = URL.parse(text);
	if (url === null) return "That is no URL.";
	if (url.protocol !== "https:") return "Webhooks go to https: addresses.";
	if (url.username !== "" || url.password !== "") return "A webhook's address holds no user or password.";
	if (url.port !== "" && Number(url.port) < 1024) return "Webhooks go to port 443, or to one from 1024 on.";
	const host = url.hostname.toLowerCase().replace(/\.$/, "");
	// The parser has turned every spelling of an IPv4 address (0x7f.1, 2130706433) into four numbers.
	if (host.startsWith("[") || /^[\d.]+$/.test(host)) return "Webhooks go to a host name, not to an address.";
	if (!host.includes(".") || INTERNAL.test(host) || MIRRORS.test(host))
		return "Webhooks go to a host on the public Internet.";
	return undefined;
};
