/**
 * What a confirm and a cancel are answered alike when they are not judged: one table of checks for both, since one handler serves
 * both. Each test file names the answers and calls the checks.
 */
import { newBookingId, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { expect } from "vitest";
import { endShowtime, expectBodyBound, expectJsonOnly, NOWHERE, uninstall, whileSilent } from "./provoke.ts";
import { bookingIn, problemIn } from "./read-answers.ts";
import type { TestApi, TestApp, TestUser } from "./start-test-api.ts";

export type Change = {
	readonly requestFor: (bookingId: string) => string;
	/** The command of the seat store behind it. */
	readonly command: "confirmBooking" | "cancelBooking";
	/** The status of a hold for which it was carried out. */
	readonly done: "confirmed" | "cancelled";
};

export type HeldBooking = { readonly user: TestUser; readonly showtimeId: ShowtimeId; readonly id: string };

/** `api` is asked for when a check runs, since a file starts it in a hook. */
export function createChangeFaults({ requestFor, command, done }: Change, api: () => TestApi) {
	const change = ({ token }: TestUser, id: string, app: TestApp = api(), ifMatch?: string) =>
		app.call(requestFor(id), { token, headers: ifMatch === undefined ? {} : { "if-match": ifMatch } });

	async function aHold(): Promise<HeldBooking> {
		const { user, showtimeId, booking } = await api().newHold(["A1"]);
		return { user, showtimeId, id: booking.id };
	}

	async function expectUntouched({ user, id }: HeldBooking): Promise<void> {
		expect(bookingIn(await api().call(`GET /bookings/${id}`, { token: user.token })).version).toBe(1);
	}

	return {
		change,

		async refusesStrangers() {
			const hold = await aHold();
			expect(problemIn(await api().call(requestFor(hold.id))).code).toBe("unauthenticated");
			expect(problemIn(await api().call(requestFor(hold.id), { token: "not.a.token" })).code).toBe("unauthenticated");
			await expectUntouched(hold);
		},
		boundsItsBody: async () => expectBodyBound(api(), requestFor("x"), (await api().newUser()).token),
		readsJsonOnly: async () => expectJsonOnly(api(), requestFor("x"), (await api().newUser()).token),

		async refusesWhatIsOver() {
			const { user, showtimeId, id } = await aHold();
			await endShowtime(api(), showtimeId);
			expect(problemIn(await change(user, id)).code).toBe("showtime_closed");
		},
		async worksWhereSalesWereClosed() {
			const { user, showtimeId, id } = await aHold();
			await uninstall(api(), showtimeId);
			await api().sql(`update showtimes set state = 'closed' where id = '${showtimeId}'`);
			expect(bookingIn(await change(user, id)).status).toBe(done);
			const late = await api().hold(await api().newUser(), showtimeId, ["J1"]);
			expect(problemIn(late).code).toBe("showtime_closed");
		},

		async saysInternalWhenBroken() {
			const hold = await aHold();
			const broken = await api().another({ wrapStore: (store) => ({ ...store, [command]: () => Promise.reject(new Error("broke")) }) });
			expect(problemIn(await change(hold.user, hold.id, broken)).code).toBe("internal");
			await expectUntouched(hold);
		},
		async waitsForAnothersRebuild() {
			const { user, showtimeId, id } = await aHold();
			await uninstall(api(), showtimeId);
			await api().seatStore.claimShowtime(showtimeId, { token: "somebody else", ledgerEpoch: 1 });
			const answer = await change(user, id);
			expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["recovering", "1"]);
		},
		async isUnknownWhileRedisIsSilent() {
			const { user, id } = await aHold();
			const problem = await whileSilent(api(), api(), requestFor(id), { token: user.token });
			expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
			expect(bookingIn(await change(user, id)).status).toBe(done);
		},
		async isUnknownWhenItCannotBeShown() {
			const { user, id } = await aHold();
			const gone = () => Promise.reject(new SeatStoreFault("unavailable", new Error("gone")));
			const fresh = await api().another({ wrapStore: (store) => ({ ...store, readPlan: gone }) });
			expect(problemIn(await change(user, id, fresh)).code).toBe("outcome_unknown");
			expect(bookingIn(await change(user, id))).toMatchObject({ status: done, version: 2 });
		},
		async isUnavailableWithoutPostgres() {
			const orphan = await api().another({ databaseUrl: NOWHERE });
			const answer = await change(await api().newUser(), newBookingId(newShowtimeId()), orphan);
			expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["unavailable", "2"]);
		},
	};
}
