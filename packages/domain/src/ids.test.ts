import { describe, expect, it } from "vitest";
import { bucketOf, newBookingId, newShowtimeId, newUserId, parseBookingId, parseShowtimeId, parseUserId } from "./ids.ts";
import { DEFAULT_LIMITS, listBuckets } from "./limits.ts";

describe("ids", () => {
	it("ids are UUIDv7: they carry version and variant bits, and sort by creation time", () => {
		const first = newUserId();
		expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(Number.parseInt(first.replaceAll("-", "").slice(0, 12), 16)).toBeCloseTo(Date.now(), -3);
	});

	it("a showtime id carries the bucket it was given, and a booking id the bucket of its showtime", () => {
		for (let bucket = 0; bucket < 256; bucket += 1) {
			const showtimeId = newShowtimeId(bucket);
			expect(bucketOf(showtimeId)).toBe(bucket);
			expect(bucketOf(newBookingId(showtimeId))).toBe(bucket);
		}
	});

	it("new showtime ids spread over the 16 buckets that every system has", () => {
		const buckets = new Set(Array.from({ length: 1_000 }, () => bucketOf(newShowtimeId())));
		expect([...buckets].sort((a, b) => a - b)).toEqual(listBuckets(DEFAULT_LIMITS));
	});

	it("the parsers accept an id with any last byte, and reject every other spelling of an id", () => {
		const id = newShowtimeId(255);
		expect(parseShowtimeId(id)).toBe(id);
		expect(parseBookingId(id)).toBe(id);
		expect(parseUserId(id)).toBe(id);
		for (const bad of ["", id.toUpperCase(), `${id} `, `{${id}}`, id.slice(1), `${id}0`, id.replaceAll("-", "")])
			expect(parseShowtimeId(bad)).toBeNull();
	});

	it("the parsers reject an id whose bucket is not below the number of buckets", () => {
		const [last, beyond] = [newShowtimeId(15), newShowtimeId(16)];
		expect([parseShowtimeId(last, 16), parseShowtimeId(beyond, 16), parseShowtimeId(beyond, 17)]).toEqual([last, null, beyond]);
		expect([parseBookingId(last, 16), parseBookingId(beyond, 16), parseBookingId(beyond, 17)]).toEqual([last, null, beyond]);
	});
});
