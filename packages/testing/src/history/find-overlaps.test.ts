import { describe, expect, it } from "vitest";
import { findOverlaps } from "./find-overlaps.ts";

const claim = (bookingId: string, fromMs: number, untilMs: number, seat = "1") => ({ seat, bookingId, fromMs, untilMs });

describe("findOverlaps", () => {
	it("finds nothing in claims that follow one another, or are on different seats, or are one booking's", () => {
		expect(findOverlaps([claim("a", 0, 10), claim("b", 10, 20), claim("c", 0, 20, "2"), claim("b", 12, 30)])).toEqual([]);
	});

	it("finds a claim that begins one millisecond too early", () => {
		expect(findOverlaps([claim("a", 0, 10), claim("b", 9, 20)])).toEqual(["seat 1: a until 10, b from 9"]);
	});

	it("finds an overlap with a long claim behind a short one", () => {
		expect(findOverlaps([claim("a", 0, 100), claim("b", 100, 101), claim("c", 50, 60)])).toEqual(["seat 1: a until 100, c from 50"]);
	});
});
