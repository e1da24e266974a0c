/**
 * Derives the client address that rate limits count by, and decides which proxies may name it. Proxies use many forms in
 * `X-Forwarded-For`: with or without a port, IPv6 in brackets, IPv4 mapped to IPv6, and text that is not an address.
 */
import ipaddr from "ipaddr.js";

/** The address fields of a request: `ip` as Fastify derives it, and the connection that the request arrived on. */
export type Addressed = { readonly ip: string | undefined; readonly socket: { readonly remoteAddress?: string | undefined } };

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Leading groups of an IPv6 address that form its /64 network: a client that has one address of a /64 has all 2^64. */
const NETWORK_GROUPS = 4;
const GROUP_RADIX = 16;
/** Shared by all connections without an address, such as Unix sockets. */
const NO_ADDRESS = "none";
/** Longer than any IPv6 address with brackets, zone and port. */
const ADDRESS_MAX_CHARS = 100;
const PORT = ":\\d{1,5}";
const BRACKETED = new RegExp(`^\\[([^\\[\\]]+)\\](?:${PORT})?$`);
const IPV4_WITH_PORT = new RegExp(`^([\\d.]+)${PORT}$`);
/** Prefix length of `::ffff:0:0/96`: an IPv4-mapped IPv6 address has its IPv4 address after these bits. */
const MAPPED_PREFIX_BITS = 96;

/**
 * Returns the key that rate limits count a request under: an IPv4 address, or the /64 network of an IPv6 address. If `ip` is not an
 * address, the connection's address is the key. Otherwise a client could send arbitrary text through a proxy and be counted alone.
 */
export function addressOf({ ip, socket }: Addressed): string {
	const address = parseAddress(ip) ?? parseAddress(socket.remoteAddress);
	if (address === null) return NO_ADDRESS;
	if (!(address instanceof ipaddr.IPv6)) return address.toString();
	const network = address.parts.slice(0, NETWORK_GROUPS).map((group) => group.toString(GROUP_RADIX));
	return `${network.join(":")}::/64`;
}

/**
 * Returns a function that checks whether an address, with or without a port, belongs to a trusted proxy. Each of `proxies` is an
 * address, a subnet, or `loopback`, `linklocal`, `uniquelocal`. Throws on anything else.
 */
export function compileTrust(proxies: readonly string[]): (address: string) => boolean {
	const subnets = proxies.flatMap((proxy) => NAMED_SUBNETS[proxy] ?? [proxy]).map(parseSubnet);
	return (text) => {
		const address = parseAddress(text);
		return address !== null && subnets.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
	};
}

const NAMED_SUBNETS: Readonly<Record<string, readonly string[]>> = {
	loopback: ["127.0.0.0/8", "::1/128"],
	linklocal: ["169.254.0.0/16", "fe80::/10"],
	uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

function parseSubnet(text: string): [network: Address, bits: number] {
	if (!text.includes("/")) {
		const address = unmap(ipaddr.parse(text));
		return [address, address.kind() === "ipv4" ? 32 : 128];
	}
	const [network, bits] = ipaddr.parseCIDR(text);
	const plain = unmap(network);
	return plain === network || bits < MAPPED_PREFIX_BITS ? [network, bits] : [plain, bits - MAPPED_PREFIX_BITS];
}

/** Parses an address and drops its port and zone. Null for other text, including `127.1` and `0x7f.1`: proxies write all four parts. */
function parseAddress(text: string | undefined): Address | null {
	if (text === undefined || text.length > ADDRESS_MAX_CHARS) return null;
	const trimmed = text.trim();
	const bracketed = BRACKETED.exec(trimmed)?.[1];
	if (bracketed === undefined) {
		const ipv4 = IPV4_WITH_PORT.exec(trimmed)?.[1] ?? trimmed;
		if (ipaddr.IPv4.isValidFourPartDecimal(ipv4)) return ipaddr.IPv4.parse(ipv4);
	}
	const ipv6 = bracketed ?? trimmed;
	return ipv6.includes(":") && ipaddr.IPv6.isValid(ipv6) ? unmap(ipaddr.IPv6.parse(ipv6)) : null;
}

/** Converts an IPv4-mapped IPv6 address to IPv4. */
function unmap(address: Address): Address {
	return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}
