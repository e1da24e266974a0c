/**
 * What counts as one address in a limit, and whose word on it is believed. Proxies write what they like into `X-Forwarded-For`:
 * with a port or without, IPv6 in brackets, IPv4 as IPv6, names that are no addresses.
 */
import ipaddr from "ipaddr.js";

/** What a request says of its client: `ip` as the framework reads it, and the connection that it came on. */
export type Addressed = { readonly ip: string | undefined; readonly socket: { readonly remoteAddress?: string | undefined } };

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Groups of an IPv6 address that name a network: a client that has one address of a /64 has all 2^64. */
const NETWORK_GROUPS = 4;
const GROUP_RADIX = 16;
/** A connection without an address, such as a Unix socket, and all of them together. */
const NO_ADDRESS = "none";
/** An IPv6 address with its zone, and a zone and a port at most, is shorter. */
const ADDRESS_MAX_CHARS = 100;
const PORT = ":\\d{1,5}";
const BRACKETED = new RegExp(`^\\[([^\\[\\]]+)\\](?:${PORT})?$`);
const IPV4_WITH_PORT = new RegExp(`^([\\d.]+)${PORT}$`);
/** The last 32 bits of an IPv6 address that stands for an IPv4 one. */
const MAPPED_PREFIX_BITS = 96;

/**
 * The text that a limit counts requests under: an IPv4 address, or the /64 of an IPv6 one. A client's text that is no address counts as
 * the connection's own, so that a client behind a proxy that forwards such a thing never gets a count to itself.
 */
export function addressOf({ ip, socket }: Addressed): string {
	const address = parseAddress(ip) ?? parseAddress(socket.remoteAddress);
	if (address === null) return NO_ADDRESS;
	if (!(address instanceof ipaddr.IPv6)) return address.toString();
	const network = address.parts.slice(0, NETWORK_GROUPS).map((group) => group.toString(GROUP_RADIX));
	return `${network.join(":")}::/64`;
}

/**
 * A function that tells whether an address is a trusted proxy's, whatever port stands behind it. Each of `proxies` is an address, a
 * subnet, or `loopback`, `linklocal`, `uniquelocal`; throws if one is none of these.
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

/** An address without its port and its zone; null for any other text. Forms such as `127.1` and `0x7f.1` are none: proxies write all four parts. */
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

/** An IPv4 address written as IPv6 is an IPv4 address. */
function unmap(address: Address): Address {
	return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}
