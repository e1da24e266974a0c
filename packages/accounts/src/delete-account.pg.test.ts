/** Deletions of accounts on real stores, with confirms, sign-ins and holds between any two steps. */
import { listRefreshFamilies } from "@holdfast/database";
import { LIMIT_SPECS } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DELETION_STEPS, type DeletionStep } from "./deletion-steps.ts";
import { firstOf, openTestAccounts, type Person, type TestAccounts } from "./testing/open-test-accounts.ts";

let test: TestAccounts;
beforeAll(async () => {
	test = await openTestAccounts();
});
afterAll(() => test.stop());

const STEPS_OF_DELETION = DELETION_STEPS.filter((step) => step !== "restore_sign_in");

/** A `beforeStep` that calls `act` once, before the first time that `step` runs. */
function before(step: DeletionStep, act: () => Promise<unknown>) {
	let hasActed = false;
	return async (next: DeletionStep) => {
		if (next !== step || hasActed) return;
		hasActed = true;
		await act();
	};
}

async function expectKept(person: Person): Promise<void> {
	expect(await test.isAnonymous(person)).toBe(false);
	expect(await test.authStore.isDenied(person.userId)).toBe(false);
	expect((await test.signIn(person)).outcome).toBe("opened");
}

async function expectDeleted(person: Person): Promise<void> {
	expect(await test.isAnonymous(person)).toBe(true);
	expect(await test.authStore.isDenied(person.userId)).toBe(true);
	expect(await test.signIn(person)).toEqual({ outcome: "denied" });
	expect(await listRefreshFamilies(test.database, person.userId)).toEqual([]);
}

describe("a user without confirmed bookings ahead", () => {
	it("the e-mail in upper or lower case deletes the account: holds are released, the row is anonymised, bookings stay", async () => {
		const person = await test.newPerson();
		const [first, second] = await test.newShowtimes({ count: 2 });
		if (first === undefined || second === undefined) throw new Error("fewer than two showtimes were inserted");
		const cancelled = await test.buy(person, first, [5]);
		await test.settle();
		expect((await test.seatStore.cancelBooking(cancelled)).outcome).toBe("cancelled");
		const holds = [await test.hold(person, first, [0, 1]), await test.hold(person, second, [2])];
		const family = await test.signIn(person);
		if (family.outcome !== "opened") throw new Error("the sign-in was refused");

		expect(await test.remove(person.email.toUpperCase())).toEqual({ outcome: "deleted", userId: person.userId, holdsReleased: 2 });
		await expectDeleted(person);
		expect(await test.authStore.isDenied(family.familyId)).toBe(true);
		for (const { bookingId } of holds) expect(await test.seatStore.readBooking(bookingId)).toMatchObject({ state: "CANCELLED" });
		expect((await test.seatStore.inspectSeats(first)).owners).toEqual([]);
		await test.settle();
		const kept = await test.query(`select id, state from bookings where user_id = '${person.userId}'`);
		expect(kept).toEqual([{ id: cancelled.bookingId, state: "CANCELLED" }]);
	});

	it("deleteAccount returns unknown_account for an unknown e-mail, and for a deleted account", async () => {
		const person = await test.newPerson();
		expect(await test.remove("unknown@example.com")).toEqual({ outcome: "unknown_account" });
		expect((await test.remove(person.email)).outcome).toBe("deleted");
		expect(await test.remove(person.email)).toEqual({ outcome: "unknown_account" });
	});

	it("a booking that was confirmed before the showtime ended is settled after its account was anonymised", async () => {
		const person = await test.newPerson();
		const showtimeId = firstOf(await test.newShowtimes());
		const { bookingId } = await test.buy(person, showtimeId, [0]);
		await test.query(`update showtimes set starts_at = now() - interval '2 hours', ends_at = now(), sales_open_at = now() - interval '9 hours',
			sales_close_at = now() - interval '2 hours' where id = '${showtimeId}'`);
		expect((await test.remove(person.email)).outcome).toBe("deleted");
		await test.settle();
		expect(await test.query(`select id, state, user_id from bookings where showtime_id = '${showtimeId}'`)).toEqual([
			{ id: bookingId, state: "CONFIRMED", user_id: person.userId },
		]);
		expect(await test.query(`select entry_id from dead_letters where raw->>'bookingId' = '${bookingId}'`)).toEqual([]);
	});
});

describe.each(["stays unsettled", "is settled at once"])("a confirm during the deletion whose event %s", (settling) => {
	it.each(STEPS_OF_DELETION)("a confirm that Redis runs before the step %s either prevents the deletion or is refused", async (step) => {
		const person = await test.newPerson();
		const showtimeId = firstOf(await test.newShowtimes());
		const command = await test.hold(person, showtimeId, [0]);
		let confirmed = "";
		const beforeStep = before(step, async () => {
			confirmed = (await test.seatStore.confirmBooking(command)).outcome;
			if (settling === "is settled at once") await test.settle();
		});
		const result = await test.remove(person.email, { beforeStep });

		const { state } = (await test.seatStore.readBooking(command.bookingId)) ?? {};
		if (step === "anonymise") {
			expect([confirmed, result.outcome, state]).toEqual(["booking_state", "deleted", "CANCELLED"]);
			await expectDeleted(person);
			return;
		}
		expect([confirmed, state]).toEqual(["confirmed", "CONFIRMED"]);
		expect(result).toEqual({
			outcome: "bookings_ahead",
			bookings: [{ bookingId: command.bookingId, showtimeId, movieTitle: "The Third Man", startsAt: expect.any(Number) }],
			isMore: false,
			haveSessionsEnded: !["find_account", "check_bookings"].includes(step),
		});
		await expectKept(person);
	});
});

describe("a confirmed booking ahead", () => {
	it("a confirmed booking ahead prevents the deletion of the account, and its sessions stay valid", async () => {
		const person = await test.newPerson();
		const { bookingId } = await test.buy(person, firstOf(await test.newShowtimes()), [0]);
		const family = await test.signIn(person);
		if (family.outcome !== "opened") throw new Error("the sign-in was refused");
		const steps: DeletionStep[] = [];
		const result = await test.remove(person.email, { beforeStep: async (step) => void steps.push(step) });
		expect(result).toMatchObject({ outcome: "bookings_ahead", bookings: [{ bookingId }], haveSessionsEnded: false });
		expect(steps).toEqual(["find_account", "check_bookings"]);
		expect(await test.authStore.isDenied(family.familyId, person.userId)).toBe(false);
		expect(await listRefreshFamilies(test.database, person.userId)).toEqual([family.familyId]);
	});

	it("a booking that is confirmed during the deletion prevents it: earlier sessions end, later sessions stay valid", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, firstOf(await test.newShowtimes()), [0]);
		const old = await test.signIn(person);
		if (old.outcome !== "opened") throw new Error("the sign-in was refused");
		await test.remove(person.email, { beforeStep: before("wait", () => test.seatStore.confirmBooking(command)) });
		await expectKept(person);
		const [fresh] = await listRefreshFamilies(test.database, person.userId);
		expect(fresh).not.toBe(old.familyId);
		expect(await test.authStore.isDenied(old.familyId, person.userId)).toBe(true);
		expect(await test.authStore.isDenied(String(fresh), person.userId)).toBe(false);
	});
});

describe("a sign-in during the deletion", () => {
	it.each(STEPS_OF_DELETION)("a session that opens before the step %s is ended by the deletion", async (step) => {
		const person = await test.newPerson();
		const families: string[] = [];
		const beforeStep = before(step, async () => {
			const signIn = await test.signIn(person);
			if (signIn.outcome === "opened") families.push(signIn.familyId);
		});
		expect((await test.remove(person.email, { beforeStep })).outcome).toBe("deleted");
		const isEarly = DELETION_STEPS.indexOf(step) <= DELETION_STEPS.indexOf("deny_sign_in");
		expect(families).toHaveLength(isEarly ? 1 : 0);
		for (const family of families) expect(await test.authStore.isDenied(family)).toBe(true);
		await expectDeleted(person);
	});

	it("a session whose family is no longer in the table is refused, because its user is denied", async () => {
		const person = await test.newPerson();
		const first = await test.signIn(person);
		if (first.outcome !== "opened") throw new Error("the sign-in was refused");
		for (let later = 0; later < 20; later += 1) await test.signIn(person);
		expect(await listRefreshFamilies(test.database, person.userId)).not.toContain(first.familyId);
		await test.remove(person.email);
		expect(await test.authStore.isDenied(first.familyId, person.userId)).toBe(true);
	});
});

describe("a hold during the deletion", () => {
	it.each(STEPS_OF_DELETION.filter((step) => step !== "anonymise"))(
		"a hold that is placed before the step %s is released",
		async (step) => {
			const person = await test.newPerson();
			const showtimeId = firstOf(await test.newShowtimes());
			const early = await test.hold(person, showtimeId, [0]);
			let late = early;
			const beforeStep = before(step, async () => {
				late = await test.hold(person, showtimeId, [1]);
			});
			expect(await test.remove(person.email, { beforeStep })).toMatchObject({ outcome: "deleted", holdsReleased: 2 });
			for (const { bookingId } of [early, late]) expect(await test.seatStore.readBooking(bookingId)).toMatchObject({ state: "CANCELLED" });
			expect((await test.seatStore.inspectSeats(showtimeId)).owners).toEqual([]);
		},
	);

	it("a hold that is placed after the last check of the bookings expires at its normal time", async () => {
		const person = await test.newPerson();
		const showtimeId = firstOf(await test.newShowtimes());
		const startMs = Date.now();
		const beforeStep = before("anonymise", () => test.hold(person, showtimeId, [1]));
		expect((await test.remove(person.email, { beforeStep })).outcome).toBe("deleted");
		const [owner] = (await test.seatStore.inspectSeats(showtimeId)).owners;
		expect(owner?.expiresAt).toBeGreaterThan(startMs);
		expect(owner?.expiresAt).toBeLessThan(Date.now() + LIMIT_SPECS.holdTtlMs.default);
		await expectDeleted(person);
	});
});
