/** The hash tags of the buckets: their slots, and how evenly these divide among servers. */
import { describe, expect, it } from "vitest";
import { findSuffix, idealSlot, slotOf, tagOf } from "./bucket-tags.ts";

/** The CRC-16/XMODEM table from the specification of Redis Cluster. Computed here, so that the source is not checked against itself. */
const TABLE = Array.from({ length: 256 }, (_, byte) => {
	let value = byte << 8;
	for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000 ? (value << 1) ^ 0x1021 : value << 1;
	return value & 0xffff;
});
const crc16 = (text: string): number =>
	Buffer.from(text).reduce((crc, byte) => ((crc << 8) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff, 0);
const textOf = (bucket: number): string => tagOf(bucket).slice(1, -1);
const slots = Array.from({ length: 256 }, (_, bucket) => crc16(textOf(bucket)) % 16_384);

/** Number of buckets on each of `servers` with equal slot ranges, as `redis-cli --cluster create` assigns them. */
function countPerServer(buckets: number, servers: number): number[] {
	const size = 16_384 / servers;
	const counts = Array.from({ length: servers }, () => 0);
	for (const slot of slots.slice(0, buckets)) {
		const server = counts.findIndex((_, i) => slot < Math.round(size * (i + 1)));
		counts[server] = (counts[server] ?? 0) + 1;
	}
	return counts;
}

describe("the hash tags of the buckets", () => {
	it("have the slots that the CRC16 of Redis Cluster gives", () => {
		// The check value in the specification.
		expect(crc16("123456789")).toBe(0x31c3);
		expect(slots).toEqual(Array.from({ length: 256 }, (_, bucket) => slotOf(textOf(bucket))));
	});

	it("are all different, and none is a tag of the older layout", () => {
		const tags = Array.from({ length: 256 }, (_, bucket) => tagOf(bucket));
		expect(new Set(tags).size).toBe(256);
		for (const [bucket, tag] of tags.entries()) expect(tag).toMatch(new RegExp(`^\\{b${bucket}-[a-z]{3}\\}$`));
	});

	it.each([16, 64, 256])("divide %i buckets evenly among 3 to 16 servers, to within one bucket", (buckets) => {
		for (let servers = 3; servers <= 16; servers += 1) {
			const counts = countPerServer(buckets, servers);
			expect(counts.reduce((sum, count) => sum + count)).toBe(buckets);
			expect(Math.max(...counts) - Math.min(...counts), `${buckets} buckets on ${servers} servers: ${counts.join()}`).toBeLessThanOrEqual(
				1,
			);
		}
	});

	it("lie within two slots of the ideal slot, and have the suffix that findSuffix returns", () => {
		for (const [bucket, slot] of slots.entries()) expect(Math.abs(slot - idealSlot(bucket)), tagOf(bucket)).toBeLessThanOrEqual(2);
		for (const bucket of [0, 1, 2, 15, 63, 255]) expect(textOf(bucket)).toBe(`b${bucket}-${findSuffix(bucket)}`);
	});

	it("put buckets 0 and 1 in opposite halves of the slots", () => {
		expect(Math.abs((slots[0] ?? 0) - (slots[1] ?? 0))).toBeGreaterThan(16_384 / 2 - 4);
	});
});
