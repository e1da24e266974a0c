/** A process that stalls while it settles must not block its bucket: Postgres ends its transaction. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classifySettleError } from "../classify-error.ts";
import { writeTo } from "../run-queries.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { lockBucket, tryLockBucket } from "./settle-lock.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

describe("a transaction that exceeds its maximum duration", () => {
	it("is ended by Postgres while its client stalls, which releases the bucket, and fails with a retryable error", async () => {
		const locked = Promise.withResolvers<void>();
		const stalled = writeTo(
			ledger.database,
			"rebuilding",
			(queries) =>
				queries.transaction(async (tx) => {
					expect(await tryLockBucket(tx, 7, 300)).toBe(true);
					locked.resolve();
					await delay(2_000);
					await tx.execute("select 1");
				}),
			10_000,
		);
		const failure = stalled.catch((error: unknown) => error);
		await locked.promise;
		await writeTo(ledger.database, "rebuilding", (queries) => queries.transaction((tx) => lockBucket(tx, 7, 1_500)), 5_000);
		expect(["retry", "too_slow"]).toContain(classifySettleError(await failure));
	});
});
