import { newShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { findBucketBeyond } from "./find-bucket-beyond.ts";

const BUCKETS = 16;

let ledger: TestLedger;
beforeEach(async () => {
	ledger = await openTestLedger();
});
afterEach(() => ledger.stop());

const addShowtime = (bucket: number) => ledger.addShowtime({ id: newShowtimeId(bucket) });
const addBucket = (bucket: number) => ledger.rows(sql`insert into buckets (bucket, seq, seen_seq) values (${bucket}, 0, 0)`);

it("returns null for an empty ledger, and for one whose showtimes and rows are all below the number of buckets", async () => {
	expect(await findBucketBeyond(ledger.database, BUCKETS)).toBeNull();
	await addShowtime(BUCKETS - 1);
	await addBucket(BUCKETS - 1);
	expect(await findBucketBeyond(ledger.database, BUCKETS)).toBeNull();
});

it.each([
	["showtime", addShowtime],
	["row in buckets", addBucket],
])("finds a %s in the first bucket that is not served, and in the last that an id can name", async (_what, add) => {
	await add(255);
	expect(await findBucketBeyond(ledger.database, BUCKETS)).toBe(255);
	await add(BUCKETS);
	expect(await findBucketBeyond(ledger.database, BUCKETS)).toBe(BUCKETS);
	expect(await findBucketBeyond(ledger.database, BUCKETS + 1)).toBe(255);
	expect(await findBucketBeyond(ledger.database, 256)).toBeNull();
});

it("returns the smallest of both tables", async () => {
	await addShowtime(40);
	await addBucket(17);
	expect(await findBucketBeyond(ledger.database, BUCKETS)).toBe(17);
	await addShowtime(16);
	expect(await findBucketBeyond(ledger.database, BUCKETS)).toBe(16);
});
