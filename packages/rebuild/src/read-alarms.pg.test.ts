/** When each alarm is raised, and what is reported while a store answers in part. `list-alarms.http.test.ts` shows the items of each. */
import { DAY_MS, DEFAULT_LIMITS } from "@holdfast/domain";
import { holdLock, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALARM_ITEMS_MAX, type AlarmDeps, readAlarms } from "./read-alarms.ts";
import { openTestRebuild, type TestRebuild } from "./testing/open-test-rebuild.ts";

let test: TestRebuild;
beforeAll(async () => {
	test = await openTestRebuild();
});
afterAll(() => test.stop());

const read = (changes: Partial<AlarmDeps> = {}) =>
	readAlarms({
		seatStore: test.seatStore,
		database: test.database,
		outboxMax: DEFAULT_LIMITS.outboxMax,
		settleLagMaxMs: DAY_MS,
		...changes,
	});
const outboxOf = async (changes: Partial<AlarmDeps> = {}) => (await read(changes)).alarms.outbox;

describe("an alarm of the ledger", () => {
	it("counts everything and shows the oldest up to the maximum", async () => {
		await test.query(`insert into dead_letters (bucket, entry_id, raw, error_code, error_message, created_at)
			select 3, n::text, '{}', 'unparsable', 'no event', now() - make_interval(secs => n) from generate_series(1, ${ALARM_ITEMS_MAX + 1}) n`);
		const { deadLetters } = (await read()).alarms;
		expect([deadLetters.status, deadLetters.count, deadLetters.items.length]).toEqual(["raised", ALARM_ITEMS_MAX + 1, ALARM_ITEMS_MAX]);
		expect(deadLetters.items[0]?.entryId).toBe(String(ALARM_ITEMS_MAX + 1));
		await test.query("update dead_letters set resolved_at = now()");
		expect((await read()).alarms.deadLetters).toMatchObject({ status: "clear", count: 0, items: [] });
	});

	it("is unknown alone while its table is locked, and every other one is read", async () => {
		const lock = await holdLock(test.databaseUrl, "lock table losses in access exclusive mode");
		const { alarms, unread } = await read();
		await lock.release();
		expect([alarms.losses.status, alarms.losses.count, unread]).toEqual(["unknown", null, ["postgres"]]);
		const { losses: _losses, ...others } = alarms;
		expect(new Set(Object.values(others).map(({ status }) => status))).toEqual(new Set(["clear"]));
	});
});

describe("the alarm of the outbox", () => {
	it("is raised at the maximum number of entries, and not one entry earlier", async () => {
		for (let entries = 0; entries < 2; entries += 1) await test.seatStore.requeueEntry(6, { schema: "1" });
		expect(await outboxOf({ outboxMax: 2 })).toMatchObject({ status: "raised", count: 2 });
		expect((await outboxOf({ outboxMax: 3 })).status).toBe("clear");
	});

	it("is raised when an entry is older than the limit, and shows its age", async () => {
		await waitUntil("an entry to be older than 5 ms", async () => ((await test.seatStore.outboxAgesMs())[6] ?? 0) > 5);
		const { status, items } = await outboxOf({ settleLagMaxMs: 5 });
		expect([status, items[6]]).toEqual(["raised", { bucket: 6, entries: 2, oldestMs: expect.any(Number) }]);
		expect(items[7]).toEqual({ bucket: 7, entries: 0, oldestMs: 0 });
		expect(await test.seatStore.settleLagMs()).toBeGreaterThanOrEqual(items[6]?.oldestMs ?? Number.NaN);
	});

	it("is unknown while the server of one bucket does not answer, but raised if another bucket raises it", async () => {
		const without0 = (figures: readonly number[]) => figures.with(0, Number.NaN);
		const seatStore = {
			outboxDepths: async () => without0(await test.seatStore.outboxDepths()),
			outboxAgesMs: async () => without0(await test.seatStore.outboxAgesMs()),
		};
		const { alarms, unread } = await read({ seatStore });
		expect([alarms.outbox.status, alarms.outbox.count, unread]).toEqual(["unknown", null, ["redis"]]);
		expect(alarms.outbox.items[0]).toEqual({ bucket: 0, entries: null, oldestMs: null });
		expect(await outboxOf({ seatStore, outboxMax: 2 })).toMatchObject({ status: "raised", count: null });
	});
});

it("a fault that is no outage is thrown, not reported as unknown", async () => {
	const broken = { outboxDepths: test.seatStore.outboxDepths, outboxAgesMs: () => Promise.reject(new Error("a bug")) };
	await expect(read({ seatStore: broken })).rejects.toThrow("a bug");
});
