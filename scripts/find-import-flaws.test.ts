import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findImportFlaws } from "./find-import-flaws.ts";

let root: string;

beforeEach(() => {
	root = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-imports-")));
	mkdirSync(join(root, "apps"));
	plant("packages/domain/src/index.ts", "export const seat = 1;");
	plant("packages/database/src/index.ts", "export const table = 1;");
	plant("packages/testing/src/index.ts", "export const fixture = 1;");
	plant("packages/proofs/src/index.ts", "export const proof = 1;");
});

afterEach(() => {
	rmSync(root, { recursive: true });
});

function plant(path: string, text: string): void {
	const file = join(root, path);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, text);
}

function findFlaws(): Promise<readonly string[]> {
	return findImportFlaws(root, ["apps", "packages"]).then(({ flaws }) => flaws);
}

test("reads TypeScript, and finds nothing wrong with an import that the table allows", async () => {
	plant("packages/database/src/read.ts", 'import { seat } from "../../domain/src/index.ts"; export const read = seat;');
	expect(await findImportFlaws(root, ["packages"])).toEqual({ modules: 5, flaws: [] });
});

test.each([
	[
		"a room that the table does not list",
		"packages/domain/src/bad.ts",
		'import "../../database/src/index.ts";',
		"packages/domain may import nothing of ours",
	],
	[
		"a type from such a room",
		"packages/domain/src/bad.ts",
		'import type { table } from "../../database/src/index.ts";',
		"packages/domain may import nothing",
	],
	[
		"a file that a room does not export",
		"packages/database/src/bad.ts",
		'import "../../domain/src/inner.ts";',
		"packages/database may import",
	],
	[
		"fixtures, from code that ships",
		"packages/database/src/bad.ts",
		'import "../../testing/src/index.ts";',
		"packages/database may import",
	],
	[
		"what ships importing what a room exports to tests alone",
		"packages/rebuild/src/bad.ts",
		'import "../../seat-store/src/testing/index.ts";',
		"what ships does not import tests",
	],
	[
		"the test kit importing a room whose tests import it",
		"packages/testing/src/bad.ts",
		'import "../../database/src/index.ts";',
		"packages/testing may import",
	],
	[
		"a test importing the kit that stands on its room",
		"packages/runtime/src/bad.test.ts",
		'import "../../testing/src/index.ts";',
		"packages/runtime tests may import nothing of ours",
	],
	[
		"a test importing the proofs that stand on its room",
		"packages/database/src/bad.test.ts",
		'import "../../proofs/src/index.ts";',
		"packages/database tests may import",
	],
	["ioredis outside the seat store", "packages/database/src/bad.ts", 'import "ioredis";', "ioredis only in packages/seat-store"],
	["a file that is not there", "packages/domain/src/bad.ts", 'import "./gone.ts";', "every import resolves"],
])("refuses %s", async (_what, path, text, rule) => {
	plant("packages/domain/src/inner.ts", "export const inner = 1;");
	plant("packages/seat-store/src/testing/index.ts", "export const inspection = 1;");
	plant("node_modules/ioredis/package.json", '{ "name": "ioredis", "version": "1.0.0", "main": "index.js" }');
	plant("node_modules/ioredis/index.js", "module.exports = {};");
	plant(path, text);
	expect((await findFlaws()).join("\n")).toContain(rule);
});

test("refuses a package that only the root declares", async () => {
	plant("package.json", '{ "devDependencies": { "vitest": "5.1.1" } }');
	plant("packages/database/package.json", '{ "dependencies": { "declared": "1.0.0" } }');
	plant("packages/database/src/read.test.ts", 'import "vitest"; import "declared"; import "node:fs";');
	for (const name of ["vitest", "declared"]) plant(`node_modules/${name}/index.js`, "module.exports = {};");
	expect((await findFlaws()).filter((flaw) => flaw.includes("does not declare it"))).toEqual([
		expect.stringMatching(/^packages\/database\/src\/read\.test\.ts imports vitest\n.*packages\/database\/package\.json/),
	]);
});

test("refuses a cycle", async () => {
	plant("packages/domain/src/a.ts", 'import { b } from "./b.ts"; export const a = () => b;');
	plant("packages/domain/src/b.ts", 'import { a } from "./a.ts"; export const b = () => a;');
	expect((await findFlaws()).join("\n")).toContain("no cycles");
});

test("lets a test beside the source use the test kit, and a test of an app the proofs as well", async () => {
	plant("packages/database/src/read.test.ts", 'import "../../testing/src/index.ts";');
	plant("apps/api/src/answer.test.ts", 'import "../../../packages/testing/src/index.ts"; import "../../../packages/proofs/src/index.ts";');
	expect(await findFlaws()).toEqual([]);
});
