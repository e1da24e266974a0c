import { describe, expect, it } from "vitest";
import {
	ALL_BUCKETS,
	BUCKET_COUNT,
	bucketOf,
	newBookingId,
	newShowtimeId,
	newUserId,
	parseBookingId,
	parseShowtimeId,
	parseUserId,
} from "./ids.ts";

describe("ids", () => {
	it("are UUIDv7: version and variant bits, and they sort by the time they were made", () => {
		const first = newUserId();
		expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(Number.parseInt(first.replaceAll("-", "").slice(0, 12), 16)).toBeCloseTo(Date.now(), -3);
	});

	it("carry their bucket: a showtime the one it was given, a booking its showtime's", () => {
		for (const bucket of ALL_BUCKETS) {
			const showtimeId = newShowtimeId(bucket);
			expect(bucketOf(showtimeId)).toBe(bucket);
			expect(bucketOf(newBookingId(showtimeId))).toBe(bucket);
		}
	});

	it("spread new showtimes over all buckets", () => {
		const buckets = new Set(Array.from({ length: 1_000 }, () => bucketOf(newShowtimeId())));
		expect(buckets.size).toBe(BUCKET_COUNT);
	});

	it("are parsed exactly: bucket 15 exists, bucket 16 does not, and no other spelling is an id", () => {
		const id = newShowtimeId(15);
		expect(parseShowtimeId(id)).toBe(id);
		expect(parseBookingId(`${id.slice(0, -2)}10`)).toBeNull();
		expect(parseShowtimeId(`${id.slice(0, -2)}10`)).toBeNull();
		expect(parseUserId(`${id.slice(0, -2)}10`)).not.toBeNull();
		for (const bad of ["", id.toUpperCase(), `${id} `, `{${id}}`, id.slice(1), `${id}0`, id.replaceAll("-", "")])
			expect(parseShowtimeId(bad)).toBeNull();
	});
});
