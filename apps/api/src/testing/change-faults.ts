/**
 * Checks of the error responses that confirm and cancel have in common, since one handler serves both. The test file of each route
 * names the expected responses and calls these checks.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { expect } from "vitest";
import { endShowtime, uninstall, whileRedisIsPaused } from "./provoke.ts";
import { bookingIn, problemIn } from "./read-answers.ts";
import type { TestApi, TestApp, TestUser } from "./start-test-api.ts";

/** One of the two routes. */
export type Change = {
	readonly requestFor: (bookingId: string) => string;
	/** The seat store command that the route runs. */
	readonly command: "confirmBooking" | "cancelBooking";
	/** The status of a hold after the change. */
	readonly done: "confirmed" | "cancelled";
};

/** A pending booking and its holder. */
export type HeldBooking = { readonly user: TestUser; readonly showtimeId: ShowtimeId; readonly id: string };

/** Returns the checks of one route. `api` is a function because a test file starts the API in a hook. */
export function createChangeFaults({ requestFor, command, done }: Change, api: () => TestApi) {
	const change = ({ token }: TestUser, id: string, app: TestApp = api(), ifMatch?: string) =>
		app.call(requestFor(id), { token, headers: ifMatch === undefined ? {} : { "if-match": ifMatch } });

	async function createHold(): Promise<HeldBooking> {
		const { user, showtimeId, booking } = await api().newHold(["A1"]);
		return { user, showtimeId, id: booking.id };
	}

	async function expectUntouched({ user, id }: HeldBooking): Promise<void> {
		expect(bookingIn(await api().call(`GET /bookings/${id}`, { token: user.token })).version).toBe(1);
	}

	return {
		change,

		async refusesWithoutValidToken() {
			const hold = await createHold();
			expect(problemIn(await api().call(requestFor(hold.id))).code).toBe("unauthenticated");
			expect(problemIn(await api().call(requestFor(hold.id), { token: "not.a.token" })).code).toBe("unauthenticated");
			await expectUntouched(hold);
		},

		async refusesEndedShowtime() {
			const { user, showtimeId, id } = await createHold();
			await endShowtime(api(), showtimeId);
			expect(problemIn(await change(user, id)).code).toBe("showtime_closed");
		},
		async worksWhenSalesAreClosed() {
			const { user, showtimeId, id } = await createHold();
			await uninstall(api(), showtimeId);
			await api().sql(`update showtimes set state = 'closed' where id = '${showtimeId}'`);
			expect(bookingIn(await change(user, id)).status).toBe(done);
			const late = await api().hold(await api().newUser(), showtimeId, ["J1"]);
			expect(problemIn(late).code).toBe("showtime_closed");
		},

		async answersInternalOnBug() {
			const hold = await createHold();
			const broken = await api().startAnother({
				wrapStore: (store) => ({ ...store, [command]: () => Promise.reject(new Error("the command failed")) }),
			});
			expect(problemIn(await change(hold.user, hold.id, broken)).code).toBe("internal");
			await expectUntouched(hold);
		},
		async answersRecoveringDuringRebuild() {
			const { user, showtimeId, id } = await createHold();
			await uninstall(api(), showtimeId);
			await api().seatStore.claimShowtime(showtimeId, { token: "another process", ledgerEpoch: 1 });
			const answer = await change(user, id);
			expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["recovering", "1"]);
		},
		async answersUnknownWhileRedisIsPaused() {
			const { user, id } = await createHold();
			const problem = await whileRedisIsPaused(api(), api(), requestFor(id), { token: user.token });
			expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
			expect(bookingIn(await change(user, id)).status).toBe(done);
		},
		async answersUnknownWithoutSeatPlan() {
			const { user, id } = await createHold();
			const unavailable = () => Promise.reject(new SeatStoreFault("unavailable", new Error("unreachable")));
			const fresh = await api().startAnother({ wrapStore: (store) => ({ ...store, readPlan: unavailable }) });
			expect(problemIn(await change(user, id, fresh)).code).toBe("outcome_unknown");
			expect(bookingIn(await change(user, id))).toMatchObject({ status: done, version: 2 });
		},
	};
}
