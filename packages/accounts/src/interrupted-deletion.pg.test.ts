/** Deletions that stop half-way, because the process or a store dies, and are finished by calling `deleteAccount` again. */
import { createDatabase, listRefreshFamilies } from "@holdfast/database";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { sendInlineCommand } from "@holdfast/local-stack";
import { createAuthStore, createSeatStore } from "@holdfast/seat-store";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeletionDeps } from "./delete-account.ts";
import { DELETION_STEPS, DeletionInterrupted, type DeletionStep } from "./deletion-steps.ts";
import { firstOf, openTestAccounts, type Person, type TestAccounts } from "./testing/open-test-accounts.ts";

let test: TestAccounts;
beforeAll(async () => {
	test = await openTestAccounts();
});
afterAll(() => test.stop());

const NOWHERE_REDIS = "redis://127.0.0.1:9";
const NOWHERE_POSTGRES = "postgres://none@127.0.0.1:9/none";

const STEPS_OF_DELETION = DELETION_STEPS.filter((step) => step !== "restore_sign_in");
const AFTER_DENIAL = STEPS_OF_DELETION.slice(STEPS_OF_DELETION.indexOf("deny_sign_in") + 1);

class Killed extends Error {}

const dieBefore = (step: DeletionStep): Pick<DeletionDeps, "beforeStep"> => ({
	beforeStep: async (next) => {
		if (next === step) throw new Killed();
	},
});

async function interruptionOf(deletion: Promise<unknown>): Promise<DeletionInterrupted> {
	const error: unknown = await deletion.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	if (!(error instanceof DeletionInterrupted)) throw new Error("the deletion was not interrupted", { cause: error });
	return error;
}

async function expectUntouched(person: Person): Promise<void> {
	expect(await test.query(`select deletion_started_at from users where id = '${person.userId}'`)).toEqual([{ deletion_started_at: null }]);
	expect(await test.authStore.isDenied(person.userId)).toBe(false);
	expect((await test.signIn(person)).outcome).toBe("opened");
}

async function personWithHold() {
	const person = await test.newPerson();
	const command = await test.hold(person, firstOf(await test.newShowtimes()), [0]);
	return { person, command };
}

describe("a deletion whose process dies", () => {
	it.each(STEPS_OF_DELETION)("a deletion whose process dies before the step %s is finished by the next run", async (step) => {
		const { person, command } = await personWithHold();
		await test.signIn(person);
		await expect(test.remove(person.email, dieBefore(step))).rejects.toBeInstanceOf(Killed);
		expect(await test.isAnonymous(person)).toBe(false);
		if (AFTER_DENIAL.includes(step)) expect(await test.signIn(person)).toEqual({ outcome: "denied" });
		else await expectUntouched(person);

		expect((await test.remove(person.email)).outcome).toBe("deleted");
		expect(await test.isAnonymous(person)).toBe(true);
		expect(await test.authStore.isDenied(person.userId)).toBe(true);
		expect(await listRefreshFamilies(test.database, person.userId)).toEqual([]);
		expect(await test.seatStore.readBooking(command.bookingId)).toMatchObject({ state: "CANCELLED" });
	});

	it.each(AFTER_DENIAL)(
		"a deletion whose process dies before the step %s is undone by the next run if a booking was confirmed in between",
		async (step) => {
			const { person, command } = await personWithHold();
			const old = await test.signIn(person);
			if (old.outcome !== "opened") throw new Error("the sign-in was refused");
			await expect(test.remove(person.email, dieBefore(step))).rejects.toBeInstanceOf(Killed);
			const confirmed = (await test.seatStore.confirmBooking(command)).outcome;
			const result = await test.remove(person.email);
			if (step === "anonymise") {
				expect([confirmed, result.outcome]).toEqual(["booking_state", "deleted"]);
				return;
			}
			expect([confirmed, result]).toEqual(["confirmed", expect.objectContaining({ outcome: "bookings_ahead", haveSessionsEnded: true })]);
			expect(await test.authStore.isDenied(person.userId)).toBe(false);
			expect(await test.authStore.isDenied(old.familyId)).toBe(true);
			expect((await test.signIn(person)).outcome).toBe("opened");
			expect(await test.remove(person.email)).toMatchObject({ outcome: "bookings_ahead", haveSessionsEnded: false });
		},
	);

	it("a deletion whose process dies before the sign-in to a kept account is restored is undone by the next run", async () => {
		const { person, command } = await personWithHold();
		const beforeStep = async (next: DeletionStep) => {
			if (next === "recheck_bookings") await test.seatStore.confirmBooking(command);
			if (next === "restore_sign_in") throw new Killed();
		};
		await expect(test.remove(person.email, { beforeStep })).rejects.toBeInstanceOf(Killed);
		expect(await test.signIn(person)).toEqual({ outcome: "denied" });
		expect(await test.remove(person.email)).toMatchObject({ outcome: "bookings_ahead", haveSessionsEnded: true });
		await expectUntouched(person);
	});
});

describe("a deletion when a store fails", () => {
	it("a deletion changes nothing and says so if Redis is unreachable from the start", async () => {
		const { person, command } = await personWithHold();
		const seatStore = createSeatStore({ url: NOWHERE_REDIS, limits: DEFAULT_LIMITS });
		const authStore = createAuthStore({ url: NOWHERE_REDIS });
		const error = await interruptionOf(test.remove(person.email, { seatStore, authStore }));
		expect([error.step, error.hasBegun]).toEqual(["check_bookings", false]);
		expect(error.message).toMatch(/^Redis is unreachable or refuses writes .*Nothing was changed\.$/);
		await expectUntouched(person);
		expect(await test.seatStore.readBooking(command.bookingId)).toMatchObject({ state: "HELD" });
		authStore.close();
		await seatStore.close();
	});

	it("a deletion changes nothing and says so if Postgres is unreachable from the start", async () => {
		const { person, command } = await personWithHold();
		const database = createDatabase({ url: NOWHERE_POSTGRES });
		const error = await interruptionOf(test.remove(person.email, { database }));
		expect([error.step, error.hasBegun]).toEqual(["find_account", false]);
		expect(error.message).toBe("Postgres is unreachable or refuses writes. Nothing was changed.");
		await expectUntouched(person);
		expect(await test.seatStore.readBooking(command.bookingId)).toMatchObject({ state: "HELD" });
		await database.close();
	});

	it("a deletion changes nothing and says so if Redis refuses writes", async () => {
		const { person } = await personWithHold();
		await sendInlineCommand(test.redis.port, "CONFIG SET appendfsync everysec");
		const seatStore = createSeatStore({ url: test.redis.url, limits: DEFAULT_LIMITS });
		const error = await interruptionOf(test.remove(person.email, { seatStore }));
		await sendInlineCommand(test.redis.port, "CONFIG SET appendfsync always");
		expect(error.hasBegun).toBe(false);
		expect(error.message).toContain("Redis refuses writes: appendfsync is everysec");
		await expectUntouched(person);
		await seatStore.close();
	});

	it("a deletion changes nothing and says so if Postgres refuses writes", async () => {
		const { person } = await personWithHold();
		const readOnly = new URL(test.databaseUrl);
		readOnly.searchParams.set("default_transaction_read_only", "on");
		const database = createDatabase({ url: readOnly.href });
		const error = await interruptionOf(test.remove(person.email, { database }));
		expect([error.step, error.hasBegun]).toEqual(["deny_sign_in", false]);
		expect(error.message).toBe("Postgres is unreachable or refuses writes. Nothing was changed.");
		await expectUntouched(person);
		await database.close();
	});

	it.each(AFTER_DENIAL.filter((step) => step !== "end_sessions" && step !== "anonymise"))(
		"a deletion stops and reports its state if Redis is killed before the step %s, and the next run finishes it",
		async (step) => {
			const { person } = await personWithHold();
			const beforeStep = async (next: DeletionStep) => {
				if (next === step) await test.redis.kill();
			};
			const error = await interruptionOf(test.remove(person.email, { beforeStep }));
			expect(error.hasBegun).toBe(true);
			expect(error.message).toContain("The account is not deleted yet, but its sign-in is blocked. Run the command again to finish.");
			expect(await test.signIn(person)).toEqual({ outcome: "denied" });
			await test.redis.restart();
			await untilConnected();
			expect(await test.remove(person.email)).toMatchObject({ outcome: "deleted", holdsReleased: 1 });
			expect(await test.isAnonymous(person)).toBe(true);
		},
	);

	it.each(AFTER_DENIAL.filter((step) => step !== "wait" && step !== "release_holds"))(
		"a deletion stops and reports its state if Postgres is cut off before the step %s, and the next run finishes it",
		async (step) => {
			const { person } = await personWithHold();
			const database = createDatabase({ url: test.databaseUrl });
			const beforeStep = async (next: DeletionStep) => {
				if (next === step) await database.close();
			};
			const error = await interruptionOf(test.remove(person.email, { database, beforeStep }));
			expect([error.step, error.hasBegun]).toEqual([step, true]);
			expect(await test.isAnonymous(person)).toBe(false);
			expect((await test.remove(person.email)).outcome).toBe("deleted");
			expect(await test.isAnonymous(person)).toBe(true);
		},
	);
});

const untilConnected = () =>
	waitUntil("both clients to be connected to Redis again", () =>
		Promise.all([test.seatStore.ping(), test.authStore.countAttempt("test", "unknown", 1_000)]).then(
			() => true,
			() => false,
		),
	);
