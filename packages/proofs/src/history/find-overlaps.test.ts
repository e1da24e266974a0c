import { describe, expect, it } from "vitest";
import { findOverlaps } from "./find-overlaps.ts";

const owned = (bookingId: string, fromMs: number, untilMs: number, seat = "1") => ({ seat, bookingId, fromMs, untilMs });

describe("findOverlaps", () => {
	it("returns nothing for consecutive owners of a seat, for owners of different seats, and for one booking", () => {
		expect(findOverlaps([owned("a", 0, 10), owned("b", 10, 20), owned("c", 0, 20, "2"), owned("b", 12, 30)])).toEqual([]);
	});

	it("returns an ownership that begins one millisecond too early", () => {
		expect(findOverlaps([owned("a", 0, 10), owned("b", 9, 20)])).toEqual(["seat 1: owned by a until 10, by b from 9"]);
	});

	it("returns an overlap with a long ownership that began before a short one", () => {
		expect(findOverlaps([owned("a", 0, 100), owned("b", 100, 101), owned("c", 50, 60)])).toEqual([
			"seat 1: owned by a until 100, by c from 50",
		]);
	});
});
