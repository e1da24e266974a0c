import { describe, expect, it } from "vitest";
import { drawSuffix, idealSlot, slotOf, tagOf } from "./bucket-tags.ts";

/** The slot as Redis Cluster's specification gives it: CRC-16/XMODEM by its published table, made here and not taken from the source. */
const TABLE = Array.from({ length: 256 }, (_, byte) => {
	let value = byte << 8;
	for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000 ? (value << 1) ^ 0x1021 : value << 1;
	return value & 0xffff;
});
const crc16 = (text: string): number =>
	Buffer.from(text).reduce((crc, byte) => ((crc << 8) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff, 0);
const textOf = (bucket: number): string => tagOf(bucket).slice(1, -1);
const slots = Array.from({ length: 256 }, (_, bucket) => crc16(textOf(bucket)) % 16_384);

/** Buckets on each of `servers` with even ranges, as `redis-cli --cluster create` cuts them. */
function countPerServer(buckets: number, servers: number): number[] {
	const size = 16_384 / servers;
	const counts = Array.from({ length: servers }, () => 0);
	for (const slot of slots.slice(0, buckets)) {
		const server = counts.findIndex((_, i) => slot < Math.round(size * (i + 1)));
		counts[server] = (counts[server] ?? 0) + 1;
	}
	return counts;
}

describe("the tags of the buckets", () => {
	it("are computed by the CRC16 of Redis Cluster", () => {
		// The value that the specification gives for a check.
		expect(crc16("123456789")).toBe(0x31c3);
		expect(slots).toEqual(Array.from({ length: 256 }, (_, bucket) => slotOf(textOf(bucket))));
	});

	it("differ, and none is one of the layout before them", () => {
		const tags = Array.from({ length: 256 }, (_, bucket) => tagOf(bucket));
		expect(new Set(tags).size).toBe(256);
		for (const [bucket, tag] of tags.entries()) expect(tag).toMatch(new RegExp(`^\\{b${bucket}-[a-z]{3}\\}$`));
	});

	it.each([16, 64, 256])("of %i buckets are even to within one on 3 to 16 servers", (buckets) => {
		for (let servers = 3; servers <= 16; servers += 1) {
			const counts = countPerServer(buckets, servers);
			expect(counts.reduce((sum, count) => sum + count)).toBe(buckets);
			expect(Math.max(...counts) - Math.min(...counts), `${buckets} buckets on ${servers} servers: ${counts.join()}`).toBeLessThanOrEqual(
				1,
			);
		}
	});

	it("lie within two slots of where they should, and are those that drawSuffix finds", () => {
		for (const [bucket, slot] of slots.entries()) expect(Math.abs(slot - idealSlot(bucket)), tagOf(bucket)).toBeLessThanOrEqual(2);
		for (const bucket of [0, 1, 2, 15, 63, 255]) expect(textOf(bucket)).toBe(`b${bucket}-${drawSuffix(bucket)}`);
	});

	it("of buckets 0 and 1 lie in opposite halves of the slots", () => {
		expect(Math.abs((slots[0] ?? 0) - (slots[1] ?? 0))).toBeGreaterThan(16_384 / 2 - 4);
	});
});
