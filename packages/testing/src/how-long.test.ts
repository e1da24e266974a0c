import { afterEach, expect, test, vi } from "vitest";
import { howLong } from "./how-long.ts";

afterEach(() => vi.unstubAllEnvs());

test("howLong returns the short value unless TEST_LENGTH is long", () => {
	vi.stubEnv("TEST_LENGTH", undefined);
	expect(howLong({ short: 1, long: 2 })).toBe(1);
	vi.stubEnv("TEST_LENGTH", "long");
	expect(howLong({ short: 1, long: 2 })).toBe(2);
});
