import { describe, expect, it } from "vitest";
import { findNextFreeStart, type OccupiedRange } from "./find-next-free-start.ts";

const ranges = (...pairs: readonly (readonly [from: number, until: number])[]): OccupiedRange[] =>
	pairs.map(([from, until]) => ({ from, until }));

describe("findNextFreeStart", () => {
	it.each([
		["an empty auditorium", ranges(), 100, 30, 100],
		["a showtime that ends exactly at the start", ranges([70, 100]), 100, 30, 100],
		["a showtime that starts exactly at the end", ranges([130, 160]), 100, 30, 100],
		["a showtime that starts just before the end", ranges([129, 160]), 100, 30, 160],
		["a showtime that ends just after the start", ranges([70, 101]), 100, 30, 101],
		["a showtime around the start", ranges([90, 200]), 100, 30, 200],
		["a showtime inside", ranges([110, 120]), 100, 30, 120],
		["a gap that fits exactly", ranges([90, 110], [140, 170]), 100, 30, 110],
		["a gap that is too short", ranges([90, 110], [139, 170]), 100, 30, 170],
		["ranges out of order", ranges([139, 170], [90, 110]), 100, 30, 170],
		["ranges that overlap", ranges([90, 300], [100, 120], [290, 310]), 100, 30, 310],
		["ranges before the start", ranges([10, 20], [30, 99]), 100, 30, 100],
		["a gap before the start", ranges([0, 10], [90, 120]), 100, 30, 120],
	])("%s: %j, from %i for %i, gives %i", (_, occupied, wantedMs, occupiesMs, startMs) => {
		expect(findNextFreeStart(occupied, wantedMs, occupiesMs)).toBe(startMs);
	});

	it("gives the first start that a search of every instant finds, for a thousand programmes", () => {
		const isFree = (occupied: readonly OccupiedRange[], start: number, occupiesMs: number) =>
			occupied.every(({ from, until }) => until <= start || from >= start + occupiesMs);
		for (let round = 0; round < 1_000; round++) {
			const occupied = Array.from({ length: round % 9 }, (_, index) => {
				const from = (round * 7 + index * (13 + (round % 31))) % 120;
				return { from, until: from + 1 + ((round * 3 + index * 11) % 17) };
			});
			const occupiesMs = 1 + (round % 23);
			let expected = 40;
			while (!isFree(occupied, expected, occupiesMs)) expected += 1;
			expect(findNextFreeStart(occupied, 40, occupiesMs), JSON.stringify({ occupied, occupiesMs })).toBe(expected);
		}
	});
});
