/** A batch that takes long: it is given the time that a person would not be, and when even that is too short, a part of it settles. */
import { bucketOf } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { classifySettleError } from "../classify-error.ts";
import { createDatabase, type Database, type DatabaseOptions } from "../create-database.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { settleBatch } from "./settle-batch.ts";

/** What each event costs the slow Postgres of this file. */
const ROW_MS = 20;

let ledger: TestLedger;
const opened: Database[] = [];
beforeAll(async () => {
	ledger = await openTestLedger();
	await ledger.rows(
		sql.raw(`create function take_long() returns trigger language plpgsql as
		$$ begin perform pg_sleep(${ROW_MS / 1000}); return new; end $$`),
	);
	await ledger.rows(sql`create trigger slow before insert on booking_events for each row execute function take_long()`);
});
afterAll(async () => {
	for (const database of opened) await database.close();
	await ledger.stop();
});

const open = (limits: Partial<DatabaseOptions>): Database => {
	const database = createDatabase({ url: ledger.url, ...limits });
	opened.push(database);
	return database;
};

async function sales(count: number) {
	const [showtimeId, userId] = [await ledger.addShowtime(), await ledger.addUser()];
	const entries = Array.from({ length: count }, (_, seat) => ledger.entryOf(ledger.confirmed(showtimeId, userId, [seat])));
	return { showtimeId, entries, bucket: bucketOf(showtimeId) };
}

it("a statement that no request would be given the time for settles, though the connection is silent meanwhile", async () => {
	const { entries, bucket } = await sales(75);
	const database = open({ statementTimeoutMs: 200 });
	expect(await settleBatch(database, { bucket, entries })).toMatchObject({ outcome: "settled", recorded: 75 });
});

it("a batch that is too slow says so and leaves nothing; a smaller part of it gets through", async () => {
	const { showtimeId, entries, bucket } = await sales(80);
	const database = open({ longStatementTimeoutMs: 600 });
	for (let attempt = 0; attempt < 2; attempt += 1) {
		const error: unknown = await settleBatch(database, { bucket, entries }).catch((thrown: unknown) => thrown);
		expect(classifySettleError(error)).toBe("too_slow");
	}
	expect(await ledger.rows(sql`select 1 from bookings where showtime_id = ${showtimeId}`)).toEqual([]);
	expect(await settleBatch(database, { bucket, entries: entries.slice(0, 5) })).toMatchObject({ outcome: "settled", recorded: 5 });
});
