/** Responses to a confirm that the script does not decide: no valid token, an unreadable body, or an unavailable dependency. */
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

const faults = createChangeFaults(
	{ requestFor: (id) => `POST /bookings/${id}/confirm`, command: "confirmBooking", done: "confirmed" },
	() => api,
);
const { change: confirm } = faults;

describe("401 unauthenticated", () => {
	it("refuses a confirm without a valid access token and changes nothing", faults.refusesWithoutValidToken);
});

describe("409 showtime_closed", () => {
	it("refuses a confirm of a hold whose showtime has ended and is no longer installed", faults.refusesEndedShowtime);

	it("confirms a hold of a showtime whose sales were closed, after a rebuild", faults.worksWhenSalesAreClosed);
});

describe("a confirm at a showtime that has ended and is no longer installed", () => {
	it("gets the first answer again if it is a repeat, and otherwise an answer that fits the booking's status", async () => {
		const { confirmed, cancelled, expired } = await bookingsOfThePast(api);
		for (const tag of [undefined, '"1"', '"2"']) {
			const answer = await confirm(confirmed.user, confirmed.id, api, tag);
			expect(bookingIn(answer)).toMatchObject({ status: "confirmed", version: 2 });
			expect(answer.headers.etag).toBe('"2"');
		}
		const late = await confirm(confirmed.user, confirmed.id, api, '"3"');
		expect([problemIn(late).code, late.headers.etag]).toEqual(["version_mismatch", '"2"']);
		expect(problemIn(await confirm(cancelled.user, cancelled.id)).code).toBe("booking_state");
		expect(problemIn(await confirm(cancelled.user, cancelled.id, api, '"1"')).code).toBe("version_mismatch");
		expect(problemIn(await confirm(expired.user, expired.id)).code).toBe("hold_expired");
	});
});

describe("500 internal", () => {
	it("answers internal when the confirm command throws, and does not change the booking", faults.answersInternalOnBug);
});

describe("503 recovering", () => {
	it(
		"answers recovering to a confirm while another process rebuilds the showtime and does not finish",
		faults.answersRecoveringDuringRebuild,
	);
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown to a confirm while Redis is paused, and a repeat shows the outcome", faults.answersUnknownWhileRedisIsPaused);

	it(
		"answers outcome_unknown when the booking was confirmed but cannot be shown, and a repeat shows it",
		faults.answersUnknownWithoutSeatPlan,
	);
});
