/** Every script's contract header says what its body does. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineScript, inOrder } from "./define-script.ts";
import { generateSignatures, SIGNATURES_FILE } from "./generate-signatures.ts";
import type { Parameter } from "./script-header.ts";
import { SCRIPT_NAMES } from "./scripts/signatures.ts";

it("the types of scripts/signatures.ts are what the headers say (`npm run build` writes them)", () => {
	expect(readFileSync(SIGNATURES_FILE, "utf8")).toBe(generateSignatures());
});

describe("the values of a call", () => {
	const parameters = (...last: Parameter[]): Parameter[] => [{ name: "first", form: "one" }, { name: "second", form: "one" }, ...last];
	const list: Parameter = { name: "rest", form: "list" };
	const optional: Parameter = { name: "third", form: "optional" };

	it("are sent in the order of the header, however the caller names them, and those that it does not name are left out", () => {
		expect(inOrder("reap", parameters(), { second: 2, other: "x", first: 1 })).toEqual([1, 2]);
	});

	it("end with the list, which may be empty, or with the optional value if there is one", () => {
		const values = { second: 2, first: 1 };
		expect(inOrder("reap", parameters(list), { ...values, rest: ["a", "b"] })).toEqual([1, 2, "a", "b"]);
		expect(inOrder("reap", parameters(list), { ...values, rest: [] })).toEqual([1, 2]);
		expect(inOrder("reap", parameters(optional), { ...values, third: "c" })).toEqual([1, 2, "c"]);
		expect(inOrder("reap", parameters(optional), { ...values, third: null })).toEqual([1, 2]);
	});

	it("must all be given, and each in its form", () => {
		const values = { second: 2, first: 1 };
		expect(() => inOrder("reap", parameters(), { first: 1 })).toThrow("script reap is given second");
		expect(() => inOrder("reap", parameters(), { first: null, second: 2 })).toThrow("first");
		expect(() => inOrder("reap", parameters(), { first: [1], second: 2 })).toThrow("first");
		expect(() => inOrder("reap", parameters(list), values)).toThrow("rest");
		expect(() => inOrder("reap", parameters(optional), values)).toThrow("third");
	});
});

/** 1..n */
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Positions of ARGV that the body names: by unpacking, and by number. */
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

	it("starts with the shebang that lets Redis check it, then its contract", () => {
		expect(script.source.split("\n")[0]).toMatch(/^#!lua( flags=[a-z-]+)?$/);
		expect(header).toContain(`--[[ ${name}: `);
		for (const part of ["KEYS[1", "RETURNS {", "EFFECTS ", "COST O("]) expect(header).toContain(`\n${part}`);
	});

	it("gives every key of its header a type", () => {
		const lines = [...header.matchAll(/^KEYS\[\d+(?:\?|\.\.)?\] (\w+) +(?:STRING|HASH|ZSET|STREAM)\b/gm)];
		expect(lines.map(([, name]) => name)).toEqual(script.keys.map(({ name }) => name));
	});

	it("replies with the statuses that its header promises, all of them and no other", () => {
		const returned = [...body.matchAll(/return (?:\{|nil,) '([a-z_]+)'/g)].map(([, status]) => status);
		// The words of the fence are those that `refusal_of_fence` gives.
		const fence = /local function refusal_of_fence.*?^end$/ms.exec(body)?.[0] ?? "";
		const refusals = body.includes("return { refusal }")
			? [...fence.matchAll(/'([a-z]+_?[a-z]*)'(?= end|$| or)/gm)].map(([, word]) => word)
			: [];
		expect(new Set([...returned, ...refusals])).toEqual(new Set(script.statuses));
		expect(script.statuses).toHaveLength(new Set(script.statuses).size);
	});

	it("reads every argument that its header names, and no other", () => {
		const single = script.args.filter(({ form }) => form === "one").length;
		const used = [...argumentsUsed(body)].filter((position) => script.args.length === single || position <= single);
		expect(used.sort((a, b) => a - b)).toEqual(upTo(single));
	});

	it("has one clock, read at most once: TIME of Redis, never an argument or the system's", () => {
		const main = body.replace(/^local function now_ms.*?^end$/ms, "");
		expect(main).not.toMatch(/'TIME'|os\.|math\.random/);
		expect(main.split("now_ms()").length - 1).toBeLessThanOrEqual(1);
		expect(main.replace(/^local function.*?^end$/gms, "")).not.toMatch(/(for|while|repeat)[^\n]*now_ms/);
		expect(header).not.toMatch(/ARGV\[\d+\] now/i);
	});

	it("leaves no include unresolved and includes nothing twice or in vain", () => {
		expect(script.source).not.toContain("@include");
		const functions = [...body.matchAll(/^local function (\w+)/gm)].map(([, found]) => found);
		expect(new Set(functions).size).toBe(functions.length);
		const raw = readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), "utf8");
		for (const [, include] of raw.matchAll(/^-- @include (\S+)$/gm)) {
			const part = readFileSync(new URL(`./scripts/include/${include}.lua`, import.meta.url), "utf8");
			const given = [...part.matchAll(/^local function (\w+)/gm)].map(([, found]) => `${found}(`);
			const others = body.replace(part.trimEnd(), "");
			expect(
				given.some((call) => others.includes(call)),
				`include ${include} is used`,
			).toBe(true);
		}
	});
});

it("every script is in the list of a suite that expects each of its replies", () => {
	const folder = new URL("./commands/", import.meta.url);
	const suites = readdirSync(folder).filter((file) => file.endsWith(".redis.test.ts"));
	const lists = suites.map((file) => /expectEveryReply\(test\.replies, \[(.*?)\]/s.exec(readFileSync(new URL(file, folder), "utf8"))?.[1]);
	const expected = lists.flatMap((list) => [...(list ?? "").matchAll(/(\w+)Script\b/g)]).map(([, name = ""]) => name);
	const kebab = expected.map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
	expect(kebab.sort()).toEqual([...SCRIPT_NAMES]);
});
