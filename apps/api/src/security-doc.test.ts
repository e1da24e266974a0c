/** docs/security.md names a test for every control: one that is renamed or deleted must not stay a claim. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { IP_LIMIT_SPEC, RATE_SPECS } from "./rates.ts";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

it("has all ten risks, and every file that it names exists", () => {
	const text = read("docs/security.md");
	const rows = [...text.matchAll(/^\| \*\*API(\d+)\*\*.*$/gm)];
	expect(rows.map(([, number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
	const files = [...text.matchAll(/`((?:apps|packages)\/[^`\s]+\.ts)`/g)].map(([, file = ""]) => file);
	expect(files.length).toBeGreaterThan(15);
	expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

it("leaves no limit on requests out of the table in docs/ARCHITECTURE.md", () => {
	const text = read("docs/ARCHITECTURE.md");
	for (const { env, default: value } of Object.values(RATE_SPECS)) expect(text).toContain(`| \`${env}\` | ${value} |`);
	expect(text).toContain(`| \`${IP_LIMIT_SPEC.env}\` | none |`);
});
