/** docs/settings.md names every setting that the code reads, with its default and bounds, and no other. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findArguments, findSettings, type Source } from "./find-settings.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const readSource = (file: string): Source => ({ file, text: readFileSync(`${root}/${file}`, "utf8") });

/** Tests give settings to the processes that they start. Only what a test reads of its own environment is a setting of the tests. */
const TEST_FILES = /\.test\.ts$|\/testing\//;
const OWN_ENVIRONMENT = /\bprocess\.env\b/;

const code = globSync(["{apps,packages,bench,scripts}/**/*.ts", "*.ts", "scripts/*.mjs"], {
	cwd: root,
	exclude: (name) => name.includes("node_modules"),
})
	.filter((file) => !/^scripts\/.*settings/.test(file))
	.map(readSource);
const shipped = code.filter(({ file }) => !TEST_FILES.test(file));
/** Each test stands alone here: the objects and calls that it makes up are no settings. */
const ofTests = code
	.filter(({ file, text }) => TEST_FILES.test(file) && OWN_ENVIRONMENT.test(text))
	.flatMap((source) =>
		findSettings([source]).filter(({ name }) => source.text.includes(`process.env.${name}`) || isTakenFromEnvironment(source.text, name)),
	);
const inCode = [...findSettings([...shipped, readSource(".ci/run"), readSource("docker-compose.yml")]), ...ofTests];

const page = readFileSync(`${root}/docs/settings.md`, "utf8");
const rows = [...page.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \|([^|]*)\|[^|]*\|([^|]*)\|/gm)].map(
	([, name = "", fallback = "", bounds = ""]) => ({
		name,
		default: plain(fallback),
		bounds: plain(bounds),
	}),
);

function plain(cell: string): string {
	return cell.replaceAll("`", "").trim();
}

function isTakenFromEnvironment(text: string, name: string): boolean {
	return [...text.matchAll(/\{([^{}]*)\} = process\.env;/g)].some(([, names = ""]) => new RegExp(`\\b${name}\\b`).test(names));
}

describe("docs/settings.md", () => {
	it("names every setting that the code reads, and no other", () => {
		expect(rows.length).toBeGreaterThan(45);
		expect(rows.map(({ name }) => name).sort()).toEqual([...new Set(inCode.map(({ name }) => name))].sort());
	});

	it.each(rows)("has the default and the bounds of $name that the code states", ({ name, ...written }) => {
		for (const stated of inCode.filter((setting) => setting.name === name)) {
			if (stated.default !== null) expect(written.default).toBe(stated.default);
			if (stated.bounds !== null) expect(written.bounds).toBe(stated.bounds);
		}
	});

	it("names every argument that a command parses", () => {
		const named = [...page.matchAll(/^\| `--([a-z-]+)` \|/gm)].map(([, name]) => name);
		const parsed = findArguments(shipped);
		expect(parsed.length).toBeGreaterThan(10);
		expect(parsed.filter((name) => !named.includes(name))).toEqual([]);
	});
});

describe("findSettings", () => {
	it("finds specs with constants in them, calls of a reader, and variables of the environment", () => {
		const limits =
			"export const DAY_MS = 86_400_000; export const SPEC = { env: 'A_MS', default: 5 * 2, min: 1, max: 30 * DAY_MS } as const;";
		const reader = `read(process.env, (env) => [env.text("B"), env.text("C", "info"), env.secret("D", MIN), env.choice("E", ["x", "y"]), env.list("F", item)]);
			const MIN = 32;
			const { G: other = "", H } = process.env;
			process.env.I = process.env.J;
			spawn({ PATH: process.env.PATH, K: 1 });`;
		expect(
			findSettings([
				{ file: "limits.ts", text: limits },
				{ file: "main.ts", text: reader },
				{ file: "run", text: "wait $" + "{L:-20} s" },
			]).map(({ name, default: fallback, bounds }) => [name, fallback, bounds]),
		).toEqual([
			["A_MS", "10", "1 to 2592000000"],
			["B", "required", null],
			["C", "info", null],
			["D", "required", "at least 32 characters"],
			["E", "none", "x, y"],
			["F", "none", null],
			["G", null, null],
			["H", null, null],
			["J", null, null],
			["L", "20", null],
		]);
	});

	it("finds the arguments that are parsed", () => {
		expect(
			findArguments([
				{ file: "main.ts", text: 'parseArgs({ args, options: { rounds: { type: "string" }, "in-turns": { type: "boolean" } } })' },
			]),
		).toEqual(["rounds", "in-turns"]);
	});
});
