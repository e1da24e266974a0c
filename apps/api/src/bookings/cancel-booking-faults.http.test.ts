/** Responses to a cancel that the script does not decide: no valid token, an unreadable body, or an unavailable dependency. */
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChangeFaults } from "../testing/change-faults.ts";
import { bookingsOfThePast } from "../testing/provoke.ts";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const faults = createChangeFaults({ requestFor: (id) => `DELETE /bookings/${id}`, command: "cancelBooking", done: "cancelled" }, () => api);
const { change: cancel } = faults;

describe("401 unauthenticated", () => {
	it("refuses a cancel without a valid access token and changes nothing", faults.refusesWithoutValidToken);
});

describe("409 showtime_closed", () => {
	it("refuses a cancel of a hold whose showtime has ended and is no longer installed", faults.refusesEndedShowtime);

	it("cancels a hold of a showtime whose sales were closed, after a rebuild", faults.worksWhenSalesAreClosed);
});

describe("409 showtime_cancelled", () => {
	it("refuses a cancel of a booking whose showtime was cancelled", async () => {
		const {
			user,
			showtimeId,
			booking: { id },
		} = await api.newHold(["A1"]);
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "state", "cancelled");
		expect(problemIn(await cancel(user, id)).code).toBe("showtime_cancelled");
	});
});

describe("a cancel at a showtime that has ended and is no longer installed", () => {
	it("gets the first answer again if it is a repeat, and otherwise an answer that fits the booking's status", async () => {
		const { confirmed, cancelled, expired } = await bookingsOfThePast(api);
		for (const tag of [undefined, '"1"', '"2"']) {
			const answer = await cancel(cancelled.user, cancelled.id, api, tag);
			expect(bookingIn(answer)).toMatchObject({ status: "cancelled", version: 2 });
		}
		expect(problemIn(await cancel(cancelled.user, cancelled.id, api, '"3"')).code).toBe("version_mismatch");
		expect(problemIn(await cancel(confirmed.user, confirmed.id)).code).toBe("showtime_started");
		expect(problemIn(await cancel(confirmed.user, confirmed.id, api, '"1"')).code).toBe("version_mismatch");
		expect(bookingIn(await cancel(expired.user, expired.id))).toMatchObject({ status: "expired", version: 1 });
	});
});

describe("500 internal", () => {
	it("answers internal when the cancel command throws, and does not change the booking", faults.answersInternalOnBug);
});

describe("503 recovering", () => {
	it(
		"answers recovering to a cancel while another process rebuilds the showtime and does not finish",
		faults.answersRecoveringDuringRebuild,
	);
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown to a cancel while Redis is paused, and a repeat shows the outcome", faults.answersUnknownWhileRedisIsPaused);

	it(
		"answers outcome_unknown when the booking was cancelled but cannot be shown, and a repeat shows it",
		faults.answersUnknownWithoutSeatPlan,
	);
});
