import { newShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabase } from "./create-database.ts";
import { findBucketBeyond } from "./find-bucket-beyond.ts";
import { openTestLedger, type TestLedger } from "./testing/open-test-ledger.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

it("finds nothing in an empty ledger, nor below the bound", async () => {
	expect(await findBucketBeyond(ledger.database, 16)).toBeNull();
	await ledger.addShowtime({ id: newShowtimeId(15) });
	expect(await findBucketBeyond(ledger.database, 16)).toBeNull();
});

it("names a bucket at or above the bound that a showtime has, and what to set", async () => {
	await ledger.addShowtime({ id: newShowtimeId(16) });
	const reason = await findBucketBeyond(ledger.database, 16);
	expect(reason).toContain("bucket 16");
	expect(reason).toContain("set BUCKETS to 17 or more");
	expect(await findBucketBeyond(ledger.database, 17)).toBeNull();
});

it("names one that only a row of buckets has", async () => {
	await ledger.rows(sql`insert into buckets (bucket, seq, seen_seq) values (40, 0, 0)`);
	expect(await findBucketBeyond(ledger.database, 40)).toContain("bucket 40");
	expect(await findBucketBeyond(ledger.database, 41)).toBeNull();
});

it("finds nothing where Postgres does not answer: the process is to serve what it can", async () => {
	const database = createDatabase({ url: "postgres://nobody@127.0.0.1:1/none", applicationName: "test" });
	expect(await findBucketBeyond(database, 16)).toBeNull();
	await database.close();
});
