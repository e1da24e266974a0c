import { describe, expect, it } from "vitest";
import { countSeats, SEAT_STATUSES, STATUS_LETTERS, statusOfLetter } from "./seat-map.ts";

describe("the map's letters", () => {
	it("statusOfLetter returns the status of each map letter, and throws on any other letter", () => {
		for (const status of SEAT_STATUSES) expect(statusOfLetter(STATUS_LETTERS[status])).toBe(status);
		for (const letter of ["a", "", "Z", undefined]) expect(() => statusOfLetter(letter)).toThrow("unknown status");
	});

	it("countSeats counts the seats of each status, and all seats", () => {
		expect(countSeats("AAHSXQA")).toEqual({ total: 7, available: 3, held: 1, sold: 1, blocked: 1, quarantined: 1 });
		expect(countSeats("")).toEqual({ total: 0, available: 0, held: 0, sold: 0, blocked: 0, quarantined: 0 });
	});

	it.each(["AAa", "A\u0000", "\u00ffA", "\u20acA", "AZ"])("countSeats throws on the map %j, which has an unknown letter", (map) => {
		expect(() => countSeats(map)).toThrow("unknown status");
	});
});
