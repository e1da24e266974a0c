/** A failing test is read first as one line of a CI log. Its title is a sentence there, and no other test of its file has the same. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findTitleViolations } from "./find-title-violations.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

it("every title of a test is a sentence, and no two tests of one file share a title", () => {
	const files = globSync("{apps,packages,bench,scripts}/**/*.test.ts", { cwd: root, exclude: (name) => name.includes("node_modules") });
	const findings = files.map((file) => findTitleViolations(file, readFileSync(`${root}/${file}`, "utf8")));
	expect(findings.reduce((sum, { titles }) => sum + titles, 0)).toBeGreaterThan(1_000);
	expect(findings.flatMap(({ violations }) => violations)).toEqual([]);
});

describe("findTitleViolations", () => {
	it.each([
		'it("returns 409 seats_taken and names every taken seat", run)',
		'test("a released seat can be held by another user", run)',
		'it.each(rows)("refuses the body %j of $user.name", run)',
		`it(\`keeps \${LIMIT} entries at most\`, run)`,
		'it.skipIf(isSlow)("the sweeper deletes " + "the entry after COMMIT", run)',
		'it("503 busy is the answer when prices change again", run)',
		'describe("an access token", () => { it("is refused by another process within a second", run); })',
		'it.runIf(process.platform === "linux").concurrent("reads the table of the kernel", run)',
	])("accepts the title in %s", (source) => {
		expect(findTitleViolations("a.test.ts", source)).toEqual({ titles: 1, violations: [] });
	});

	it.each([
		['it("refuses it", run)', '"refuses it" has fewer than 3 words'],
		['it.each(rows)("refuses %j", run)', '"refuses …" has fewer than 3 words'],
		['it.each(rows)("%s: %s %s", run)', '"…: … …" has no word of its own'],
		[
			'it("is refused by another process", run)',
			'"is refused by another process" is a fragment: it begins with "is", and no describe names its subject',
		],
		[
			'describe("503 unavailable", () => { it("is the answer while Postgres is gone", run); })',
			'"is the answer while Postgres is gone" is a fragment: it begins with "is the"',
		],
		['test.each(rows)("and again after a restart", run)', '"and again after a restart" is a fragment: it begins with "and"'],
		['it("Without Postgres, holds go on", run)', '"Without Postgres, holds go on" is a fragment: it begins with "without"'],
		["it(TITLE, run)", '"" is not written as text'],
	])("reports what is wrong in %s", (source, violation) => {
		expect(findTitleViolations("a.test.ts", `\n${source}`)).toEqual({ titles: 1, violations: [`a.test.ts:2: ${violation}`] });
	});

	it("reports two tests with the same describe path and title, and accepts one title under two paths", () => {
		const test = 'it("names the taken seat", run);';
		const source = `describe("hold", () => {\n${test}\n${test}\n});\ndescribe("extend", () => {\n${test}\n});`;
		expect(findTitleViolations("a.test.ts", source).violations).toEqual([
			'a.test.ts:3: "names the taken seat" is the title of the test in line 2, too',
		]);
	});

	it("reads no title from calls that declare no test", () => {
		expect(findTitleViolations("a.test.ts", 'test.store.blockSeats("and"); submit("or"); it.each(["by"]);')).toEqual({
			titles: 0,
			violations: [],
		});
	});
});
