/** Every script's contract header says what its body does. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineScript } from "./define-script.ts";

const names = readdirSync(new URL("./scripts/", import.meta.url))
	.filter((file) => file.endsWith(".lua"))
	.map((file) => file.slice(0, -".lua".length));

/** 1..n */
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Positions of `list` (KEYS or ARGV) that the body names: by unpacking, by number, and by the counter of a loop with fixed ends. */
function positionsUsed(body: string, list: "KEYS" | "ARGV"): Set<number> {
	const used = new Set<number>();
	for (const [, locals = "", from, to] of body.matchAll(
		new RegExp(`local ([\\w, ]+?) =\\s+unpack\\(${list}(?:, (\\d+), (\\d+))?\\)`, "g"),
	)) {
		const count = locals.split(", ").length;
		if (from !== undefined) expect(Number(to) - Number(from) + 1, `locals of unpack(${list}, ${from}, ${to})`).toBe(count);
		for (let i = 0; i < count; i += 1) used.add(Number(from ?? 1) + i);
	}
	for (const [, position] of body.matchAll(new RegExp(`${list}\\[(\\d+)\\]`, "g"))) used.add(Number(position));
	for (const [, from, to, block = ""] of body.matchAll(/for i = (\d+), (\d+) do(.*?)end$/gms)) {
		for (const [, offset] of block.matchAll(new RegExp(`${list}\\[i(?: \\+ (\\d+))?\\]`, "g"))) {
			for (let i = Number(from); i <= Number(to); i += 1) used.add(i + Number(offset ?? 0));
		}
	}
	return used;
}

describe.each(names)("%s.lua", (name) => {
	const script = defineScript(name);
	const end = script.source.indexOf("]]");
	const header = script.source.slice(0, end);
	const body = script.source.slice(end);

	it("starts with the shebang that lets Redis check it, then its contract", () => {
		expect(script.source.split("\n")[0]).toMatch(/^#!lua( flags=[a-z-]+)?$/);
		expect(header).toContain(`--[[ ${name}: `);
		for (const part of ["KEYS[1] ", "RETURNS {", "EFFECTS ", "COST O("]) expect(header).toContain(`\n${part}`);
	});

	it("uses every key that its header declares, and no other", () => {
		const declared = upTo(script.keyNames.length);
		const used = positionsUsed(body, "KEYS");
		if (!script.keysOpenEnded) {
			expect([...used].sort((a, b) => a - b)).toEqual(declared);
			return;
		}
		expect([...used].sort((a, b) => a - b)).toEqual(declared.slice(0, -1));
		expect(body).toMatch(/KEYS\[(i|1 \+ i|tonumber\(record_at\))\]/);
	});

	it("gives every key of its header a name, a type and a meaning, numbered from 1", () => {
		const lines = [...header.matchAll(/^KEYS\[(\d+)(?:\.\.)?\] +([\w-]+) +(STRING|HASH|ZSET|STREAM)\b/gm)];
		expect(lines.map(([, position]) => Number(position))).toEqual(upTo(script.keyNames.length));
		expect(lines.map(([, , keyName]) => keyName)).toEqual(script.keyNames);
	});

	it("replies with the statuses that its header promises, all of them and no other", () => {
		const returned = [...body.matchAll(/return \{ '([a-z_]+)'/g)].map(([, status]) => status);
		// The words of the fence are those that `refusal_of_fence` gives.
		const fence = /local function refusal_of_fence.*?^end$/ms.exec(body)?.[0] ?? "";
		const refusals = body.includes("return { refusal }")
			? [...fence.matchAll(/'([a-z]+_?[a-z]*)'(?= end|$| or)/gm)].map(([, word]) => word)
			: [];
		expect(new Set([...returned, ...refusals])).toEqual(new Set(script.statuses));
		expect(script.statuses).toHaveLength(new Set(script.statuses).size);
	});

	it("documents every argument that it reads, numbered from 1", () => {
		const documented = [...header.matchAll(/ARGV\[(\d+)(\.\.)?\]/g)];
		expect(documented.map(([, position]) => Number(position))).toEqual(upTo(documented.length));
		const isOpenEnded = documented.at(-1)?.[2] === "..";
		const last = documented.length;
		for (const position of positionsUsed(body, "ARGV")) expect(isOpenEnded ? last : position).toBeLessThanOrEqual(last);
		if (isOpenEnded)
			expect(body).toMatch(new RegExp(`unpack\\(ARGV, ${last}|ipairs\\(ARGV\\)|for i = \\d, #ARGV|ARGV\\[2 \\+ i\\]|3 \\* i - 8`));
		else expect([...positionsUsed(body, "ARGV")].sort((a, b) => a - b)).toEqual(upTo(last));
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
	expect(kebab.sort()).toEqual(names.sort());
});
