/**
 * A revive uses both stores: the ledger withholds the refund, the seat store decides. Whatever stops half-way, in the end either the booking
 * is back and nothing is owed, or it is cancelled and its refund is due.
 */
import { findBooking, findWithdrawal } from "@holdfast/database";
import { BOX_OFFICE_USER_ID, bucketOf, newBookingId, newUserId, type OpenShowtime, type StaffCommand } from "@holdfast/domain";
import { type SeatStore, SeatStoreFault } from "@holdfast/seat-store";
import { bookingKey, buy, injectClock, sellByStaff, tryHold } from "@holdfast/seat-store/testing";
import { driveRevive, type ReviveDeps, resolveWithdrawals, WITHHELD_MS } from "@holdfast/showtime-actions";
import { askRedis, insertUsers } from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Sweeper } from "./sweeper.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

let test: TestSweeper;
let sweeper: Sweeper;
let showtime: OpenShowtime;
/** Added to the clock of Redis: a test passes the deadline of a revive without waiting. */
let laterMs = 0;
beforeAll(async () => {
	test = await openTestSweeper({ prepareConnection: (client) => injectClock(client, () => (laterMs === 0 ? null : Date.now() + laterMs)) });
	sweeper = test.newSweeper();
});
afterAll(() => test.stop());
beforeEach(async () => {
	laterMs = 0;
	showtime = await test.rebuiltShowtime();
});

const command = (reason = "By mistake"): StaffCommand => ({ actor: newUserId(), requestId: "request-1", reason });
const log = { warn: () => {}, error: () => {} };

/** What a process that revives has; `seatStore` replaces commands. */
const deps = (seatStore: Partial<SeatStore> = {}): ReviveDeps => ({
	database: test.database,
	seatStore: { ...test.seatStore, ...seatStore },
	open: async (id) => ({ outcome: await test.rebuild(id) }),
});

/** Sells a seat, cancels it with a full refund, and settles both. Returns the command that revives it. */
async function cancelled({ seat = 1, refundPercent = 100, isAtTheDesk = false } = {}) {
	const [userId] = await insertUsers(test.databaseUrl, 1);
	if (userId === undefined) throw new Error("no user was inserted");
	const { booking: _booking, ...sold } = await (isAtTheDesk
		? sellByStaff(test.seatStore, showtime, [seat])
		: buy(test.seatStore, showtime, [seat], { userId }));
	await test.seatStore.cancelByStaff({ ...sold, command: command(), refundPercent });
	await sweeper.runOnce();
	return { ...sold, command: command() };
}
const refundState = async (bookingId: string) =>
	(await test.query(`select state from refunds where booking_id = '${bookingId}'`))[0]?.state;
const setRefund = (bookingId: string, state: string) =>
	test.query(
		`update refunds set state = '${state}', done_at = case '${state}' when 'done' then now() end where booking_id = '${bookingId}'`,
	);
const ledgerState = async (bookingId: Parameters<typeof findBooking>[1]) => (await findBooking(test.database, bookingId))?.booking.state;
/** Makes the deadlines of all withheld refunds overdue by the Postgres clock as well. */
const passDeadlines = () => {
	laterMs = WITHHELD_MS + 1_000;
	return test.query(`update refunds set withdraw_until = withdraw_until - interval '1 hour' where state = 'withdrawing'`);
};

describe("driveRevive", () => {
	it("brings the booking back and withdraws its refund when it is settled; a repeat answers the same", async () => {
		const revive = await cancelled();
		const answer = await driveRevive(deps(), { ...revive, ifVersion: 3 });
		expect(answer).toMatchObject({ outcome: "confirmed", booking: { state: "CONFIRMED", version: 4 } });
		expect(await refundState(revive.bookingId)).toBe("withdrawing");
		expect(await driveRevive(deps(), { ...revive, ifVersion: 3 })).toMatchObject({ outcome: "confirmed", booking: { version: 4 } });
		await sweeper.runOnce();
		expect([await refundState(revive.bookingId), await ledgerState(revive.bookingId)]).toEqual(["not_owed", "CONFIRMED"]);
		expect(await driveRevive(deps(), { ...revive, ifVersion: 3 })).toMatchObject({ outcome: "confirmed", booking: { recorded: true } });
	});

	it("revives a booking without a refund, and one of the box office", async () => {
		const [free, atTheDesk] = [await cancelled({ refundPercent: 0 }), await cancelled({ seat: 2, isAtTheDesk: true })];
		expect(atTheDesk.userId).toBe(BOX_OFFICE_USER_ID);
		for (const revive of [free, atTheDesk]) expect((await driveRevive(deps(), revive)).outcome).toBe("confirmed");
	});

	it("revives a booking whose record has expired, at a showtime that Redis has lost", async () => {
		const revive = await cancelled();
		await askRedis(test.redis.port, "DEL", bookingKey(revive.bookingId));
		expect((await driveRevive(deps(), revive)).outcome).toBe("confirmed");
		await test.seatStore.cancelByStaff({ ...revive, refundPercent: 100 });
		await sweeper.runOnce();
		await askRedis(test.redis.port, "FLUSHALL");
		// Redis is proven to have lost data, so its free seats are in quarantine: they may have been sold.
		expect(await driveRevive(deps(), revive)).toEqual({ outcome: "seats_taken", seats: [1] });
		expect(await refundState(revive.bookingId)).toBe("due");
	});

	it.each(["sent", "done", "failed"])("refuses with money_moved when the refund is %s, and changes nothing", async (state) => {
		const revive = await cancelled();
		await setRefund(revive.bookingId, state);
		expect(await driveRevive(deps(), revive)).toEqual({ outcome: "money_moved" });
		expect((await test.seatStore.readBooking(revive.bookingId))?.state).toBe("CANCELLED");
		expect(await refundState(revive.bookingId)).toBe(state);
	});

	it.each<[string, (revive: Awaited<ReturnType<typeof cancelled>>) => Promise<unknown>, object]>([
		["the seat has an owner", () => tryHold(test.seatStore, showtime, [1]), { outcome: "seats_taken", seats: [1] }],
		["the version is another one", async () => {}, { outcome: "version_mismatch", version: 3 }],
		[
			"the showtime is cancelled",
			() => test.seatStore.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null }),
			{ outcome: "showtime_cancelled" },
		],
	])("makes the refund due again at once when it is refused because %s", async (what, prepare, refusal) => {
		const revive = await cancelled();
		await prepare(revive);
		const ifVersion = what.includes("version") ? 2 : null;
		expect(await driveRevive(deps(), { ...revive, ifVersion })).toEqual(refusal);
		expect(await refundState(revive.bookingId)).toBe("due");
	});

	it("refuses with not_recorded while the ledger does not have the cancel, so that its refund is not overlooked", async () => {
		const { booking: _booking, ...sold } = await sellByStaff(test.seatStore, showtime, [1]);
		await sweeper.runOnce();
		await test.seatStore.cancelByStaff({ ...sold, command: command(), refundPercent: 100 });
		const revive = { ...sold, command: command() };
		expect(await driveRevive(deps(), revive)).toEqual({ outcome: "not_recorded" });
		await sweeper.runOnce();
		expect((await driveRevive(deps(), revive)).outcome).toBe("confirmed");
	});

	it("refuses a hold, an unknown booking and one of a deleted account", async () => {
		const revive = await cancelled();
		const held = await tryHold(test.seatStore, showtime, [5]);
		if (held.outcome !== "held") throw new Error(held.outcome);
		const { id: bookingId, userId } = held.booking;
		expect(await driveRevive(deps(), { ...revive, bookingId, userId })).toEqual({ outcome: "booking_state" });
		expect(await driveRevive(deps(), { ...revive, bookingId: newBookingId(showtime.id) })).toEqual({ outcome: "not_found" });
		expect(await driveRevive(deps(), { ...revive, userId: newUserId() })).toEqual({ outcome: "not_found" });
		expect(await refundState(revive.bookingId)).toBe("due");
		await test.query(`update users set deletion_started_at = now() where id = '${revive.userId}'`);
		expect(await driveRevive(deps(), revive)).toEqual({ outcome: "user_deleted" });
	});

	it("takes over at once from a revive that died, and its refusal leaves the refund withheld for the one that may still come", async () => {
		const revive = await cancelled();
		const dies = deps({ reviveBooking: () => Promise.reject(new SeatStoreFault("unavailable", "the process died")) });
		await expect(driveRevive(dies, revive)).rejects.toThrow();
		const held = await tryHold(test.seatStore, showtime, [1]);
		if (held.outcome !== "held") throw new Error(held.outcome);
		expect(await driveRevive(deps(), revive)).toEqual({ outcome: "seats_taken", seats: [1] });
		expect(await refundState(revive.bookingId)).toBe("withdrawing");
		await test.seatStore.cancelBooking({ ...revive, bookingId: held.booking.id, userId: held.booking.userId });
		expect((await driveRevive(deps(), revive)).outcome).toBe("confirmed");
		await sweeper.runOnce();
		expect(await refundState(revive.bookingId)).toBe("not_owed");
	});

	it("a refused revive does not free the refund while another one with a later deadline is being decided", async () => {
		const revive = await cancelled();
		const reviveBooking: SeatStore["reviveBooking"] = async (first) => {
			laterMs = 1_000;
			const dies = deps({ reviveBooking: () => Promise.reject(new SeatStoreFault("unavailable", "the process hangs")) });
			await expect(driveRevive(dies, revive)).rejects.toThrow();
			return test.seatStore.reviveBooking({ ...first, ifVersion: 2 });
		};
		expect(await driveRevive(deps({ reviveBooking }), revive)).toEqual({ outcome: "version_mismatch", version: 3 });
		expect(await refundState(revive.bookingId)).toBe("withdrawing");
	});

	it("a revive that stalls until after its deadline is refused as too_late", async () => {
		const revive = await cancelled();
		const reviveBooking: SeatStore["reviveBooking"] = (stalled) => {
			laterMs = WITHHELD_MS + 1_000;
			return test.seatStore.reviveBooking(stalled);
		};
		expect(await driveRevive(deps({ reviveBooking }), revive)).toEqual({ outcome: "too_late" });
		expect(await refundState(revive.bookingId)).toBe("due");
	});
});

describe("a process that died in the middle of a revive", () => {
	it("leaves a refund that the sweeper makes due again after the deadline, if the seat store was not asked", async () => {
		const revive = await cancelled();
		const dies = deps({ reviveBooking: () => Promise.reject(new SeatStoreFault("unavailable", "the process died")) });
		await expect(driveRevive(dies, revive)).rejects.toThrow();
		// Overdue by the Postgres clock alone: the clock of Redis decides.
		await test.query(`update refunds set withdraw_until = now() - interval '1 second' where booking_id = '${revive.bookingId}'`);
		laterMs = -60_000;
		expect(await resolveWithdrawals({ ...deps(), log })).toBe(0);
		await passDeadlines();
		await sweeper.runOnce();
		expect([await refundState(revive.bookingId), await ledgerState(revive.bookingId)]).toEqual(["due", "CANCELLED"]);
	});

	it("leaves the refund withheld until the revive is settled, if the seat store has revived the booking", async () => {
		const revive = await cancelled();
		const reviveBooking: SeatStore["reviveBooking"] = async (request) => {
			await test.seatStore.reviveBooking(request);
			throw new SeatStoreFault("outcome_unknown", "the answer was lost");
		};
		await expect(driveRevive(deps({ reviveBooking }), revive)).rejects.toThrow();
		await passDeadlines();
		expect(await resolveWithdrawals({ ...deps(), log })).toBe(0);
		expect(await refundState(revive.bookingId)).toBe("withdrawing");
		await sweeper.runOnce();
		expect([await refundState(revive.bookingId), await ledgerState(revive.bookingId)]).toEqual(["not_owed", "CONFIRMED"]);
	});

	it("its late command finds the deadline over, also when the refund was made due and paid meanwhile", async () => {
		const revive = await cancelled();
		let late: Parameters<SeatStore["reviveBooking"]>[0] | undefined;
		const reviveBooking: SeatStore["reviveBooking"] = (request) => {
			late = request;
			return Promise.reject(new SeatStoreFault("unavailable", "the process hangs"));
		};
		await expect(driveRevive(deps({ reviveBooking }), revive)).rejects.toThrow();
		await passDeadlines();
		expect(await resolveWithdrawals({ ...deps(), log })).toBe(1);
		await setRefund(revive.bookingId, "done");
		if (late === undefined) throw new Error("the seat store was not asked");
		expect(await test.seatStore.reviveBooking(late)).toEqual({ outcome: "too_late" });
	});

	it("a record that Redis has lost makes the refund due again: without a record there was no revive", async () => {
		const revive = await cancelled();
		const dies = deps({ reviveBooking: () => Promise.reject(new SeatStoreFault("unavailable", "the process died")) });
		await expect(driveRevive(dies, revive)).rejects.toThrow();
		await askRedis(test.redis.port, "DEL", bookingKey(revive.bookingId));
		await passDeadlines();
		expect(await resolveWithdrawals({ ...deps(), log })).toBe(1);
		expect(await findWithdrawal(test.database, revive.bookingId)).toBeNull();
	});

	it("an unreadable record is logged, and the other refunds are resolved", async () => {
		const [broken, other] = [await cancelled(), await cancelled({ seat: 2 })];
		const dies = deps({ reviveBooking: () => Promise.reject(new SeatStoreFault("unavailable", "the process died")) });
		for (const revive of [broken, other]) await expect(driveRevive(dies, revive)).rejects.toThrow();
		await askRedis(test.redis.port, "SET", bookingKey(broken.bookingId), "nonsense");
		await passDeadlines();
		const logged: object[] = [];
		expect(await resolveWithdrawals({ ...deps(), log: { ...log, error: (fields: object) => logged.push(fields) } })).toBe(1);
		expect(logged).toEqual([expect.objectContaining({ bookingId: broken.bookingId })]);
		expect(await refundState(other.bookingId)).toBe("due");
		await askRedis(test.redis.port, "DEL", bookingKey(broken.bookingId));
		expect(await resolveWithdrawals({ ...deps(), log })).toBe(1);
	});
});

it("the clock of the deadline is that of the booking's own bucket", async () => {
	const revive = await cancelled();
	const asked: number[] = [];
	const now: SeatStore["now"] = (bucket) => {
		asked.push(bucket);
		return test.seatStore.now(bucket);
	};
	await driveRevive(deps({ now }), revive);
	expect(asked).toEqual([bucketOf(revive.bookingId)]);
});
