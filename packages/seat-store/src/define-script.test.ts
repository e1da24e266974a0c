/** Every script's contract header says what its body does. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineScript } from "./define-script.ts";

const names = readdirSync(new URL("./scripts/", import.meta.url))
	.filter((file) => file.endsWith(".lua"))
	.map((file) => file.slice(0, -".lua".length));

describe.each(names)("%s.lua", (name) => {
	const script = defineScript(name);
	const end = script.source.indexOf("]]");
	const header = script.source.slice(0, end);
	const body = script.source.slice(end);

	it("starts with the shebang that lets Redis check it, then its contract", () => {
		expect(script.source.startsWith("#!lua")).toBe(true);
		for (const part of ["KEYS[1]", "RETURNS", "EFFECTS", "COST"]) expect(header).toContain(part);
	});

	it("names its keys in the header as its body names them", () => {
		const local = /^local (.*?) = unpack\(KEYS\)$/m.exec(body)?.[1]?.split(", ") ?? [];
		const indexed = [...body.matchAll(/KEYS\[(\d+)\]/g)].map((key) => Number(key[1]));
		if (local.length > 0) expect(local.length).toBe(script.keyNames.length);
		for (const index of indexed) expect(index).toBeLessThanOrEqual(script.keyNames.length);
		expect(local.length + indexed.length).toBeGreaterThan(0);
	});

	it("replies with the statuses that its header promises, all of them and no other", () => {
		const returned = [...body.matchAll(/return \{ '([a-z_]+)'/g)].map((status) => status[1]);
		expect(new Set(returned)).toEqual(new Set(script.statuses));
	});

	it("documents every argument that it reads", () => {
		const read = [...body.matchAll(/ARGV\[(\d+)\]|unpack\(ARGV, (\d+)(?:, (\d+))?\)/g)].flatMap((use) =>
			use.slice(1).filter(Boolean).map(Number),
		);
		const documented = [...header.matchAll(/ARGV\[(\d+)(\.\.)?\]/g)];
		const openEnded = documented.some((argument) => argument[2] === "..");
		const highest = Math.max(0, ...documented.map((argument) => Number(argument[1])));
		for (const index of read) if (!openEnded) expect(index).toBeLessThanOrEqual(highest);
	});

	it("leaves no include unresolved and includes nothing twice", () => {
		expect(script.source).not.toContain("@include");
		const functions = [...body.matchAll(/^local function (\w+)/gm)].map((found) => found[1]);
		expect(new Set(functions).size).toBe(functions.length);
		for (const name of functions) expect(body.split(`${name}(`).length, `${name} is used`).toBeGreaterThan(1);
	});
});
