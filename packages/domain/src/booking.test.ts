import { describe, expect, it } from "vitest";
import { statusOf } from "./booking.ts";

describe("statusOf", () => {
	it("reports a hold as expired from the millisecond of its expiry on", () => {
		const held = { state: "HELD", expiresAt: 1_000 } as const;
		expect([999, 1_000, 1_001].map((nowMs) => statusOf(held, nowMs))).toEqual(["pending", "expired", "expired"]);
	});

	it("reports confirmed and cancelled bookings the same at any time", () => {
		for (const nowMs of [0, 1_000, 2_000]) {
			expect(statusOf({ state: "CONFIRMED", expiresAt: 1_000 }, nowMs)).toBe("confirmed");
			expect(statusOf({ state: "CANCELLED", expiresAt: 1_000 }, nowMs)).toBe("cancelled");
			expect(statusOf({ state: "CONFLICT", expiresAt: 1_000 }, nowMs)).toBe("cancelled");
		}
	});
});
