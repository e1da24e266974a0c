import { describe, expect, it, vi } from "vitest";
import { bucketOf, newBookingId, newShowtimeId, newUserId, parseBookingId, parseShowtimeId, parseUserId } from "./ids.ts";
import { DEFAULT_LIMITS, listBuckets } from "./limits.ts";

describe("ids", () => {
	it("ids are UUIDv7: they contain the time of their creation, and version and variant bits", () => {
		const first = newUserId();
		expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(Number.parseInt(first.replaceAll("-", "").slice(0, 12), 16)).toBeCloseTo(Date.now(), -3);
	});

	it("ids sort by the millisecond of their creation", () => {
		const createdAtMs = [0, 1, 15, 16, 0xff_ff, 1_900_000_000_000, 1_900_000_000_001, 2 ** 48 - 1];
		vi.useFakeTimers({ toFake: ["Date"] });
		try {
			const ids = createdAtMs.map((ms) => {
				vi.setSystemTime(ms);
				return newUserId();
			});
			expect(ids.toSorted()).toEqual(ids);
		} finally {
			vi.useRealTimers();
		}
	});

	it("a showtime id carries the bucket it was given, and a booking id the bucket of its showtime", () => {
		for (let bucket = 0; bucket < 256; bucket += 1) {
			const showtimeId = newShowtimeId(bucket);
			expect(bucketOf(showtimeId)).toBe(bucket);
			expect(bucketOf(newBookingId(showtimeId))).toBe(bucket);
		}
	});

	it("new showtime ids spread over all 16 buckets of the default limits", () => {
		const buckets = new Set(Array.from({ length: 1_000 }, () => bucketOf(newShowtimeId())));
		expect([...buckets].sort((a, b) => a - b)).toEqual(listBuckets(DEFAULT_LIMITS));
	});

	it("the parsers accept an id whose last byte is 255, and reject text that is not exactly a lower-case UUID", () => {
		const id = newShowtimeId(255);
		expect(parseShowtimeId(id)).toBe(id);
		expect(parseBookingId(id)).toBe(id);
		expect(parseUserId(id)).toBe(id);
		for (const bad of ["", id.toUpperCase(), `${id} `, `{${id}}`, id.slice(1), `${id}0`, id.replaceAll("-", "")])
			expect([parseShowtimeId(bad), parseBookingId(bad), parseUserId(bad)]).toEqual([null, null, null]);
	});

	it("the parsers reject an id whose bucket is not below the number of buckets", () => {
		const [last, beyond] = [newShowtimeId(15), newShowtimeId(16)];
		expect([parseShowtimeId(last, 16), parseShowtimeId(beyond, 16), parseShowtimeId(beyond, 17)]).toEqual([last, null, beyond]);
		expect([parseBookingId(last, 16), parseBookingId(beyond, 16), parseBookingId(beyond, 17)]).toEqual([last, null, beyond]);
	});
});
