import { describe, expect, it } from "vitest";
import { SCHEDULE_SHOWTIMES_MAX } from "../limits.ts";
import type { PlannedStart } from "./expand-schedule.ts";
import { findClashes } from "./find-clashes.ts";

const plan = (...instants: readonly number[]): PlannedStart[] =>
	instants.map((startsAt) => ({ date: "2027-06-04", time: "20:00", outcome: "starts", startsAt }));
const needs = { lengthMs: 100, gapMs: 20 };

describe("findClashes", () => {
	it.each([
		["no start", [], []],
		["one start", [0], []],
		["a start when the gap of another ends", [0, 120], []],
		["a start just before the gap of another ends", [0, 119], [{ index: 1, clashesWith: 0 }]],
		["two equal starts", [0, 0], [{ index: 1, clashesWith: 0 }]],
		["starts out of order", [119, 0], [{ index: 0, clashesWith: 1 }]],
		["a chain, whose third start fits once the second is left out", [0, 100, 200], [{ index: 1, clashesWith: 0 }]],
		[
			"two starts in the way of one",
			[0, 50, 119, 120],
			[
				{ index: 1, clashesWith: 0 },
				{ index: 2, clashesWith: 0 },
			],
		],
	])("%s: %j gives %j", (_, instants, clashes) => {
		expect(findClashes(plan(...instants), needs)).toEqual(clashes);
	});

	it("starts that are not created clash with none", () => {
		const [first] = plan(0);
		if (first === undefined) throw new Error("nothing was planned");
		const skipped: PlannedStart = { date: "2027-06-04", time: "20:00", outcome: "time_skipped", before: 0, after: 60 };
		const past: PlannedStart = { date: "2027-06-04", time: "20:00", outcome: "showtime_in_past", startsAt: 0 };
		expect(findClashes([skipped, past, first], needs)).toEqual([]);
	});

	it("names a clash for each start but one if a whole schedule starts at one instant", () => {
		const clashes = findClashes(plan(...Array.from({ length: SCHEDULE_SHOWTIMES_MAX }, () => 0)), needs);
		expect(clashes).toHaveLength(SCHEDULE_SHOWTIMES_MAX - 1);
		expect(clashes.every(({ clashesWith }) => clashesWith === 0)).toBe(true);
	});

	it("leaves a thousand schedules without overlap, and each start that it names overlaps the one it clashes with", () => {
		for (let round = 0; round < 1_000; round++) {
			const instants = Array.from({ length: round % 12 }, (_, index) => (round * 37 + index * (41 + (round % 97))) % 1_000);
			const clashes = findClashes(plan(...instants), needs);
			const overlap = (a: number, b: number) => Math.abs((instants[a] ?? 0) - (instants[b] ?? 0)) < needs.lengthMs + needs.gapMs;
			const named = new Set(clashes.map(({ index }) => index));
			const kept = instants.flatMap((_, index) => (named.has(index) ? [] : [index]));
			expect(named.size).toBe(clashes.length);
			expect(kept.filter((a) => kept.some((b) => a !== b && overlap(a, b)))).toEqual([]);
			expect(clashes.filter(({ index, clashesWith }) => !overlap(index, clashesWith) || named.has(clashesWith))).toEqual([]);
		}
	});
});
