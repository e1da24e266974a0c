/** Tests slow batches: settling has a longer statement timeout than requests, and when that is too short, a smaller batch settles. */
import { bucketOf } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { classifySettleError } from "../classify-error.ts";
import { createDatabase, type Database, type DatabaseOptions } from "../create-database.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { settleBatch } from "./settle-batch.ts";

/** How long the slow Postgres of this file takes for each event. */
const ROW_MS = 20;

let ledger: TestLedger;
const opened: Database[] = [];
beforeAll(async () => {
	ledger = await openTestLedger();
	await queryPostgres(
		ledger.ownerUrl,
		`create function take_long() returns trigger language plpgsql as
		$$ begin perform pg_sleep(${ROW_MS / 1000}); return new; end $$;
		create trigger slow before insert on booking_events for each row execute function take_long()`,
	);
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

it("a batch settles although its statement takes longer than the statement timeout of requests", async () => {
	const { entries, bucket } = await sales(75);
	const database = open({ statementTimeoutMs: 200 });
	expect(await settleBatch(database, { bucket, entries })).toMatchObject({ outcome: "settled", recorded: 75 });
});

it("a batch that exceeds its statement timeout throws too_slow and writes nothing, and a smaller part of it settles", async () => {
	const { showtimeId, entries, bucket } = await sales(80);
	const database = open({ longStatementTimeoutMs: 600 });
	for (let attempt = 0; attempt < 2; attempt += 1) {
		const error: unknown = await settleBatch(database, { bucket, entries }).catch((thrown: unknown) => thrown);
		expect(classifySettleError(error)).toBe("too_slow");
	}
	expect(await ledger.rows(sql`select 1 from bookings where showtime_id = ${showtimeId}`)).toEqual([]);
	expect(await settleBatch(database, { bucket, entries: entries.slice(0, 5) })).toMatchObject({ outcome: "settled", recorded: 5 });
});
