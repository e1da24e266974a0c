import { newShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { APPLICATION_ROLE } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createDatabase } from "../create-database.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { checkBuckets } from "./check-buckets.ts";

let ledger: TestLedger;
beforeEach(async () => {
	ledger = await openTestLedger();
});
afterEach(() => ledger.stop());

/** The reason not to serve this many buckets, or null. */
async function findBucketBeyond(ledger: TestLedger, buckets: number): Promise<string | null> {
	const check = await checkBuckets(ledger.database, buckets);
	expect(check.outcome).not.toBe("unknown");
	return check.outcome === "beyond" ? check.reason : null;
}

it("returns null for an empty ledger, and for a bucket below the number of buckets", async () => {
	expect(await findBucketBeyond(ledger, 16)).toBeNull();
	await ledger.addShowtime({ id: newShowtimeId(15) });
	expect(await findBucketBeyond(ledger, 16)).toBeNull();
});

it("names the bucket of a showtime beyond the number of buckets, and the BUCKETS to set", async () => {
	await ledger.addShowtime({ id: newShowtimeId(16) });
	const reason = await findBucketBeyond(ledger, 16);
	expect(reason).toContain("bucket 16");
	expect(reason).toContain("set BUCKETS to 17 or more");
	expect(await findBucketBeyond(ledger, 17)).toBeNull();
});

const addShowtime = (bucket: number) => ledger.addShowtime({ id: newShowtimeId(bucket) });
const addBucket = (bucket: number) => ledger.rows(sql`insert into buckets (bucket, seq, seen_seq) values (${bucket}, 0, 0)`);

it.each([
	["showtime", addShowtime],
	["row of buckets", addBucket],
])("names the bucket of a %s in the first unserved bucket, and in the last possible bucket", async (_what, add) => {
	await add(15);
	expect(await findBucketBeyond(ledger, 16)).toBeNull();
	await add(16);
	expect(await findBucketBeyond(ledger, 16)).toContain("bucket 16");
	await add(255);
	expect(await findBucketBeyond(ledger, 17)).toContain("set BUCKETS to 256 or more");
	expect(await findBucketBeyond(ledger, 256)).toBeNull();
});

it("names the highest bucket of the two tables, because BUCKETS must be greater", async () => {
	await addShowtime(40);
	await addBucket(17);
	expect(await findBucketBeyond(ledger, 16)).toContain("bucket 40");
	await addBucket(41);
	expect(await findBucketBeyond(ledger, 16)).toContain("bucket 41");
});

it.each([
	["exist", "alter table showtimes rename to showtimes_later"],
	["may be read", `revoke select on showtimes from ${APPLICATION_ROLE}`],
])("answers unknown before the tables %s, so that a process may start before the migrations", async (_state, statement) => {
	await queryPostgres(ledger.ownerUrl, statement);
	expect(await checkBuckets(ledger.database, 16)).toEqual({ outcome: "unknown" });
});

it("answers unknown when Postgres is unreachable, so that the process starts and serves what it can", async () => {
	const database = createDatabase({ url: "postgres://user@127.0.0.1:1/none", applicationName: "test" });
	expect(await checkBuckets(database, 16)).toEqual({ outcome: "unknown" });
	await database.close();
});
