/** Documents go stale silently. What they name exists, their links lead somewhere, and their tables agree with the code. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const find = (...patterns: string[]): string[] =>
	globSync(patterns, { cwd: root, exclude: (name) => name.includes("node_modules") }).sort();

const DOCUMENTS = find("*.md", "docs/**/*.md", "{apps,packages}/*/README.md", "bench/README.md");
/** These name what no longer exists: what was replaced, decided and changed. */
const HISTORY = /^(docs\/style\.md|docs\/adr\/.*|CHANGELOG\.md)$/;
const TODAY = DOCUMENTS.filter((file) => !HISTORY.test(file));

/** A document without its blocks of code. */
function proseOf(file: string): string {
	return read(file).replace(/^```.*?^```/gms, "");
}

/** Whatever a document names in `code`. */
function namesIn(file: string): string[] {
	return [...proseOf(file).matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name);
}

describe.each(DOCUMENTS)("the document %s", (file) => {
	it("has links that lead to a file, and to a heading in it", () => {
		const links = [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
		const broken = links.filter((link) => !/^https?:/.test(link)).filter((link) => !isThere(file, link));
		expect(broken).toEqual([]);
	});

	it("names only commands that package.json has", () => {
		const { scripts } = JSON.parse(read("package.json"));
		const commands = [...read(file).matchAll(/\bnpm run ([a-z][a-z:-]*)/g)].map(([, name = ""]) => name);
		expect(commands.filter((name) => !(name in scripts))).toEqual([]);
	});
});

function isThere(from: string, link: string): boolean {
	const [path = "", anchor] = link.split("#");
	const file = path === "" ? from : join(dirname(from), path);
	if (!existsSync(join(root, file))) return false;
	return anchor === undefined || headingsOf(file).includes(anchor);
}

/** The anchors that GitHub gives to headings. */
function headingsOf(file: string): string[] {
	return [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
		heading
			.toLowerCase()
			.replace(/[^\p{L}\p{N}\- _]/gu, "")
			.replaceAll(" ", "-"),
	);
}

describe("names in documents", () => {
	const code = find(
		"{apps,packages,bench,scripts,drizzle}/**/*.{ts,mjs,lua,sql}",
		"*.{ts,cjs,json,yml}",
		"packages/*/openapi.json",
		".ci/run",
	)
		.filter((file) => file !== "scripts/documents.test.ts")
		.map(read);
	const known = new Set(code.flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []));

	it.each(TODAY)("the code has every name that %s mentions", (file) => {
		const names = namesIn(file).filter((name) => /^[a-z]+[A-Z]\w*$|^[A-Z]+(_[A-Z0-9]+)+$|^[a-z]+(_[a-z]+)+$/.test(name));
		expect(names.filter((name) => !known.has(name))).toEqual([]);
	});

	it.each(TODAY)("every path that %s mentions exists", (file) => {
		const paths = namesIn(file).filter(
			(name) => /^(apps|packages|bench|scripts|docs|drizzle|\.ci)\/[\w./*@{}-]+$/.test(name) && !name.includes("NNNN"),
		);
		const missing = paths.filter((path) => find(path).length === 0);
		expect(missing).toEqual([]);
	});

	it.each(TODAY)("every file that %s mentions without its folder exists", (file) => {
		const names = namesIn(file).filter((name) => /^[\w-]+(\.[\w-]+)*\.(ts|mjs|lua|sql)$/.test(name));
		expect(names.filter((name) => find(name, `{apps,packages,bench,scripts}/**/${name}`).length === 0)).toEqual([]);
	});

	it.each(TODAY)("every filter of npm test that %s mentions matches a test file", (file) => {
		const tests = find("{apps,packages,bench,scripts}/**/*.test.ts");
		const filters = namesIn(file).flatMap((name) => /^npm (?:test|run test:long) -- ([\w./ -]+)$/.exec(name)?.[1]?.split(" ") ?? []);
		const paths = filters.filter((filter, i) => !filter.startsWith("--") && filters[i - 1] !== "--project");
		expect(paths.filter((path) => !tests.some((test) => test.includes(path)))).toEqual([]);
	});

	it("every heading of a document that the code names exists", () => {
		const named = new Set(code.flatMap((text) => [...text.matchAll(/"(docs\/[\w/.-]+\.md#[\w-]+)"/g)].map(([, place = ""]) => place)));
		expect(named.size).toBeGreaterThanOrEqual(6);
		expect([...named].filter((place) => !isThere("README.md", place))).toEqual([]);
	});

	it("every test that docs/reliability.md mentions exists", () => {
		const tests = namesIn("docs/reliability.md").filter((name) => /^(e2e|[a-z-]+\/src)\/[\w./-]+$/.test(name));
		expect(tests.length).toBeGreaterThan(40);
		const missing = tests.filter((name) => find(`{apps,packages}/${name}.test.ts`, `packages/proofs/${name}.e2e.test.ts`).length === 0);
		expect(missing).toEqual([]);
	});
});

describe("the table of imports in docs/ARCHITECTURE.md", () => {
	const { forbidden } = createRequire(import.meta.url)("../.dependency-cruiser.cjs");
	const rules = new Map<string, string>(
		forbidden.flatMap(({ name }: { name: string }) => {
			const [, folder, allowed] = /^(\S+) may import (.+)$/.exec(name) ?? [];
			if (folder === undefined || allowed === undefined) return [];
			return [[folder, allowed.startsWith("packages/") ? allowed.replaceAll("packages/", "") : "nothing of ours"]];
		}),
	);
	const rows = [...read("docs/ARCHITECTURE.md").matchAll(/^\| (?:\[)?`([^`]+)`[^|]*\|[^|]*\| ([^|]+) \|$/gm)].map(
		([, folder = "", allowed = ""]) => ({
			folder,
			allowed,
		}),
	);

	it("has a row for every folder with code", () => {
		const folders = find("{apps,packages}/*/package.json", "bench/package.json").map(dirname);
		expect(rows.map(({ folder }) => folder).sort()).toEqual([...folders, "scripts"].sort());
	});

	it.each(rows)("says what $folder may import as .dependency-cruiser.cjs does", ({ folder, allowed }) => {
		expect(rules.get(folder)).toBe(allowed);
	});
});

describe("READMEs of packages and apps", () => {
	it.each(find("{apps,packages}/*/package.json", "bench/package.json"))("a README names every export of %s", (manifest) => {
		const { name, exports = {} } = JSON.parse(read(manifest));
		const text = read(join(dirname(manifest), "README.md"));
		const isNamed = (path: string) => text.includes(join(name, path)) || text.includes(`\`${path.replace("./", "")}\``);
		expect([".", ...Object.keys(exports)].filter((path) => !isNamed(path))).toEqual([]);
	});
});

describe("decision records", () => {
	const records = find("docs/adr/*.md");

	it.each(records)("%s has a number, a date and a status", (file) => {
		const [title = "", , status = ""] = read(file).split("\n");
		expect(title).toMatch(new RegExp(`^# ${Number(file.slice("docs/adr/".length, -".md".length).slice(0, 4))}\\. `));
		expect(status).toMatch(/^Date: \d{4}-\d{2}-\d{2}\. Status: (accepted|superseded by|accepted; )/);
	});

	it("the numbers of the records have no gap", () => {
		expect(records.map((file) => Number(/\d{4}/.exec(file)?.[0]))).toEqual(records.map((_, index) => index + 1));
	});
});
