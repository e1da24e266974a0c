import { describe, expect, it } from "vitest";
import {
	CLAIM_TTL_MS,
	DAY_MS,
	ENDED_HOLD_TTL_MS,
	META_TTL_MS,
	RECORD_TTL_MS,
	SEATS_TTL_MS,
	STAGED_TTL_MS,
	USER_INDEX_TTL_MS,
} from "./lifetimes.ts";

describe("the table of lifetimes", () => {
	it("matches the lifetimes in docs/data.md", () => {
		expect([ENDED_HOLD_TTL_MS, RECORD_TTL_MS, META_TTL_MS, SEATS_TTL_MS, USER_INDEX_TTL_MS]).toEqual([
			3_600_000, 86_400_000, 86_400_000, 172_800_000, 2_592_000_000,
		]);
	});

	it("expires `meta` before the seats of its showtime, and a claim before the keys that a rebuild has staged", () => {
		expect(META_TTL_MS).toBeLessThan(SEATS_TTL_MS);
		expect(CLAIM_TTL_MS).toBeLessThan(STAGED_TTL_MS);
		expect(STAGED_TTL_MS).toBeLessThan(DAY_MS);
	});
});
