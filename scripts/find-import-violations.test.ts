import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findImportViolations } from "./find-import-violations.ts";

let root: string;

beforeEach(() => {
	root = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-imports-")));
	mkdirSync(join(root, "apps"));
	writeSource("packages/domain/src/index.ts", "export const seat = 1;");
	writeSource("packages/database/src/index.ts", "export const table = 1;");
	writeSource("packages/testing/src/index.ts", "export const fixture = 1;");
	writeSource("packages/proofs/src/index.ts", "export const proof = 1;");
});

afterEach(() => {
	rmSync(root, { recursive: true });
});

function writeSource(path: string, text: string): void {
	const file = join(root, path);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, text);
}

function findViolations(): Promise<readonly string[]> {
	return findImportViolations(root, ["apps", "packages"]).then(({ violations }) => violations);
}

test("findImportViolations reads TypeScript and accepts an import that the import table allows", async () => {
	writeSource("packages/database/src/read.ts", 'import { seat } from "../../domain/src/index.ts"; export const read = seat;');
	expect(await findImportViolations(root, ["packages"])).toEqual({ modules: 5, violations: [] });
});

test.each([
	[
		"a package that the import table does not allow",
		"packages/domain/src/bad.ts",
		'import "../../database/src/index.ts";',
		"packages/domain may import none of our packages",
	],
	[
		"a type from a package that the import table does not allow",
		"packages/domain/src/bad.ts",
		'import type { table } from "../../database/src/index.ts";',
		"packages/domain may import none",
	],
	[
		"a file that a package does not export",
		"packages/database/src/bad.ts",
		'import "../../domain/src/inner.ts";',
		"packages/database may import",
	],
	[
		"test fixtures in production code",
		"packages/database/src/bad.ts",
		'import "../../testing/src/index.ts";',
		"packages/database may import",
	],
	[
		"exports for tests in production code",
		"packages/rebuild/src/bad.ts",
		'import "../../seat-store/src/testing/index.ts";',
		"production code does not import tests",
	],
	[
		"a package in the test kit whose own tests import the test kit",
		"packages/testing/src/bad.ts",
		'import "../../database/src/index.ts";',
		"packages/testing may import",
	],
	[
		"the test kit in a test of a package that the test kit imports",
		"packages/runtime/src/bad.test.ts",
		'import "../../testing/src/index.ts";',
		"packages/runtime tests may import none of our packages",
	],
	[
		"the proofs in a test of a package that the proofs import",
		"packages/database/src/bad.test.ts",
		'import "../../proofs/src/index.ts";',
		"packages/database tests may import",
	],
	["ioredis outside the seat store", "packages/database/src/bad.ts", 'import "ioredis";', "ioredis only in packages/seat-store"],
	["a missing file", "packages/domain/src/bad.ts", 'import "./missing.ts";', "every import resolves"],
])("findImportViolations reports an import of %s", async (_what, path, text, rule) => {
	writeSource("packages/domain/src/inner.ts", "export const inner = 1;");
	writeSource("packages/seat-store/src/testing/index.ts", "export const inspection = 1;");
	writeSource("node_modules/ioredis/package.json", '{ "name": "ioredis", "version": "1.0.0", "main": "index.js" }');
	writeSource("node_modules/ioredis/index.js", "module.exports = {};");
	writeSource(path, text);
	expect((await findViolations()).join("\n")).toContain(rule);
});

test("findImportViolations reports a dependency that only the root package.json declares", async () => {
	writeSource("package.json", '{ "devDependencies": { "vitest": "5.1.1" } }');
	writeSource("packages/database/package.json", '{ "dependencies": { "declared": "1.0.0" } }');
	writeSource("packages/database/src/read.test.ts", 'import "vitest"; import "declared"; import "node:fs";');
	for (const name of ["vitest", "declared"]) writeSource(`node_modules/${name}/index.js`, "module.exports = {};");
	expect((await findViolations()).filter((violation) => violation.includes("does not declare it"))).toEqual([
		expect.stringMatching(/^packages\/database\/src\/read\.test\.ts imports vitest\n.*packages\/database\/package\.json/),
	]);
});

test("findImportViolations reports an import cycle", async () => {
	writeSource("packages/domain/src/a.ts", 'import { b } from "./b.ts"; export const a = () => b;');
	writeSource("packages/domain/src/b.ts", 'import { a } from "./a.ts"; export const b = () => a;');
	expect((await findViolations()).join("\n")).toContain("no cycles");
});

test("findImportViolations accepts the test kit in a test, and the proofs in a test of an app", async () => {
	writeSource("packages/database/src/read.test.ts", 'import "../../testing/src/index.ts";');
	writeSource(
		"apps/api/src/answer.test.ts",
		'import "../../../packages/testing/src/index.ts"; import "../../../packages/proofs/src/index.ts";',
	);
	expect(await findViolations()).toEqual([]);
});
