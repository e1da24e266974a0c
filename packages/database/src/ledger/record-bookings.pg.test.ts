/** Settling what staff did to bookings: refunds, notices and audit rows, each once, and the seats of a booking that was moved. */
import { BOX_OFFICE_USER_ID, type BookingEvent, bucketOf, type OutboxEvent, type ShowtimeId, type UserId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { cancelledByStaff, commandOfStaff, releasedByStaff, reseated, revived, staffOf } from "../testing/staff-events.ts";
import { findBooking } from "./find-booking.ts";
import { seatOwners } from "./list-seat-owners.ts";
import { listUncorrectedConflicts } from "./list-uncorrected-conflicts.ts";
import { settleBatch } from "./settle-batch.ts";

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

const sale = (seats: number[], overrides: Partial<BookingEvent> = {}) => ledger.confirmed(showtimeId, ada, seats, overrides);
/** Settles the events in one batch, twice: the second time they are redelivered and must change nothing. */
async function settle(...events: OutboxEvent[]) {
	const batch = { bucket: bucketOf(showtimeId), entries: events.map((event) => ledger.entryOf(event)) };
	const outcome = await settleBatch(ledger.database, batch);
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	expect(outcome.deadLettered).toEqual([]);
	const before = await ledger.dump();
	await settleBatch(ledger.database, batch);
	expect(await ledger.dump()).toEqual(before);
	return outcome;
}
const settleEach = async (...events: BookingEvent[]) => {
	for (const event of events) await settle(event);
};

const refundOf = async ({ bookingId }: BookingEvent) =>
	(await ledger.rows(sql`select state, reason, amount::float8 as amount, percent from refunds where booking_id = ${bookingId}`))[0] ?? null;
const noticesOf = ({ bookingId }: BookingEvent) =>
	ledger.rows(sql`select kind, version, details from notices where booking_id = ${bookingId} order by id`);
const auditOf = ({ bookingId }: Pick<BookingEvent, "bookingId">) =>
	ledger.rows(sql`select action, before, after from audit_events where target_id = ${bookingId} order by id`);
const seatsIn = ({ bookingId }: BookingEvent) =>
	ledger.rows(sql`select seat, label, released_at is null as active from booking_seats where booking_id = ${bookingId} order by seat`);
const ownersOf = async () => (await seatOwners(ledger.database, showtimeId)).map(({ seat, bookingId }) => `${seat} ${bookingId}`);
const stateOf = async ({ bookingId }: BookingEvent) => {
	const found = await findBooking(ledger.database, bookingId);
	return found && [found.booking.state, found.booking.version, found.booking.seats];
};

describe("a sale by staff", () => {
	it("has an audit row with who sold what to whom, at the instant of the confirm, and no notice", async () => {
		const command = commandOfStaff("Sold at the desk");
		const event = sale([0, 11], { userId: BOX_OFFICE_USER_ID, staff: staffOf("booking.sold", {}, command) });
		await settle(event);
		const rows = await ledger.rows(
			sql`select actor, action, target_type, target_id, showtime_id, reason, request_id, before, after, (extract(epoch from at) * 1000)::float8 as at
				from audit_events where target_id = ${event.bookingId}`,
		);
		expect(rows).toEqual([
			{
				...{ actor: command.actor, action: "booking.sold", target_type: "booking", target_id: event.bookingId, showtime_id: showtimeId },
				...{ reason: "Sold at the desk", request_id: command.requestId, before: null, at: event.at },
				after: { status: "confirmed", userId: BOX_OFFICE_USER_ID, seats: ["A1", "B2"], amount: 2500, currency: "EUR" },
			},
		]);
		expect(await noticesOf(event)).toEqual([]);
	});

	it("has a second row when another member of staff confirms it", async () => {
		const { commands } = staffOf("booking.sold");
		const event = sale([1], { staff: { ...staffOf("booking.sold"), commands: [...commands, ...staffOf("booking.confirmed").commands] } });
		await settle(event);
		expect((await auditOf(event)).map(({ action }) => action)).toEqual(["booking.sold", "booking.confirmed"]);
	});

	it("a buyer's confirm and cancel have no audit row, no refund and no notice", async () => {
		const event = sale([1]);
		await settleEach(event, cancelOf(event));
		expect([await auditOf(event), await refundOf(event), await noticesOf(event)]).toEqual([[], null, []]);
	});
});

describe("a cancel by staff", () => {
	it.each([
		[100, 2500],
		[50, 1250],
		[33, 825],
		[1, 25],
	])("owes %d percent, %d of 2500, and has a notice and an audit row", async (percent, amount) => {
		const event = sale([1, 2]);
		const cancel = cancelledByStaff(event, percent);
		await settleEach(event, cancel);
		expect(await refundOf(event)).toEqual({ state: "due", reason: "staff", amount, percent });
		expect(await noticesOf(event)).toEqual([{ kind: "booking.cancelled", version: 3, details: { reason: "staff" } }]);
		const after = { status: "cancelled", seats: ["A2", "A3"], refundPercent: percent, refundAmount: amount, currency: "EUR" };
		expect(await auditOf(event)).toEqual([{ action: "booking.cancelled", before: { status: "confirmed" }, after }]);
		expect(await ownersOf()).toEqual([]);
	});

	it("writes no refund for 0 percent, for a free booking, and for an amount that rounds down to 0", async () => {
		const [none, free, cent] = [sale([1]), sale([2], { amounts: [0] }), sale([3], { amounts: [1] })];
		await settle(none, free, cent);
		await settle(cancelledByStaff(none, 0), cancelledByStaff(free, 100), cancelledByStaff(cent, 99));
		expect([await refundOf(none), await refundOf(free), await refundOf(cent)]).toEqual([null, null, null]);
		expect(await noticesOf(none)).toHaveLength(1);
	});

	it("is recorded with its confirm in one batch as in two", async () => {
		const event = sale([1, 2]);
		await settle(event, cancelledByStaff(event, 50));
		expect(await refundOf(event)).toMatchObject({ state: "due", amount: 1250 });
		expect(await stateOf(event)).toEqual(["CANCELLED", 3, [1, 2]]);
	});
});

describe("a revive", () => {
	/** Settles a sale and its cancel by staff at 50 percent. */
	async function cancelled(seats = [1, 2]) {
		const event = sale(seats);
		const cancel = cancelledByStaff(event, 50);
		await settleEach(event, cancel);
		return cancel;
	}
	const withhold = (version: number) =>
		sql`update refunds set state = 'withdrawing', withdraw_version = ${version}, withdraw_until = now() + interval '30 seconds' where showtime_id = ${showtimeId}`;
	const setState = (state: string) =>
		ledger.rows(
			sql`update refunds set state = ${state}, done_at = case ${state} when 'done' then now() end where showtime_id = ${showtimeId}`,
		);

	it("takes booking and seats back, withdraws the withheld refund, and has a notice and an audit row", async () => {
		const cancel = await cancelled();
		await ledger.rows(withhold(3));
		const revive = revived(cancel);
		await settle(revive);
		expect(await stateOf(cancel)).toEqual(["CONFIRMED", 4, [1, 2]]);
		expect((await findBooking(ledger.database, cancel.bookingId))?.booking).toMatchObject({ confirmedAt: revive.at, cancelledAt: null });
		expect(await ownersOf()).toEqual([`1 ${cancel.bookingId}`, `2 ${cancel.bookingId}`]);
		expect(await refundOf(cancel)).toMatchObject({ state: "not_owed" });
		expect((await noticesOf(cancel)).at(-1)).toEqual({ kind: "booking.revived", version: 4, details: {} });
		expect((await auditOf(cancel)).at(-1)).toMatchObject({ action: "booking.revived", before: { status: "cancelled" } });
	});

	it("withdraws a refund that is due, and none at all is fine", async () => {
		const [cancel, free] = [await cancelled(), sale([5])];
		await settle(revived(cancel));
		expect(await refundOf(cancel)).toMatchObject({ state: "not_owed" });
		await settleEach(free, cancelOf(free), revived(cancelOf(free)));
		expect([await stateOf(free), await refundOf(free)]).toEqual([["CONFIRMED", 4, [5]], null]);
	});

	it.each(["sent", "done", "failed"])("becomes a conflict when the refund is %s: money and seats are never both given", async (state) => {
		const cancel = await cancelled();
		await setState(state);
		const { conflicts } = await settle(revived(cancel));
		expect(conflicts).toEqual([cancel.bookingId]);
		expect(await stateOf(cancel)).toEqual(["CONFLICT", 5, [1, 2]]);
		expect(await refundOf(cancel)).toEqual({ state, reason: "conflict", amount: 1250, percent: 50 });
		expect(await ownersOf()).toEqual([]);
		const corrections = await listUncorrectedConflicts(ledger.database, { limit: 100 });
		expect(corrections.find(({ bookingId }) => bookingId === cancel.bookingId)).toMatchObject({ version: 5, seats: [1, 2], owners: [] });
		expect((await auditOf(cancel)).at(-1)).toMatchObject({ action: "booking.revived" });
		expect(await noticesOf(cancel)).toHaveLength(1);
	});

	it("becomes a conflict, owed in full, when the ledger has sold a seat to another booking", async () => {
		const cancel = await cancelled();
		await ledger.rows(withhold(3));
		await settle(sale([2]));
		expect((await settle(revived(cancel))).conflicts).toEqual([cancel.bookingId]);
		expect(await refundOf(cancel)).toEqual({ state: "due", reason: "conflict", amount: 2500, percent: 100 });
	});

	it("opens the same refund again when staff cancel again, and leaves it withdrawn for 0 percent and for a buyer's cancel", async () => {
		const again = revived(await cancelled());
		await settleEach(again, cancelledByStaff(again, 100));
		expect(await refundOf(again)).toEqual({ state: "due", reason: "staff", amount: 2500, percent: 100 });
		const third = revived(cancelledByStaff(again, 100));
		await settleEach(third, cancelledByStaff(third, 0));
		expect(await refundOf(again)).toMatchObject({ state: "not_owed" });
		const fourth = revived(cancelledByStaff(third, 0));
		await settleEach(fourth, cancelOf(fourth));
		expect(await refundOf(again)).toMatchObject({ state: "not_owed" });
		expect(await ledger.rows(sql`select 1 from refunds where booking_id = ${again.bookingId}`)).toHaveLength(1);
	});

	it.each([
		["staff at 100 percent", (event: BookingEvent) => cancelledByStaff(event, 100), { state: "due", amount: 2500, percent: 100 }],
		["staff at 0 percent", (event: BookingEvent) => cancelledByStaff(event, 0), { state: "not_owed", amount: 1250 }],
		["its buyer", (event: BookingEvent) => cancelOf(event), { state: "not_owed", amount: 1250 }],
	])("a revive and a second cancel by %s end the same in one batch as in two", async (_by, cancelAgain, refund) => {
		const cancel = await cancelled();
		await ledger.rows(withhold(3));
		await settle(revived(cancel), cancelAgain(revived(cancel)));
		expect(await stateOf(cancel)).toEqual(["CANCELLED", 5, [1, 2]]);
		expect(await refundOf(cancel)).toMatchObject(refund);
	});

	it("is owed in full when its showtime is cancelled after it", async () => {
		const cancel = await cancelled();
		await settle(revived(cancel));
		await settle(ledger.showtimeEventOf(showtimeId, { type: "showtime.cancelled", state: "cancelled" }));
		expect(await refundOf(cancel)).toEqual({ state: "due", reason: "showtime_cancelled", amount: 2500, percent: 100 });
		const [last] = await ledger.rows<{ payload: object }>(
			sql`select payload from booking_events where booking_id = ${cancel.bookingId} order by version desc limit 1`,
		);
		expect(last?.payload).toMatchObject({ type: "booking.cancelled", version: 5, staff: null });
	});

	it("has the notices of the moves that it missed", async () => {
		const cancel = await cancelled();
		const movedFrom = { startsAt: ledger.nowMs, endsAt: ledger.nowMs + 1 };
		await settle(ledger.showtimeEventOf(showtimeId, { type: "showtime.rescheduled", scheduleVersion: 2, movedFrom }));
		expect((await noticesOf(cancel)).map(({ kind }) => kind)).toEqual(["booking.cancelled"]);
		await settle(revived(cancel));
		expect((await noticesOf(cancel)).map(({ kind }) => kind)).toEqual(["booking.cancelled", "booking.revived", "showtime.rescheduled"]);
	});
});

describe("a reseat", () => {
	it("moves the booking in the ledger: the old seats are free and no longer its seats", async () => {
		const event = sale([1, 2]);
		const move = reseated(event, [5, 6], [1000, 1500]);
		await settleEach(event, move);
		expect(await seatsIn(event)).toEqual([
			{ seat: 5, label: "A6", active: true },
			{ seat: 6, label: "A7", active: true },
		]);
		const found = await findBooking(ledger.database, event.bookingId);
		expect(found?.booking).toMatchObject({ state: "CONFIRMED", version: 3, amounts: [1000, 1500], amount: 2500 });
		expect(await noticesOf(event)).toEqual([{ kind: "booking.reseated", version: 3, details: { from: ["A2", "A3"], to: ["A6", "A7"] } }]);
		expect(await auditOf(event)).toEqual([{ action: "booking.reseated", before: { seats: ["A2", "A3"] }, after: { seats: ["A6", "A7"] } }]);
	});

	it("keeps a seat that both have, for its new amount, and can move back", async () => {
		const event = sale([1, 2]);
		const move = reseated(event, [2, 3], [900, 1600]);
		await settleEach(event, move);
		expect((await findBooking(ledger.database, event.bookingId))?.booking).toMatchObject({ seats: [2, 3], amounts: [900, 1600] });
		expect(await ownersOf()).toEqual([`2 ${event.bookingId}`, `3 ${event.bookingId}`]);
		await settle(reseated(move, [1, 2]));
		expect(await ownersOf()).toEqual([`1 ${event.bookingId}`, `2 ${event.bookingId}`]);
		expect(await auditOf(event)).toHaveLength(2);
	});

	it.each([1, 2, 3, 4])("confirm, two moves and a cancel end the same in batches of %d", async (size) => {
		const event = sale([1, 2]);
		const [first, second] = [reseated(event, [3, 4]), reseated(reseated(event, [3, 4]), [4, 5])];
		const events = [event, first, second, cancelledByStaff(second, 100)];
		for (let at = 0; at < events.length; at += size) await settle(...events.slice(at, at + size));
		expect(await stateOf(event)).toEqual(["CANCELLED", 5, [4, 5]]);
		expect((await seatsIn(event)).map(({ seat, active }) => [seat, active])).toEqual([
			[4, false],
			[5, false],
		]);
		expect((await auditOf(event)).map(({ action }) => action)).toEqual(["booking.reseated", "booking.reseated", "booking.cancelled"]);
	});

	it("the old seat may be sold, and two bookings may trade places, in the same batch", async () => {
		const [one, two] = [sale([1]), sale([2])];
		await settle(one, two);
		const away = reseated(one, [3]);
		const [buyer, traded] = [sale([3]), reseated(two, [1])];
		await settle(away, traded, reseated(away, [2]), buyer);
		expect(await ownersOf()).toEqual([`1 ${two.bookingId}`, `2 ${one.bookingId}`, `3 ${buyer.bookingId}`]);
	});

	it("becomes a conflict that owns no seat when the ledger has sold a new seat to another booking", async () => {
		const [event, other] = [sale([1, 2]), sale([5])];
		await settle(event, other);
		expect((await settle(reseated(event, [5, 6]))).conflicts).toEqual([event.bookingId]);
		expect(await stateOf(event)).toEqual(["CONFLICT", 4, [5, 6]]);
		expect(await ownersOf()).toEqual([`5 ${other.bookingId}`]);
		expect(await refundOf(event)).toEqual({ state: "due", reason: "conflict", amount: 2500, percent: 100 });
		expect(await noticesOf(event)).toEqual([]);
		expect(await auditOf(event)).toHaveLength(1);
	});

	it("owns its new seats since the move, also after a cancel", async () => {
		const event = sale([1]);
		const move = reseated(event, [5]);
		await settleEach(event, move, cancelledByStaff(move, 0));
		const [row] = await ledger.rows(
			sql`select (extract(epoch from acquired_at) * 1000)::float8 as acquired from booking_seats where booking_id = ${event.bookingId}`,
		);
		expect(row).toEqual({ acquired: move.at });
	});

	it("an older confirm that is redelivered after it changes nothing", async () => {
		const event = sale([1, 2]);
		await settleEach(event, reseated(event, [5, 6]), event);
		expect(await ownersOf()).toEqual([`5 ${event.bookingId}`, `6 ${event.bookingId}`]);
	});
});

describe("a change by staff of a booking that the ledger has made a conflict meanwhile", () => {
	/** Settles a booking that becomes a conflict at version 3, which is the version of the next change in the seat store. */
	async function conflict() {
		const [winner, event] = [sale([2]), sale([1, 2])];
		await settle(winner, event);
		expect(await stateOf(event)).toEqual(["CONFLICT", 3, [1, 2]]);
		return { winner, event };
	}

	it("a move stays a conflict, at a higher version, so that the seat store gives up the new seats", async () => {
		const { winner, event } = await conflict();
		expect((await settle(reseated(event, [5, 6]))).conflicts).toEqual([event.bookingId]);
		expect(await stateOf(event)).toMatchObject(["CONFLICT", 4, expect.arrayContaining([5, 6])]);
		expect(await ownersOf()).toEqual([`2 ${winner.bookingId}`]);
		expect(await auditOf(event)).toHaveLength(1);
	});

	it("a move and a cancel in one batch are a cancel, and the conflict's refund stays owed", async () => {
		const { event } = await conflict();
		const move = reseated(event, [5, 6]);
		await settle(move, cancelOf(move));
		expect(await stateOf(event)).toEqual(["CANCELLED", 4, [5, 6]]);
		expect(await refundOf(event)).toMatchObject({ reason: "conflict", amount: 2500, state: "due" });
	});

	it("a cancel has its audit row, and the refund stays the conflict's", async () => {
		const { event } = await conflict();
		await settle(cancelledByStaff(event, 50));
		expect(await stateOf(event)).toEqual(["CONFLICT", 3, [1, 2]]);
		expect(await refundOf(event)).toMatchObject({ reason: "conflict", amount: 2500, state: "due" });
		expect(await auditOf(event)).toHaveLength(1);
	});
});

describe("the release of a hold by staff", () => {
	it("is in the history and the audit trail, and the ledger has no booking of it", async () => {
		const release = releasedByStaff(sale([1, 2]));
		expect((await settle(release)).recorded).toBe(1);
		const after = { status: "cancelled", userId: ada, seats: ["A2", "A3"] };
		expect(await auditOf(release)).toEqual([{ action: "booking.released", before: { status: "pending" }, after }]);
		expect(await ledger.rows(sql`select type, version from booking_events where booking_id = ${release.bookingId}`)).toEqual([
			{ type: "admin.released", version: 2 },
		]);
		expect(await findBooking(ledger.database, release.bookingId)).toBeNull();
	});

	it("is dead-lettered alone when it names a seat that the plan lacks", async () => {
		const [good, bad] = [releasedByStaff(sale([1])), releasedByStaff(sale([100]))];
		const entries = [bad, good].map((event) => ledger.entryOf(event));
		const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries });
		expect(outcome).toMatchObject({ outcome: "settled", recorded: 1, deadLettered: [entries[0]?.entryId] });
	});
});
