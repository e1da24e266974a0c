/** What an operator can do about an entry that could not be settled: read, replay and resolve its dead letter. */
import { bucketOf, newUserId, type OutboxEntry, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OPERATOR } from "../admin/record-audit.ts";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { countDeadLetters, type DeadLetterKey, findDeadLetter, listDeadLetters, resolveDeadLetter } from "./dead-letters.ts";
import { findBooking } from "./find-booking.ts";
import { seatOwners } from "./list-seat-owners.ts";
import { settleBatch } from "./settle-batch.ts";

let ledger: TestLedger;
let showtimeId: ShowtimeId;
let userId: Awaited<ReturnType<TestLedger["addUser"]>>;
beforeAll(async () => {
	ledger = await openTestLedger();
	userId = await ledger.addUser();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
});

async function settle(...entries: OutboxEntry[]) {
	const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries });
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	return outcome;
}

const resolve = (key: DeadLetterKey) => resolveDeadLetter(ledger.database, key, { how: "discarded", origin: OPERATOR });
const keyOf = ({ entryId }: OutboxEntry) => ({ bucket: bucketOf(showtimeId), entryId });
const ownDeadLetters = async (request: Partial<Parameters<typeof listDeadLetters>[1]> = {}) =>
	(await listDeadLetters(ledger.database, { limit: 100, ...request })).filter(({ bucket }) => bucket === bucketOf(showtimeId));

/** Returns an entry with the same fields under a new id, as when the seat store appends them again. */
const replayOf = (entry: OutboxEntry): OutboxEntry => ({ ...entry, entryId: `${entry.entryId}9` });

describe("a dead letter", () => {
	it("has the fields of the entry and the reason, and is listed until it is resolved", async () => {
		const poison = ledger.entryOf(null, { raw: { schema: "1", seq: "7", note: "nul \0" } });
		await settle(poison);
		const deadLetter = await findDeadLetter(ledger.database, keyOf(poison));
		expect(deadLetter).toEqual({
			...keyOf(poison),
			id: expect.stringMatching(/^[0-9a-f-]{36}$/),
			raw: poison.raw,
			errorCode: "unparsable",
			errorMessage: "the fields do not form a valid event",
			createdAt: expect.any(Number),
			resolvedAt: null,
		});
		expect(await ownDeadLetters()).toContainEqual(deadLetter);
		expect(await resolve(keyOf(poison))).toBe(true);
		const resolved = await findDeadLetter(ledger.database, keyOf(poison));
		expect(resolved).toEqual({ ...deadLetter, resolvedAt: expect.any(Number) });
		expect(await resolve(keyOf(poison))).toBe(false);
		expect(await findDeadLetter(ledger.database, keyOf(poison))).toEqual(resolved);
		expect(await ownDeadLetters()).not.toContainEqual(expect.objectContaining(keyOf(poison)));
		expect(await ownDeadLetters({ includeResolved: true })).toContainEqual(resolved);
	});

	it("is listed oldest first, up to the limit, and stays resolved when its entry is delivered again", async () => {
		const [first, second] = [ledger.entryOf(null), ledger.entryOf(null)];
		await settle(first);
		await settle(second);
		const ids = (await ownDeadLetters()).map(({ entryId }) => entryId);
		expect(ids.indexOf(first.entryId)).toBeLessThan(ids.indexOf(second.entryId));
		expect(await listDeadLetters(ledger.database, { limit: 1 })).toHaveLength(1);
		await resolve(keyOf(first));
		await settle(first);
		expect((await ownDeadLetters()).map(({ entryId }) => entryId)).not.toContain(first.entryId);
	});

	it("is found by its id, counted until it is resolved, and resolved with one audit row about its showtime", async () => {
		const poison = ledger.entryOf(null, { raw: { schema: "1", seq: "7", showtimeId } });
		await settle(poison);
		const { id = "" } = (await findDeadLetter(ledger.database, keyOf(poison))) ?? {};
		expect(await findDeadLetter(ledger.database, { id })).toMatchObject(keyOf(poison));
		const before = await countDeadLetters(ledger.database);
		const origin = { actor: userId, requestId: "request-1", reason: "A duplicate." };
		expect(await resolveDeadLetter(ledger.database, keyOf(poison), { how: "replayed", origin })).toBe(true);
		expect(await resolve(keyOf(poison))).toBe(false);
		expect(await countDeadLetters(ledger.database)).toBe(before - 1);
		const rows = await ledger.rows(sql`select actor, action, target_type, showtime_id, before, after, reason, request_id
			from audit_events where target_id = ${id}`);
		expect(rows).toEqual([
			{
				actor: userId,
				action: "dead_letter.replayed",
				target_type: "dead_letter",
				showtime_id: showtimeId,
				before: { resolved: false },
				after: { resolved: true },
				reason: "A duplicate.",
				request_id: "request-1",
			},
		]);
	});

	it("is not found and not resolved under an unknown bucket and entry id", async () => {
		expect(await findDeadLetter(ledger.database, { bucket: 3, entryId: "1-1" })).toBeNull();
		expect(await resolve({ bucket: 3, entryId: "1-1" })).toBe(false);
	});
});

describe("a replayed entry", () => {
	it("is settled once its cause is fixed, even after later entries, and its old sequence number is not reported as a gap", async () => {
		const buyer = newUserId();
		const poison = ledger.entryOf(ledger.confirmed(showtimeId, buyer, [1]));
		expect((await settle(poison)).deadLettered).toEqual([poison.entryId]);
		const later = ledger.entryOf(ledger.confirmed(showtimeId, userId, [2]));
		expect((await settle(later)).gap).toBeNull();
		await ledger.rows(
			sql`insert into users (id, email, password_hash, display_name, role) values (${buyer}, 'b@example.org', '-', 'B', 'user')`,
		);
		const next = ledger.entryOf(ledger.confirmed(showtimeId, userId, [3]));
		expect(await settle(replayOf(poison), next)).toMatchObject({ recorded: 2, deadLettered: [], gap: null });
		expect((await seatOwners(ledger.database, showtimeId)).map(({ seat }) => seat)).toEqual([1, 2, 3]);
	});

	it("is added to the history only when its version is older than the ledger's", async () => {
		const event = ledger.confirmed(showtimeId, userId, [4]);
		const poison = ledger.entryOf({ ...event, currency: "euro" });
		await settle(poison);
		await settle(ledger.entryOf(cancelOf(event)));
		const next = ledger.confirmed(showtimeId, userId, [4]);
		await settle(ledger.entryOf(next));
		const replay = { ...replayOf(poison), event };
		expect(await settle(replay)).toMatchObject({ recorded: 1, conflicts: [], deadLettered: [], gap: null });
		expect((await findBooking(ledger.database, event.bookingId))?.booking).toMatchObject({ state: "CANCELLED", version: 3 });
		expect((await seatOwners(ledger.database, showtimeId)).map(({ bookingId }) => bookingId)).toEqual([next.bookingId]);
		expect(await settle(replay)).toMatchObject({ recorded: 0 });
	});

	it("gets its own dead letter when it fails again", async () => {
		const poison = ledger.entryOf(ledger.confirmed(showtimeId, newUserId(), [5]));
		await settle(poison);
		const replay = replayOf(poison);
		expect((await settle(replay)).deadLettered).toEqual([replay.entryId]);
		await resolve(keyOf(poison));
		expect(await findDeadLetter(ledger.database, keyOf(replay))).toMatchObject({ resolvedAt: null });
	});
});
