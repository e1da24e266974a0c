import { createLogger } from "@holdfast/runtime";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

const DAY_MS = 86_400_000;

let test: TestSweeper;
beforeAll(async () => {
	test = await openTestSweeper();
});
afterAll(() => test.stop());

it("a sweeper closes every day that ended while none ran, in order, and logs each digest with a fixed event name", async () => {
	const lines: [unknown, unknown][] = [];
	const log = Object.assign(Object.create(createLogger("sweeper", "info")), {
		info: (fields: unknown, message: unknown) => lines.push([message, fields]),
	});
	const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);
	for (const daysAgo of [4, 4, 3, 0])
		await test.query(`insert into audit_events (at, recorded_at, action, target_type, target_id)
			values (now(), '${dayOf(daysAgo)}T00:00:00Z', 'movie.updated', 'movie', gen_random_uuid())`);
	const sweepers = [1, 2].map(() => test.newSweeper({ log }));
	for (const sweeper of [...sweepers, ...sweepers]) await sweeper.runOnce();
	const stored = await test.query("select day::text, count, sha256 from audit_digests order by day");
	// In the first hour of a day the day before is not closed yet.
	expect(stored.map(({ day }) => day).slice(0, 3)).toEqual([dayOf(4), dayOf(3), dayOf(2)]);
	expect(stored.map(({ count }) => Number(count)).slice(0, 3)).toEqual([2, 1, 0]);
	const logged = stored.map(({ count, ...digest }) => ["audit day closed", { ...digest, count: Number(count) }]);
	expect(lines.filter(([message]) => message === "audit day closed")).toEqual(logged);
});
