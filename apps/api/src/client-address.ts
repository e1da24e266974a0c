/** What counts as one address in a limit. */
import { isIPv4, isIPv6 } from "node:net";

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Groups of an IPv6 address that name a network: whoever has one address of a /64 has all 2^64. */
const NETWORK_GROUPS = 4;

/** An IPv4 address as it is; of an IPv6 address its /64. What is no address, from a proxy that sends such a thing, is one of its own. */
export function addressOf(ip: string): string {
	const [, mapped] = MAPPED_IPV4.exec(ip) ?? [];
	if (mapped !== undefined) return mapped;
	if (isIPv4(ip) || !isIPv6(ip)) return ip;
	const [head = "", tail] = ip.split("%")[0]?.split("::") ?? [];
	const before = head === "" ? [] : head.split(":");
	const after = tail === undefined || tail === "" ? [] : tail.split(":");
	const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
	const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
	return `${groups
		.slice(0, NETWORK_GROUPS)
		.map((group) => Number.parseInt(group, 16).toString(16))
		.join(":")}::/64`;
}
