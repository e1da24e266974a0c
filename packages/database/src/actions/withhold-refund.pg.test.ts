/** A refund is withheld while a revive is decided, and never paid then: the row's lock decides between the two. */
import { BOX_OFFICE_USER_ID, type BookingEvent, bucketOf, type ShowtimeId, type UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { holdLock, waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findRefunds } from "../ledger/find-refunds.ts";
import { settleBatch } from "../ledger/settle-batch.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { cancelledByStaff, revived } from "../testing/staff-events.ts";
import { endWithdrawal, findWithdrawal, listOverdueWithdrawals, withholdRefund } from "./withhold-refund.ts";

let ledger: TestLedger;
let ada: UserId;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	ledger = await openTestLedger();
	ada = await ledger.addUser();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
});

/** An instant with milliseconds: the deadline must come back exactly. */
const untilMs = Date.UTC(2031, 4, 6, 18, 30, 0, 123);

async function settle(...events: BookingEvent[]): Promise<void> {
	for (const event of events)
		expect((await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries: [ledger.entryOf(event)] })).outcome).toBe(
			"settled",
		);
}
/** Settles a sale and its cancel by staff. Returns the cancel. */
async function cancelled(percent = 100, seats = [1, 2], userId = ada): Promise<BookingEvent> {
	const sale = ledger.confirmed(showtimeId, userId, seats);
	const cancel = cancelledByStaff(sale, percent);
	await settle(sale, cancel);
	return cancel;
}
const withhold = ({ bookingId }: Pick<BookingEvent, "bookingId">, until = untilMs) =>
	withholdRefund(ledger.database, { bookingId, untilMs: until });
const stateOf = async ({ bookingId }: BookingEvent) =>
	(await ledger.rows(sql`select state from refunds where booking_id = ${bookingId}`))[0]?.state;
/** What marks a refund as paid: only from `due`. Returns how many rows it changed. */
const pay = async ({ bookingId }: BookingEvent) =>
	(
		await ledger.rows(
			sql`update refunds set state = 'done', done_at = now() where booking_id = ${bookingId} and state = 'due' returning booking_id`,
		)
	).length;

/** Resolves when this many statements wait for a lock. */
const waiting = (count: number) =>
	waitUntil("the statements to wait for a lock", async () => {
		const blocked = sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
		return (await ledger.rows(blocked)).length === count;
	});

describe("withholdRefund", () => {
	it("withholds a refund that is due, which can then not be paid and is still owed to its customer", async () => {
		const cancel = await cancelled();
		expect(await withhold(cancel)).toEqual({ outcome: "withheld", version: 3, isShared: false });
		expect(await pay(cancel)).toBe(0);
		expect(await findWithdrawal(ledger.database, cancel.bookingId)).toEqual({ bookingId: cancel.bookingId, version: 3, untilMs });
		expect((await findRefunds(ledger.database, [cancel.bookingId])).get(cancel.bookingId)).toMatchObject({ status: "due", amount: 2500 });
	});

	it("withholds a refund that another revive withholds until after both deadlines, and the other one cannot end it", async () => {
		const cancel = await cancelled();
		await withhold(cancel);
		for (const [requested, stored] of [
			[untilMs, untilMs + 1],
			[untilMs - 60_000, untilMs + 2],
			[untilMs + 60_000, untilMs + 60_000],
		]) {
			expect(await withhold(cancel, requested)).toEqual({ outcome: "withheld", version: 3, isShared: true });
			expect(await findWithdrawal(ledger.database, cancel.bookingId)).toMatchObject({ version: 3, untilMs: stored });
		}
		expect(await endWithdrawal(ledger.database, { bookingId: cancel.bookingId, version: 3, untilMs })).toBe(false);
		expect(await stateOf(cancel)).toBe("withdrawing");
	});

	it("has nothing to withhold without a refund, and when an earlier revive has withdrawn it", async () => {
		const nothing = await cancelled(0);
		expect(await withhold(nothing)).toEqual({ outcome: "nothing_owed", version: 3 });
		const again = revived(await cancelled(100, [3, 4]));
		await settle(again, cancelledByStaff(again, 0));
		expect(await withhold(again)).toEqual({ outcome: "nothing_owed", version: 5 });
	});

	it.each(["sent", "done", "failed"])("answers money_moved for a refund that is %s", async (state) => {
		const cancel = await cancelled();
		await ledger.rows(
			sql`update refunds set state = ${state}, done_at = case ${state} when 'done' then now() end where booking_id = ${cancel.bookingId}`,
		);
		expect(await withhold(cancel)).toEqual({ outcome: "money_moved" });
		expect(await stateOf(cancel)).toBe(state);
	});

	it("refuses a booking that is confirmed, in conflict or unknown", async () => {
		const [sale, loser] = [ledger.confirmed(showtimeId, ada, [1]), ledger.confirmed(showtimeId, ada, [1])];
		await settle(sale, loser);
		expect(await withhold(sale)).toEqual({ outcome: "not_cancelled" });
		expect(await withhold(loser)).toEqual({ outcome: "conflict" });
		expect(await stateOf(loser)).toBe("due");
		expect(await withhold(ledger.confirmed(showtimeId, ada, [2]))).toEqual({ outcome: "unknown" });
	});

	it("refuses a booking of a deleted account, and not one of the box office, which is no account of a person", async () => {
		const eve = await ledger.addUser();
		const cancel = await cancelled(100, [1, 2], eve);
		await ledger.rows(sql`update users set deletion_started_at = now() where id = ${eve}`);
		expect(await withhold(cancel)).toEqual({ outcome: "user_deleted" });
		expect(await stateOf(cancel)).toBe("due");
		const atTheDesk = await cancelled(100, [3, 4], BOX_OFFICE_USER_ID);
		expect(await withhold(atTheDesk)).toEqual({ outcome: "withheld", version: 3, isShared: false });
	});

	it.each(["payment", "withholding"])("a %s that waits for the row first wins, and the other one finds that out", async (first) => {
		const cancel = await cancelled();
		const lock = await holdLock(ledger.url, `select 1 from refunds where booking_id = '${cancel.bookingId}' for update`);
		const start = { payment: () => pay(cancel), withholding: async () => (await withhold(cancel)).outcome };
		const winner = first === "payment" ? start.payment() : start.withholding();
		await waiting(1);
		const loser = first === "payment" ? start.withholding() : start.payment();
		await waiting(2);
		await lock.release();
		expect(await Promise.all([winner, loser])).toEqual(first === "payment" ? [1, "money_moved"] : ["withheld", 0]);
	});

	it("waits for the settling of the cancel, so that it never sees the cancelled booking without its refund", async () => {
		const sale = ledger.confirmed(showtimeId, ada, [1, 2]);
		await settle(sale);
		const gate = await holdLock(ledger.url, "select pg_advisory_lock(4711)");
		const settling = queryPostgres(
			ledger.url,
			`begin;
			update bookings set state = 'CANCELLED', version = 3 where id = '${sale.bookingId}';
			insert into refunds (booking_id, showtime_id, reason, amount, currency)
				values ('${sale.bookingId}', '${showtimeId}', 'staff', 2500, 'EUR');
			select pg_advisory_xact_lock(4711);
			commit`,
		);
		await waiting(1);
		const withheld = withhold(sale);
		await waiting(2);
		await gate.release();
		await settling;
		expect(await withheld).toEqual({ outcome: "withheld", version: 3, isShared: false });
	});

	it("exactly one of a payment and a withholding at the same moment happens, 50 times", async () => {
		for (let round = 0; round < 50; round += 1) {
			const cancel = await cancelled(100, [round]);
			const [paid, withheld] = await Promise.all([pay(cancel), withhold(cancel)]);
			expect([paid, withheld.outcome]).toEqual(paid === 1 ? [1, "money_moved"] : [0, "withheld"]);
		}
	});
});

describe("endWithdrawal", () => {
	it("makes the refund due again, once, and only for the revive that withholds it", async () => {
		const cancel = await cancelled();
		await withhold(cancel);
		const withdrawal = { bookingId: cancel.bookingId, version: 3, untilMs };
		for (const other of [{ untilMs: untilMs + 1 }, { version: 4 }])
			expect(await endWithdrawal(ledger.database, { ...withdrawal, ...other })).toBe(false);
		expect(await stateOf(cancel)).toBe("withdrawing");
		expect(await endWithdrawal(ledger.database, withdrawal)).toBe(true);
		expect(await endWithdrawal(ledger.database, withdrawal)).toBe(false);
		expect([await stateOf(cancel), await findWithdrawal(ledger.database, cancel.bookingId)]).toEqual(["due", null]);
		expect(await pay(cancel)).toBe(1);
	});

	it("leaves a refund alone that settling the revive has withdrawn", async () => {
		const cancel = await cancelled();
		await withhold(cancel);
		await settle(revived(cancel));
		expect(await endWithdrawal(ledger.database, { bookingId: cancel.bookingId, version: 3, untilMs })).toBe(false);
		expect(await stateOf(cancel)).toBe("not_owed");
	});
});

describe("listOverdueWithdrawals", () => {
	it("lists withheld refunds whose deadline is over, the oldest first, and no others", async () => {
		const list = async () => (await listOverdueWithdrawals(ledger.database, 2)).map(({ bookingId }) => bookingId);
		await ledger.rows(sql`update refunds set state = 'due', withdraw_version = null, withdraw_until = null where state = 'withdrawing'`);
		const [first, second, third] = [await cancelled(), await cancelled(100, [3]), await cancelled(100, [4])];
		await withhold(first, Date.now() - 1_000);
		await withhold(second, Date.now() - 2_000);
		expect(await list()).toEqual([second.bookingId, first.bookingId]);
		await withhold(third, Date.now() - 3_000);
		expect(await list()).toEqual([third.bookingId, second.bookingId]);
		await endWithdrawal(ledger.database, (await findWithdrawal(ledger.database, third.bookingId)) ?? { ...third, untilMs: 0 });
		await withhold(third, Date.now() + 60_000);
		expect(await list()).toEqual([second.bookingId, first.bookingId]);
	});
});

it.each([
	["withheld without a deadline", sql`state = 'withdrawing', withdraw_version = 3`],
	["withheld without a version", sql`state = 'withdrawing', withdraw_until = now()`],
	["due with a deadline", sql`withdraw_version = 3, withdraw_until = now()`],
])("the ledger refuses a refund that is %s", async (_what, change) => {
	const { bookingId } = await cancelled();
	const error: unknown = await ledger.rows(sql`update refunds set ${change} where booking_id = ${bookingId}`).catch((thrown) => thrown);
	expect(error).toMatchObject({ constraint_name: "refunds_withheld_exactly_when_withdrawing" });
});
