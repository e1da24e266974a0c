import { afterEach, expect, test, vi } from "vitest";
import { byRunLength } from "./by-run-length.ts";

afterEach(() => vi.unstubAllEnvs());

test("byRunLength returns the short value unless TEST_LENGTH is long", () => {
	vi.stubEnv("TEST_LENGTH", undefined);
	expect(byRunLength({ short: 1, long: 2 })).toBe(1);
	vi.stubEnv("TEST_LENGTH", "long");
	expect(byRunLength({ short: 1, long: 2 })).toBe(2);
});
