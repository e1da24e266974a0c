/** `npm run alarms` in a separate process. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE, findProgram } from "@holdfast/local-stack";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestSweeper, type TestSweeper } from "../testing/open-test-sweeper.ts";

let test: TestSweeper;
beforeAll(async () => {
	test = await openTestSweeper();
});
afterAll(() => test.stop());

/** Runs `npm run alarms`; returns its exit code and the lines that it printed. */
function run(stores: { readonly DATABASE_URL: string; readonly REDIS_URL: string }): Promise<{ code: number; lines: string[] }> {
	const entry = findProgram(fileURLToPath(new URL("list-alarms.ts", import.meta.url)));
	const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, ...stores };
	return new Promise((resolve) => {
		execFile(process.execPath, ["--disable-warning=ExperimentalWarning", entry], { env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), lines: (stdout + stderr).trimEnd().split("\n") }),
		);
	});
}

it("alarms prints each raised alarm with its items and what to do, and exits with 0 only when there is none", async () => {
	const stores = { DATABASE_URL: test.databaseUrl, REDIS_URL: test.redis.url };
	const without = await run(stores);
	expect(without).toEqual({
		code: 0,
		lines: ["deadLetters", "losses", "quarantined", "outbox", "unfinishedActions", "conflicts"].map((name) => `clear    ${name}  0`),
	});
	await test.query(`insert into losses (bucket, timeline, last_seq) values (5, 2, 9)`);
	const { code, lines } = await run(stores);
	expect([code, lines.length]).toEqual([1, 7]);
	expect(lines[1]).toBe("raised   losses  1  what to do: docs/operations.md#losses");
	expect(JSON.parse(lines[2] ?? "")).toMatchObject({ bucket: 5, timeline: 2, lastSeq: 9, lastRecordedAt: null });
});

it("alarms names the stores that do not answer, and exits with 1", async () => {
	const { code, lines } = await run({ DATABASE_URL: "postgres://127.0.0.1:9/nothing", REDIS_URL: "redis://127.0.0.1:9" });
	expect(code).toBe(1);
	expect(lines.filter((line) => line.startsWith("unknown"))).toHaveLength(6);
	expect(lines.slice(-2)).toEqual([
		"postgres did not answer: what could not be read is unknown.",
		"redis did not answer: what could not be read is unknown.",
	]);
});
