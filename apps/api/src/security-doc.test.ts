/** Checks that the files named in docs/security.md exist, and that docs/settings.md has the default of every limit. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LIMIT_SPECS, QUARANTINE_SPEC, SETTLE_LAG_SPEC } from "@holdfast/domain";
import { ANSWER_TIMEOUT_SPEC } from "@holdfast/runtime";
import { expect, it } from "vitest";
import { DRAIN_SPEC, IN_FLIGHT_SPEC, KEEP_ALIVE_SPEC, REQUEST_TIMEOUT_SPEC } from "./api-settings.ts";
import { IP_LIMIT_SPEC, RATE_SPECS } from "./rates.ts";
import { WATCH_LIMIT_SPECS, WATCHERS_PER_ADDRESS_SPEC } from "./showtimes/watch-limits.ts";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

it("docs/security.md has all ten OWASP API risks, and every file that it names exists", () => {
	const text = read("docs/security.md");
	const rows = [...text.matchAll(/^\| \*\*API(\d+)\*\*.*$/gm)];
	expect(rows.map(([, number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
	const files = [...text.matchAll(/`((?:apps|packages)\/[^`\s]+\.ts)`/g)].map(([, file = ""]) => file);
	expect(files.length).toBeGreaterThan(15);
	expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

const BOUNDED = [
	...Object.values(LIMIT_SPECS),
	...Object.values(RATE_SPECS),
	...Object.values(WATCH_LIMIT_SPECS),
	REQUEST_TIMEOUT_SPEC,
	ANSWER_TIMEOUT_SPEC,
	IN_FLIGHT_SPEC,
	KEEP_ALIVE_SPEC,
	DRAIN_SPEC,
	SETTLE_LAG_SPEC,
].map(({ env, default: value }) => [env, String(value)] as const);
const OFF_BY_DEFAULT = [IP_LIMIT_SPEC, WATCHERS_PER_ADDRESS_SPEC, QUARANTINE_SPEC].map(({ env }) => [env, "none"] as const);

it.each([...BOUNDED, ...OFF_BY_DEFAULT])("docs/settings.md has the limit %s with its default, %s", (env, value) => {
	expect(read("docs/settings.md")).toContain(`| \`${env}\` | ${value} |`);
});
