/** `npm run audit:verify` in a separate process, on real stores. */
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

/** Runs the command; returns its exit code and everything it printed. */
function run(): Promise<{ code: number; printed: string }> {
	const entry = findProgram(fileURLToPath(new URL("verify-audit.ts", import.meta.url)));
	const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, DATABASE_URL: test.databaseUrl, REDIS_URL: test.redis.url };
	return new Promise((resolve) => {
		execFile(process.execPath, ["--disable-warning=ExperimentalWarning", entry], { env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), printed: stdout + stderr }),
		);
	});
}

it("audit:verify prints every closed day, finds a row that the owner changed with the triggers disabled, and exits with 1", async () => {
	expect(await run()).toEqual({
		code: 0,
		printed: "No day of the audit trail is closed yet: the sweeper closes a day an hour after it ended, in UTC.\n",
	});
	await test.query(`insert into audit_events (at, recorded_at, action, target_type, target_id)
		select now(), now() - make_interval(days => n), 'movie.updated', 'movie', gen_random_uuid() from generate_series(2, 3) n`);
	await test.newSweeper().runOnce();
	const digests = await test.query("select day::text, count, sha256 from audit_digests order by day");
	const [first, second] = digests;
	const lineOf = (digest: typeof first) => `${digest?.day}  ${digest?.count} ${digest?.count === "1" ? "row" : "rows"}  ${digest?.sha256}`;
	const intact = await run();
	expect(intact.code, intact.printed).toBe(0);
	expect(intact.printed).toBe(
		`${digests.map(lineOf).join("\n")}\nAll ${digests.length} closed days have the digests that were stored. Compare them with the log as well.\n`,
	);

	await test.queryAsOwner("alter table audit_events disable trigger all");
	await test.queryAsOwner(`update audit_events set action = 'movie.created' where recorded_at::date = '${second?.day}'`);
	await test.queryAsOwner("alter table audit_events enable trigger all");
	const changed = await run();
	expect(changed.code).toBe(1);
	expect(changed.printed).toContain(`${lineOf(first)}\n${second?.day}  DIFFERS: closed with 1 row and ${second?.sha256}, now 1 row and `);
	expect(changed.printed).toContain(`1 of ${digests.length} closed days differ. A digest does not show which row`);
});
