/** Which process drives an action and when, and what the table of actions refuses. */
import { newUserId, type ShowtimeId } from "@holdfast/domain";
import { type SQL, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { startCancel } from "./start-cancel.ts";
import {
	ACTION_RETRY_MAX_S,
	countUnfinishedActions,
	finishAction,
	listUnfinishedActions,
	takeAction,
	takeDueActions,
} from "./take-actions.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => ledger.rows(sql`delete from showtime_actions`));

async function startAction(): Promise<string> {
	const showtimeId = await ledger.addShowtime();
	const command = { actor: newUserId(), requestId: "request-1", reason: null };
	const started = await startCancel(ledger.database, { showtimeId, ifVersions: [1, 2], command });
	if (started.outcome !== "started") throw new Error(`the cancel was refused: ${started.outcome}`);
	return started.actionId;
}
const passTime = () => ledger.rows(sql`update showtime_actions set next_try_at = now() - interval '1 second'`);

describe("taking actions", () => {
	it("two processes get 20 due actions between them, each once, and none of them twice before it is due again", async () => {
		const ids = await Promise.all(Array.from({ length: 20 }, startAction));
		expect(await takeDueActions(ledger.database, 20)).toEqual([]);
		await passTime();
		const taken = await Promise.all([takeDueActions(ledger.database, 12), takeDueActions(ledger.database, 12)]);
		const rest = await takeDueActions(ledger.database, 12);
		expect([...taken.flat(), ...rest].map(({ id }) => id).sort()).toEqual(ids.toSorted());
		expect(Math.max(...taken.map(({ length }) => length))).toBeLessThanOrEqual(12);
		expect(await takeDueActions(ledger.database, 20)).toEqual([]);
	});

	it("the pause before the next attempt doubles from a second to the maximum", async () => {
		const id = await startAction();
		const pauses: number[] = [];
		for (let attempt = 0; attempt < 9; attempt += 1) {
			expect((await takeAction(ledger.database, id))?.tries).toBe(attempt + 1);
			const [row] = await ledger.rows<{ pause: number }>(
				sql`select extract(epoch from next_try_at - now())::float8 as pause from showtime_actions where id = ${id}`,
			);
			pauses.push(Math.ceil(row?.pause ?? Number.NaN));
		}
		expect(pauses).toEqual([1, 2, 4, 8, 16, 32, ACTION_RETRY_MAX_S, ACTION_RETRY_MAX_S, ACTION_RETRY_MAX_S]);
	});

	it("a finished action is not taken and keeps its outcome", async () => {
		const id = await startAction();
		await finishAction(ledger.database, id, "version_mismatch");
		await finishAction(ledger.database, id, "done");
		await passTime();
		expect([await takeAction(ledger.database, id), await takeDueActions(ledger.database, 20)]).toEqual([null, []]);
		expect(await ledger.rows(sql`select outcome from showtime_actions`)).toEqual([{ outcome: "version_mismatch" }]);
	});

	it("counts the actions that are open for longer than asked", async () => {
		const [old] = await Promise.all([startAction(), startAction()]);
		await ledger.rows(sql`update showtime_actions set created_at = now() - interval '10 seconds' where id = ${old}`);
		expect(await countUnfinishedActions(ledger.database, 9_000)).toBe(1);
		expect(await countUnfinishedActions(ledger.database, 60_000)).toBe(0);
	});

	it("lists the actions that are open for longer than 10 s, the oldest first, up to the limit", async () => {
		const [fresh, old, oldest, finished] = await Promise.all(Array.from({ length: 4 }, startAction));
		const age = (id: string | undefined, seconds: number) =>
			ledger.rows(
				sql`update showtime_actions set created_at = now() - make_interval(secs => ${seconds}), last_error = 'busy' where id = ${id}`,
			);
		await Promise.all([age(fresh, 9), age(old, 11), age(oldest, 60), age(finished, 60)]);
		await finishAction(ledger.database, finished ?? "", "done");
		expect((await listUnfinishedActions(ledger.database, { limit: 10 })).map(({ id }) => id)).toEqual([oldest, old]);
		expect(await listUnfinishedActions(ledger.database, { limit: 1 })).toMatchObject([
			{ id: oldest, kind: "cancel", movieId: null, tries: 0, lastError: "busy", command: { requestId: "request-1" } },
		]);
		expect(await countUnfinishedActions(ledger.database)).toBe(2);
	});
});

describe("the table of actions", () => {
	const insert = (showtimeId: ShowtimeId, columns: SQL, values: SQL) =>
		ledger.rows(sql`
			insert into showtime_actions (showtime_id, actor, request_id, next_try_at, ${columns})
			values (${showtimeId}, ${newUserId()}, 'r', now(), ${values})`);

	it.each([
		["a second open action of one kind", sql`kind`, sql`'cancel'`, "showtime_actions_one_open"],
		["an unknown kind", sql`kind`, sql`'move'`, "showtime_actions_kind_known"],
		["a reschedule without its times", sql`kind, schedule_version`, sql`'reschedule', 2`, "showtime_actions_reschedule_complete"],
		["an archive without its movie", sql`kind, step`, sql`'archive', 'pause'`, "showtime_actions_archive_complete"],
		["a step of another kind", sql`kind, step`, sql`'cancel', 'pause'`, "showtime_actions_archive_complete"],
		["an end without an outcome", sql`kind, finished_at`, sql`'cancel', now()`, "showtime_actions_finished_with_outcome"],
		["an empty reason", sql`kind, reason`, sql`'cancel', ''`, "showtime_actions_reason_bounded"],
		["a reason of 501 characters", sql`kind, reason`, sql`'cancel', repeat('x', 501)`, "showtime_actions_reason_bounded"],
	])("refuses a row with %s", async (_what, columns, values, constraint) => {
		const showtimeId = await ledger.addShowtime();
		if (constraint === "showtime_actions_one_open") await insert(showtimeId, columns, values);
		const error: unknown = await insert(showtimeId, columns, values).catch((thrown) => thrown);
		expect(error).toMatchObject({ constraint_name: constraint });
	});
});
