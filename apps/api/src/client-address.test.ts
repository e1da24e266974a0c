import { describe, expect, it } from "vitest";
import { addressOf, compileTrust } from "./client-address.ts";

const PROXY = "10.0.0.9";
const addressFrom = (ip: string | undefined, remoteAddress: string | undefined = PROXY) => addressOf({ ip, socket: { remoteAddress } });

describe("addressOf", () => {
	it.each([
		["192.0.2.7", "192.0.2.7"],
		["::ffff:192.0.2.7", "192.0.2.7"],
		["::FFFF:192.0.2.7", "192.0.2.7"],
		["::ffff:c000:207", "192.0.2.7"],
		["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"],
		["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
		["2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"],
		["2001:db8::1", "2001:db8:0:0::/64"],
		["2001:db8:1:2:3::", "2001:db8:1:2::/64"],
		["::1", "0:0:0:0::/64"],
		["fe80::1%eth0", "fe80:0:0:0::/64"],
	])("counts %s as %s", (ip, counted) => {
		expect(addressFrom(ip)).toBe(counted);
	});

	it.each([
		["203.0.113.8:1042", "203.0.113.8"],
		["203.0.113.8:65535", "203.0.113.8"],
		["[2001:db8::1]:443", "2001:db8:0:0::/64"],
		["[2001:db8::1]", "2001:db8:0:0::/64"],
		["[fe80::1%eth0]:80", "fe80:0:0:0::/64"],
		["[::ffff:203.0.113.8]:1042", "203.0.113.8"],
		["::ffff:203.0.113.8", "203.0.113.8"],
		[" 203.0.113.8:1042 ", "203.0.113.8"],
	])("ignores the port, brackets and zone of %s and counts it as %s", (ip, counted) => {
		expect(addressFrom(ip)).toBe(counted);
	});

	it.each([
		"unknown",
		"",
		"_hidden",
		"203.0.113.8:",
		"203.0.113.8:port",
		"203.0.113.8:1042:7",
		"203.0.113.256",
		"203.0.113",
		"1",
		"0x7f.1",
		"0177.0.0.1",
		"[203.0.113.8]:80",
		"[2001:db8::1",
		"2001:db8::1]:443",
		"2001:db8::1::2",
		"[::1]:123456",
		"203.0.113.8, 192.0.2.1",
		'"203.0.113.8"',
		"caf\u00e9",
		"x".repeat(5_000),
	])("counts %s, which is not an address, as the address of the connection", (garbage) => {
		expect(addressFrom(garbage)).toBe(PROXY);
		expect(addressFrom(garbage, "::ffff:10.0.0.9")).toBe(PROXY);
	});

	it("counts all connections without an address together, as on a Unix socket", () => {
		const own = [
			{ ip: "unknown", socket: {} },
			{ ip: undefined, socket: {} },
			{ ip: "", socket: { remoteAddress: "" } },
		].map(addressOf);
		expect(new Set(own).size).toBe(1);
	});
});

describe("compileTrust", () => {
	const isTrusted = compileTrust(["loopback", "10.0.0.0/8", "2001:db8::/32", "192.0.2.1", "::ffff:198.51.100.0/120"]);

	it.each([
		"127.0.0.1",
		"127.8.9.1",
		"::1",
		"::ffff:127.0.0.1",
		"10.1.2.3",
		"10.1.2.3:443",
		"[2001:db8:5::1]:80",
		"192.0.2.1:1",
		"198.51.100.7",
	])("trusts a proxy at %s, with or without a port", (address) => {
		expect(isTrusted(address)).toBe(true);
	});

	it.each(["11.0.0.1", "192.0.2.2", "2001:db9::1", "::2", "198.51.101.7", "unknown", "", "10.1.2.3:x"])(
		"does not trust a proxy at %s",
		(address) => {
			expect(isTrusted(address)).toBe(false);
		},
	);

	it.each([
		["linklocal", "169.254.7.7", "fe80::1%eth0"],
		["uniquelocal", "172.16.0.1", "fd00::1"],
	])("accepts the name %s and trusts %s and %s by it", (name, ipv4, ipv6) => {
		expect([compileTrust([name])(ipv4), compileTrust([name])(ipv6), compileTrust([name])("203.0.113.1")]).toEqual([true, true, false]);
	});

	it("trusts no address with an empty list", () => {
		expect(compileTrust([])("127.0.0.1")).toBe(false);
	});
});
