/** What a look finds, where only one of the stores knows of it, and at its bounds. */
import { type BookingId, bucketOf, newBookingId, type ShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { SHOWTIMES_ASKED_MAX } from "@holdfast/seat-store";
import { bookingKey, showtimeKeys, untilReachable, userIndexKey } from "@holdfast/seat-store/testing";
import { askRedis, insertShowtimes } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeletionInterrupted, type DeletionStep } from "./deletion-steps.ts";
import { BOOKINGS_LISTED_MAX, findLiveBookings } from "./find-live-bookings.ts";
import { firstOf, openTestAccounts, type Person, type TestAccounts } from "./testing/open-test-accounts.ts";

let test: TestAccounts;
beforeAll(async () => {
	test = await openTestAccounts();
});
afterAll(() => test.stop());

const look = ({ userId }: Person) => findLiveBookings(test.deps, userId);
const newShowtime = async (): Promise<ShowtimeId> => firstOf(await test.newShowtimes());
const idsOf = (found: Awaited<ReturnType<typeof look>>) => found.ahead.map(({ bookingId }) => bookingId);

/** Ends it as of now, in the ledger. */
const end = (showtimeId: ShowtimeId, interval = "0 seconds") =>
	queryPostgres(
		test.databaseUrl,
		`update showtimes set starts_at = now() - interval '9 hours', ends_at = now() + interval '${interval}',
			sales_open_at = now() - interval '99 hours', sales_close_at = now() - interval '9 hours' where id = '${showtimeId}'`,
	);

/** Until the calls work again on a Redis that was restarted. */

describe("a confirmed booking", () => {
	it("is found while only Redis knows it, though 200 later holds have pushed it out of the user index", async () => {
		const person = await test.newPerson();
		const [showtimeId, other] = await test.newShowtimes({ count: 2, bucket: 7 });
		if (showtimeId === undefined || other === undefined) throw new Error("fewer than two showtimes were inserted");
		const { bookingId } = await test.buy(person, showtimeId, [0]);
		const longAgoMs = Date.now() - 5 * 3_600_000;
		const age = (id: BookingId, place: number) =>
			askRedis(test.redis.port, "ZADD", userIndexKey(7, person.userId), "XX", String(longAgoMs + place), id);
		await age(bookingId, 0);
		for (let place = 1; place <= 200; place += 1) {
			const held = await test.hold(person, other, [1]);
			await test.seatStore.cancelBooking(held);
			// Of an earlier hour, since only so many may be placed in one.
			await age(held.bookingId, place);
		}
		expect(await test.seatStore.listRecentBookingIds(person.userId)).not.toContain(bookingId);
		expect(idsOf(await look(person))).toEqual([bookingId]);
		expect(await test.remove(person.email)).toMatchObject({ outcome: "bookings_ahead", haveSessionsEnded: false });
	});

	it("is found while only the ledger knows it: Redis has lost everything", async () => {
		const person = await test.newPerson();
		const { bookingId, showtimeId } = await test.buy(person, await newShowtime(), [0]);
		await test.settle();
		for (const key of [showtimeKeys(showtimeId).buyers, bookingKey(bookingId)]) await forget(key);
		expect(idsOf(await look(person))).toEqual([bookingId]);
	});

	it("is found when its event was dead-lettered: its seats stay sold", async () => {
		const person = await test.newPerson();
		const { bookingId } = await test.buy(person, await newShowtime(), [0]);
		await test.seatStore.ackBatch(bucketOf(bookingId), await entriesOf(bookingId));
		expect(idsOf(await look(person))).toEqual([bookingId]);
	});

	it("lies ahead until its showtime ends, and not afterwards", async () => {
		const person = await test.newPerson();
		const { bookingId, showtimeId } = await test.buy(person, await newShowtime(), [0]);
		await end(showtimeId, "1 minute");
		expect(idsOf(await look(person))).toEqual([bookingId]);
		await end(showtimeId);
		expect(await look(person)).toEqual({ ahead: [], isMore: false, holds: [] });
	});

	it("is gone once it is cancelled, while only Redis knows of the cancel, and when only the ledger does", async () => {
		const person = await test.newPerson();
		const [mine, theirs] = [await test.buy(person, await newShowtime(), [0]), await test.buy(person, await newShowtime(), [1])];
		await test.settle();
		expect(idsOf(await look(person))).toHaveLength(2);
		await test.seatStore.cancelBooking(mine);
		await test.query(`update bookings set state = 'CANCELLED', version = 3, cancelled_at = now() where id = '${theirs.bookingId}'`);
		expect(await look(person)).toEqual({ ahead: [], isMore: false, holds: [] });
	});

	it("of another user is none of this one's", async () => {
		const [person, other] = [await test.newPerson(), await test.newPerson()];
		const showtimeId = await newShowtime();
		await test.buy(other, showtimeId, [0]);
		await test.settle();
		await test.hold(other, showtimeId, [1]);
		expect(await look(person)).toEqual({ ahead: [], isMore: false, holds: [] });
	});

	it("that has seats in Redis, and neither record nor row, stops the deletion: nobody can tell what it is", async () => {
		const person = await test.newPerson();
		const { bookingId } = await test.buy(person, await newShowtime(), [0]);
		await forget(bookingKey(bookingId));
		const error: unknown = await test.remove(person.email).catch((thrown: unknown) => thrown);
		if (!(error instanceof DeletionInterrupted)) throw new Error("the deletion went on");
		expect([error.hasBegun, error.message]).toEqual([
			false,
			`booking ${bookingId} has seats, but no record and no row in the ledger. Nothing was done.`,
		]);
	});
});

describe("a hold", () => {
	it("is released behind the fence too: its showtime is rebuilt first", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, await newShowtime(), [0]);
		await test.redis.restart();
		await untilReachable(test.seatStore);
		expect((await test.seatStore.confirmBooking(command)).outcome).toBe("fenced");
		expect(await test.remove(person.email)).toMatchObject({ outcome: "deleted", holdsReleased: 1 });
		expect(await test.seatStore.readBooking(command.bookingId)).toMatchObject({ state: "CANCELLED" });
	});

	it("of a cancelled showtime does not stop the deletion: nobody can confirm it", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, await newShowtime(), [0]);
		await test.seatStore.setTerms({ showtimeId: command.showtimeId, change: { what: "state", state: "cancelled" } });
		expect((await test.remove(person.email)).outcome).toBe("deleted");
		expect((await test.seatStore.confirmBooking(command)).outcome).toBe("showtime_cancelled");
	});

	it("of a showtime that has just ended is released: it could still be confirmed", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, await newShowtime(), [0]);
		await end(command.showtimeId);
		expect(await test.remove(person.email)).toMatchObject({ outcome: "deleted", holdsReleased: 1 });
		expect((await test.seatStore.confirmBooking(command)).outcome).toBe("booking_state");
	});
});

describe("the bounds of a look", () => {
	it.each([BOOKINGS_LISTED_MAX, BOOKINGS_LISTED_MAX + 1])(
		"names %i confirmed bookings, up to 100, and says when there are more",
		async (count) => {
			const person = await test.newPerson();
			const { showtimeIds, plan } = await insertShowtimes(test.databaseUrl, { count });
			const rows = showtimeIds.map(
				(id) => `('${newBookingId(id)}', '${person.userId}', '${id}', '${plan.id}', 'CONFIRMED', 2, 1250, 'USD', now(), now(), now(), 1)`,
			);
			await test.query(
				`insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at, confirmed_at, schedule_version)
			values ${rows.join(",")}`,
			);
			const result = await test.remove(person.email);
			if (result.outcome !== "bookings_ahead") throw new Error(`the deletion was ${result.outcome}`);
			expect([result.bookings.length, result.isMore]).toEqual([BOOKINGS_LISTED_MAX, count > BOOKINGS_LISTED_MAX]);
		},
	);

	it(`reads on behind a page of ${SHOWTIMES_ASKED_MAX} showtimes`, async () => {
		const person = await test.newPerson();
		await insertShowtimes(test.databaseUrl, { count: SHOWTIMES_ASKED_MAX });
		const command = await test.buy(person, await newShowtime(), [0]);
		const ids = await test.query("select id from showtimes where ends_at > now() order by id");
		expect(ids.findIndex(({ id }) => id === command.showtimeId)).toBeGreaterThanOrEqual(SHOWTIMES_ASKED_MAX);
		expect(idsOf(await look(person))).toEqual([command.bookingId]);
	});

	it("looks 20 times at holds that keep coming, and stops for good before it anonymises; the next run finishes", async () => {
		const runs = [19, 20].map(async (holds) => {
			const person = await test.newPerson();
			const showtimeId = await newShowtime();
			let placed = 0;
			const beforeStep = async (next: DeletionStep) => {
				if (next !== "look_again" || placed === holds) return;
				placed += 1;
				await test.hold(person, showtimeId, [placed]);
			};
			const outcome = await test.remove(person.email, { beforeStep }).then(
				(result) => result.outcome,
				(error: unknown) => (error instanceof DeletionInterrupted ? error.message : error),
			);
			return { person, outcome };
		});
		const [enough, tooMany] = await Promise.all(runs);
		if (enough === undefined || tooMany === undefined) throw new Error("fewer than two deletions ran");
		expect(enough.outcome).toBe("deleted");
		expect(tooMany.outcome).toMatch(/^Holds of the user kept changing in 20 looks\. The account cannot sign in; it is not deleted yet\./);
		expect(await test.isAnonymous(tooMany.person)).toBe(false);
		expect((await test.remove(tooMany.person.email)).outcome).toBe("deleted");
	});
});

/** As if Redis had lost the key. */
const forget = async (key: string) => expect(await askRedis(test.redis.port, "DEL", key)).toBe(":1");

async function entriesOf(bookingId: BookingId) {
	const entries = await test.seatStore.readBatch(bucketOf(bookingId), { afterEntryId: null, limit: 500 });
	const own = entries.filter(({ raw }) => raw.bookingId === bookingId);
	if (own.length !== 1) throw new Error("the outbox has no entry of the booking");
	return own.map(({ entryId }) => ({ entryId, booking: null }));
}
