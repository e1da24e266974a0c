/** The contract header of every script matches its body. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineScript, inOrder } from "./define-script.ts";
import { generateSignatures, SIGNATURES_FILE } from "./generate-signatures.ts";
import type { Parameter } from "./script-header.ts";
import { SCRIPT_NAMES } from "./scripts/signatures.ts";

it("scripts/signatures.ts matches the headers of the scripts (`npm run build` writes it)", () => {
	expect(readFileSync(SIGNATURES_FILE, "utf8")).toBe(generateSignatures());
});

describe("inOrder", () => {
	const parameters = (...last: Parameter[]): Parameter[] => [{ name: "first", form: "one" }, { name: "second", form: "one" }, ...last];
	const list: Parameter = { name: "rest", form: "list" };
	const optional: Parameter = { name: "third", form: "optional" };

	it("returns the values in the order of the header, and leaves out values that the header does not name", () => {
		expect(inOrder("reap", parameters(), { second: 2, other: "x", first: 1 })).toEqual([1, 2]);
	});

	it("puts a list, which may be empty, or an optional value at the end", () => {
		const values = { second: 2, first: 1 };
		expect(inOrder("reap", parameters(list), { ...values, rest: ["a", "b"] })).toEqual([1, 2, "a", "b"]);
		expect(inOrder("reap", parameters(list), { ...values, rest: [] })).toEqual([1, 2]);
		expect(inOrder("reap", parameters(optional), { ...values, third: "c" })).toEqual([1, 2, "c"]);
		expect(inOrder("reap", parameters(optional), { ...values, third: null })).toEqual([1, 2]);
	});

	it("throws when a value is missing or has the wrong form", () => {
		const values = { second: 2, first: 1 };
		expect(() => inOrder("reap", parameters(), { first: 1 })).toThrow("script reap got no valid value for second");
		expect(() => inOrder("reap", parameters(), { first: null, second: 2 })).toThrow("first");
		expect(() => inOrder("reap", parameters(), { first: [1], second: 2 })).toThrow("first");
		expect(() => inOrder("reap", parameters(list), values)).toThrow("rest");
		expect(() => inOrder("reap", parameters(optional), values)).toThrow("third");
	});
});

/** 1..n */
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Positions of ARGV that the body uses, by unpacking or by number. */
function argumentsUsed(body: string): Set<number> {
	const used = new Set<number>();
	for (const [, locals = "", from, to] of body.matchAll(/local ([\w, ]+?) =\s+unpack\(ARGV(?:, (\d+), (\d+))?\)/g)) {
		const count = locals.split(", ").length;
		if (from !== undefined) expect(Number(to) - Number(from) + 1, `locals of unpack(ARGV, ${from}, ${to})`).toBe(count);
		for (let i = 0; i < count; i += 1) used.add(Number(from ?? 1) + i);
	}
	for (const [, position] of body.matchAll(/ARGV\[(\d+)\]/g)) used.add(Number(position));
	return used;
}

describe.each(SCRIPT_NAMES)("%s.lua", (name) => {
	const script = defineScript(name);
	const end = script.source.indexOf("]]");
	const header = script.source.slice(0, end);
	const body = script.source.slice(end);

	it("starts with a shebang, which lets Redis check its flags, and a complete contract header", () => {
		expect(script.source.split("\n")[0]).toMatch(/^#!lua( flags=[a-z-]+)?$/);
		expect(header).toContain(`--[[ ${name}: `);
		for (const part of ["KEYS[1", "RETURNS {", "EFFECTS ", "COST O("]) expect(header).toContain(`\n${part}`);
	});

	it("declares a type for every key in its header", () => {
		const lines = [...header.matchAll(/^KEYS\[\d+(?:\?|\.\.)?\] (\w+) +(?:STRING|HASH|ZSET|STREAM)\b/gm)];
		expect(lines.map(([, name]) => name)).toEqual(script.keys.map(({ name }) => name));
	});

	it("replies with exactly the statuses that its header lists", () => {
		const returned = [...body.matchAll(/return (?:\{|nil,) '([a-z_]+)'/g)].map(([, status]) => status);
		// The statuses of the fence are those that `refusal_of_fence` returns.
		const fence = /local function refusal_of_fence.*?^end$/ms.exec(body)?.[0] ?? "";
		const refusals = body.includes("return { refusal }")
			? [...fence.matchAll(/'([a-z]+_?[a-z]*)'(?= end|$| or)/gm)].map(([, status]) => status)
			: [];
		expect(new Set([...returned, ...refusals])).toEqual(new Set(script.statuses));
		expect(script.statuses).toHaveLength(new Set(script.statuses).size);
	});

	it("reads exactly the arguments that its header lists", () => {
		const single = script.args.filter(({ form }) => form === "one").length;
		const used = [...argumentsUsed(body)].filter((position) => script.args.length === single || position <= single);
		expect(used.sort((a, b) => a - b)).toEqual(upTo(single));
	});

	it("reads the time at most once, and only from TIME of Redis", () => {
		const main = body.replace(/^local function now_ms.*?^end$/ms, "");
		expect(main).not.toMatch(/'TIME'|os\.|math\.random/);
		expect(main.split("now_ms()").length - 1).toBeLessThanOrEqual(1);
		expect(main.replace(/^local function.*?^end$/gms, "")).not.toMatch(/(for|while|repeat)[^\n]*now_ms/);
		expect(header).not.toMatch(/ARGV\[\d+\] now/i);
	});

	it("resolves every include, has none twice, and uses each of them", () => {
		expect(script.source).not.toContain("@include");
		const functions = [...body.matchAll(/^local function (\w+)/gm)].map(([, found]) => found);
		expect(new Set(functions).size).toBe(functions.length);
		const raw = readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), "utf8");
		for (const [, include] of raw.matchAll(/^-- @include (\S+)$/gm)) {
			const part = readFileSync(new URL(`./scripts/include/${include}.lua`, import.meta.url), "utf8");
			const calls = [...part.matchAll(/^local function (\w+)/gm)].map(([, found]) => `${found}(`);
			const constants = [...part.matchAll(/^local ([A-Z_]+) =/gm)].map(([, found = ""]) => found);
			const others = body.replace(part.trimEnd(), "");
			expect(
				[...calls, ...constants].some((given) => others.includes(given)),
				`include ${include} is used`,
			).toBe(true);
		}
	});
});

it("every script is in the expectEveryReply list of exactly one test suite", () => {
	const folder = new URL("./commands/", import.meta.url);
	const suites = readdirSync(folder).filter((file) => file.endsWith(".redis.test.ts"));
	const lists = suites.map((file) => /expectEveryReply\(test\.replies, \[(.*?)\]/s.exec(readFileSync(new URL(file, folder), "utf8"))?.[1]);
	const expected = lists.flatMap((list) => [...(list ?? "").matchAll(/(\w+)Script\b/g)]).map(([, name = ""]) => name);
	const kebab = expected.map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
	expect(kebab.sort()).toEqual([...SCRIPT_NAMES]);
});
