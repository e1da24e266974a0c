import { describe, expect, it } from "vitest";
import { bucketOf, newBookingId, newShowtimeId, newUserId, parseBookingId, parseShowtimeId, parseUserId } from "./ids.ts";
import { DEFAULT_LIMITS, listBuckets } from "./limits.ts";

describe("ids", () => {
	it("are UUIDv7: version and variant bits, and they sort by the time they were made", () => {
		const first = newUserId();
		expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(Number.parseInt(first.replaceAll("-", "").slice(0, 12), 16)).toBeCloseTo(Date.now(), -3);
	});

	it("carry their bucket: a showtime the one it was given, a booking its showtime's", () => {
		for (let bucket = 0; bucket < 256; bucket += 1) {
			const showtimeId = newShowtimeId(bucket);
			expect(bucketOf(showtimeId)).toBe(bucket);
			expect(bucketOf(newBookingId(showtimeId))).toBe(bucket);
		}
	});

	it("spread new showtimes over the 16 buckets that every system has", () => {
		const buckets = new Set(Array.from({ length: 1_000 }, () => bucketOf(newShowtimeId())));
		expect([...buckets].sort((a, b) => a - b)).toEqual(listBuckets(DEFAULT_LIMITS));
	});

	it("are parsed exactly: any last byte is an id, and no other spelling is", () => {
		const id = newShowtimeId(255);
		expect(parseShowtimeId(id)).toBe(id);
		expect(parseBookingId(id)).toBe(id);
		expect(parseUserId(id)).toBe(id);
		for (const bad of ["", id.toUpperCase(), `${id} `, `{${id}}`, id.slice(1), `${id}0`, id.replaceAll("-", "")])
			expect(parseShowtimeId(bad)).toBeNull();
	});

	it("of a bucket at or above the buckets of a system are none", () => {
		const [last, beyond] = [newShowtimeId(15), newShowtimeId(16)];
		expect([parseShowtimeId(last, 16), parseShowtimeId(beyond, 16), parseShowtimeId(beyond, 17)]).toEqual([last, null, beyond]);
		expect([parseBookingId(last, 16), parseBookingId(beyond, 16), parseBookingId(beyond, 17)]).toEqual([last, null, beyond]);
	});
});
