import { expect, it } from "vitest";
import { ANNOUNCED_OPENING_MAX_MS, announceOpening } from "./announce-opening.ts";

const salesOpenAt = Date.parse("2026-11-22T18:00:00.000Z");
const announcedBefore = (waitMs: number) => announceOpening({ outcome: "not_on_sale", nowMs: salesOpenAt - waitMs, salesOpenAt });

it.each([
	[1, 1],
	[1_000, 1],
	[1_001, 2],
	[ANNOUNCED_OPENING_MAX_MS - 1, 3_600],
	[ANNOUNCED_OPENING_MAX_MS, 3_600],
])("%i ms before sales open, Retry-After is %i whole seconds, rounded up", (waitMs, seconds) => {
	expect(announcedBefore(waitMs)).toEqual({ salesOpenAt: "2026-11-22T18:00:00.000Z", retryAfterSeconds: seconds });
});

it("more than an hour before sales open, the problem has salesOpenAt and no Retry-After", () => {
	expect(announcedBefore(ANNOUNCED_OPENING_MAX_MS + 1)).toEqual({ salesOpenAt: "2026-11-22T18:00:00.000Z" });
});

it("salesOpenAt is null and there is no Retry-After if sales are refused for another reason", () => {
	expect(announceOpening({ outcome: "not_on_sale", nowMs: 1, salesOpenAt: null })).toEqual({ salesOpenAt: null });
});
