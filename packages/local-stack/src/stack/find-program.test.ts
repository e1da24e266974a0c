import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeScratchFolder } from "../make-scratch-folder.ts";
import { REPOSITORY_ROOT } from "../repository.ts";
import { bundleNameOf, findProgram, PROGRAMS } from "./find-program.ts";

const SWEEPER = "apps/sweeper/src/main.ts";

let folder: string;
beforeAll(() => {
	folder = makeScratchFolder();
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "apps-sweeper-src-main.mjs"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("findProgram", () => {
	it("every program that may be bundled exists, and no two have the same bundle", () => {
		for (const program of PROGRAMS) expect(existsSync(join(REPOSITORY_ROOT, program)), program).toBe(true);
		expect(new Set(PROGRAMS.map(bundleNameOf)).size).toBe(PROGRAMS.length);
	});

	it("returns the bundle of a program if there is one, for its absolute and its relative path", () => {
		const bundle = join(folder, "apps-sweeper-src-main.mjs");
		expect(findProgram(SWEEPER, folder)).toBe(bundle);
		expect(findProgram(join(REPOSITORY_ROOT, SWEEPER), folder)).toBe(bundle);
	});

	it("returns the source of a program without a bundle, and of every program without a folder of bundles", () => {
		expect(findProgram("apps/api/src/server.ts", folder)).toBe(join(REPOSITORY_ROOT, "apps/api/src/server.ts"));
		expect(findProgram(SWEEPER, null)).toBe(join(REPOSITORY_ROOT, SWEEPER));
	});
});
