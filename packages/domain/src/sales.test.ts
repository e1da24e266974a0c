import { expect, it } from "vitest";
import { salesOf } from "./sales.ts";
import type { ShowtimeState } from "./showtime.ts";

const window = { salesOpenAt: 1_000, salesCloseAt: 2_000, endsAt: 3_000 };
const around = (instant: number) => [instant - 1, instant, instant + 1];
const at = (state: ShowtimeState, instants: readonly number[], times = window) =>
	instants.map((nowMs) => salesOf({ state, ...times }, nowMs));

it("sales of an open showtime begin at salesOpenAt and end at salesCloseAt, to the millisecond", () => {
	expect(at("open", around(window.salesOpenAt))).toEqual(["not_yet", "open", "open"]);
	expect(at("open", around(window.salesCloseAt))).toEqual(["open", "ended", "ended"]);
});

it("sales end at the end of the showtime when the window closes later", () => {
	expect(at("open", around(3_000), { ...window, salesCloseAt: 9_000 })).toEqual(["open", "ended", "ended"]);
});

it("sales of a paused showtime are paused within the window only: not_yet before it and ended after it", () => {
	expect(at("paused", around(window.salesOpenAt))).toEqual(["not_yet", "paused", "paused"]);
	expect(at("paused", around(window.salesCloseAt))).toEqual(["paused", "ended", "ended"]);
});

it.each(["closed", "cancelled"] as const)("sales of a %s showtime have ended, also before the window opens", (state) => {
	expect(at(state, [0, 999, 1_000, 1_999, 2_000, 9_999])).toEqual(Array.from({ length: 6 }, () => "ended"));
});

it("a sales window without length goes from not_yet to ended", () => {
	expect(at("open", around(1_000), { ...window, salesCloseAt: 1_000 })).toEqual(["not_yet", "ended", "ended"]);
});
