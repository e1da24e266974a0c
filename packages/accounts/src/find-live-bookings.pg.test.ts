/** What `findLiveBookings` finds when only one of the stores has a booking, and at its limits. */
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

const find = ({ userId }: Person) => findLiveBookings(test.deps, userId);
const newShowtime = async (): Promise<ShowtimeId> => firstOf(await test.newShowtimes());
const idsOf = (found: Awaited<ReturnType<typeof find>>) => found.ahead.map(({ bookingId }) => bookingId);

/** Moves the end of the showtime to now, plus `interval`, in the ledger. */
const end = (showtimeId: ShowtimeId, interval = "0 seconds") =>
	queryPostgres(
		test.databaseUrl,
		`update showtimes set starts_at = now() - interval '9 hours', ends_at = now() + interval '${interval}', occupied_until = now() + interval '${interval}',
			sales_open_at = now() - interval '99 hours', sales_close_at = now() - interval '9 hours' where id = '${showtimeId}'`,
	);

describe("confirmed bookings", () => {
	it("finds a confirmed booking that only Redis has, even after 200 later holds have pushed it out of the user index", async () => {
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
			// Date it back: a user may place only a limited number of holds per hour.
			await age(held.bookingId, place);
		}
		expect(await test.seatStore.listRecentBookingIds(person.userId)).not.toContain(bookingId);
		expect(idsOf(await find(person))).toEqual([bookingId]);
		expect(await test.remove(person.email)).toMatchObject({ outcome: "bookings_ahead", haveSessionsEnded: false });
	});

	it("finds a confirmed booking that only the ledger has, because Redis has lost its keys", async () => {
		const person = await test.newPerson();
		const { bookingId, showtimeId } = await test.buy(person, await newShowtime(), [0]);
		await test.settle();
		for (const key of [showtimeKeys(showtimeId).buyers, bookingKey(bookingId)]) await forget(key);
		expect(idsOf(await find(person))).toEqual([bookingId]);
	});

	it("finds a confirmed booking whose event was dead-lettered", async () => {
		const person = await test.newPerson();
		const { bookingId } = await test.buy(person, await newShowtime(), [0]);
		await test.seatStore.ackBatch(bucketOf(bookingId), await entriesOf(bookingId));
		expect(idsOf(await find(person))).toEqual([bookingId]);
	});

	it("finds a confirmed booking until its showtime ends, and not afterwards", async () => {
		const person = await test.newPerson();
		const { bookingId, showtimeId } = await test.buy(person, await newShowtime(), [0]);
		await end(showtimeId, "1 minute");
		expect(idsOf(await find(person))).toEqual([bookingId]);
		await end(showtimeId);
		expect(await find(person)).toEqual({ ahead: [], isMore: false, holds: [] });
	});

	it("does not find a cancelled booking, even if only Redis or only the ledger has the cancel", async () => {
		const person = await test.newPerson();
		const [mine, theirs] = [await test.buy(person, await newShowtime(), [0]), await test.buy(person, await newShowtime(), [1])];
		await test.settle();
		expect(idsOf(await find(person))).toHaveLength(2);
		await test.seatStore.cancelBooking(mine);
		await test.query(`update bookings set state = 'CANCELLED', version = 3, cancelled_at = now() where id = '${theirs.bookingId}'`);
		expect(await find(person)).toEqual({ ahead: [], isMore: false, holds: [] });
	});

	it("does not find the bookings of another user", async () => {
		const [person, other] = [await test.newPerson(), await test.newPerson()];
		const showtimeId = await newShowtime();
		await test.buy(other, showtimeId, [0]);
		await test.settle();
		await test.hold(other, showtimeId, [1]);
		expect(await find(person)).toEqual({ ahead: [], isMore: false, holds: [] });
	});

	it("a booking that has seats in Redis, but neither a record in Redis nor a row in the ledger, stops the deletion", async () => {
		const person = await test.newPerson();
		const { bookingId } = await test.buy(person, await newShowtime(), [0]);
		await forget(bookingKey(bookingId));
		const error: unknown = await test.remove(person.email).catch((thrown: unknown) => thrown);
		if (!(error instanceof DeletionInterrupted)) throw new Error("the deletion was not interrupted");
		expect([error.hasBegun, error.message]).toEqual([
			false,
			`Booking ${bookingId} owns seats in Redis, but neither Redis nor Postgres has its record. Nothing was changed.`,
		]);
	});
});

describe("holds", () => {
	it("a deletion rebuilds a fenced showtime to release a hold of it", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, await newShowtime(), [0]);
		await test.redis.restart();
		await untilReachable(test.seatStore);
		expect((await test.seatStore.confirmBooking(command)).outcome).toBe("fenced");
		expect(await test.remove(person.email)).toMatchObject({ outcome: "deleted", holdsReleased: 1 });
		expect(await test.seatStore.readBooking(command.bookingId)).toMatchObject({ state: "CANCELLED" });
	});

	it("a hold of a cancelled showtime does not stop the deletion: it cannot be confirmed", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, await newShowtime(), [0]);
		await test.seatStore.setTerms({ showtimeId: command.showtimeId, terms: { state: "cancelled" }, ifVersions: null, command: null });
		expect((await test.remove(person.email)).outcome).toBe("deleted");
		expect((await test.seatStore.confirmBooking(command)).outcome).toBe("showtime_cancelled");
	});

	it("a deletion releases a hold of a showtime that has just ended: it could still be confirmed", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, await newShowtime(), [0]);
		await end(command.showtimeId);
		expect(await test.remove(person.email)).toMatchObject({ outcome: "deleted", holdsReleased: 1 });
		expect((await test.seatStore.confirmBooking(command)).outcome).toBe("booking_state");
	});
});

describe("the limits of findLiveBookings", () => {
	it.each([BOOKINGS_LISTED_MAX, BOOKINGS_LISTED_MAX + 1])(
		"a deletion with %i confirmed bookings ahead lists at most 100 and reports whether there are more",
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

	it(`findLiveBookings reads the next page after ${SHOWTIMES_ASKED_MAX} showtimes`, async () => {
		const person = await test.newPerson();
		await insertShowtimes(test.databaseUrl, { count: SHOWTIMES_ASKED_MAX });
		const command = await test.buy(person, await newShowtime(), [0]);
		const ids = await test.query("select id from showtimes where ends_at > now() order by id");
		expect(ids.findIndex(({ id }) => id === command.showtimeId)).toBeGreaterThanOrEqual(SHOWTIMES_ASKED_MAX);
		expect(idsOf(await find(person))).toEqual([command.bookingId]);
	});

	it("a deletion checks the bookings 20 times while new holds appear, then stops before it anonymises; the next run finishes", async () => {
		const runs = [19, 20].map(async (holds) => {
			const person = await test.newPerson();
			const showtimeId = await newShowtime();
			let placed = 0;
			const beforeStep = async (next: DeletionStep) => {
				if (next !== "recheck_bookings" || placed === holds) return;
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
		expect(tooMany.outcome).toMatch(
			/^The user's holds were still changing after 20 checks\. The account is not deleted yet, but its sign-in is blocked\./,
		);
		expect(await test.isAnonymous(tooMany.person)).toBe(false);
		expect((await test.remove(tooMany.person.email)).outcome).toBe("deleted");
	});
});

/** Deletes the key, as if Redis had lost it. */
const forget = async (key: string) => expect(await askRedis(test.redis.port, "DEL", key)).toBe(":1");

async function entriesOf(bookingId: BookingId) {
	const entries = await test.seatStore.readBatch(bucketOf(bookingId), { afterEntryId: null, limit: 500 });
	const own = entries.filter(({ raw }) => raw.bookingId === bookingId);
	if (own.length !== 1) throw new Error(`the outbox has ${own.length} entries of the booking instead of one`);
	return own.map(({ entryId }) => ({ entryId, booking: null }));
}
