/** What a cancel is answered that is not judged: nobody asked, nothing that can be read, or a part that does not play along. */
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
	it("refuses who does not say who they are, and changes nothing", faults.refusesStrangers);
});

describe("413 payload_too_large", () => {
	it("refuses a body over 16 KiB, and reads one of just that", faults.boundsItsBody);
});

describe("415 unsupported_media_type", () => {
	it("reads JSON and nothing else", faults.readsJsonOnly);
});

describe("409 showtime_closed", () => {
	it("is the answer when the showtime is not installed any more, and over by now", faults.refusesWhatIsOver);

	it("is not the answer where sales were closed: it is rebuilt, and what was held is cancelled there", faults.worksWhereSalesWereClosed);
});

describe("409 showtime_cancelled", () => {
	it("leaves a booking of a showtime that does not take place to what happens to all of them", async () => {
		const {
			user,
			showtimeId,
			booking: { id },
		} = await api.newHold(["A1"]);
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "state", "cancelled");
		expect(problemIn(await cancel(user, id)).code).toBe("showtime_cancelled");
	});
});

describe("at a showtime that is over and not installed any more", () => {
	it("a repeat answers the same, and everything else is answered by how the booking stands", async () => {
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
	it("is the answer when something of ours breaks; the booking stays as it was", faults.saysInternalWhenBroken);
});

describe("503 recovering", () => {
	it("is the answer while somebody else prepares the showtime and does not come to an end", faults.waitsForAnothersRebuild);
});

describe("503 outcome_unknown", () => {
	it("is the answer while Redis stands still: it may yet do it. A repeat tells", faults.isUnknownWhileRedisIsSilent);

	it("is the answer when it was done and the booking cannot be shown; a repeat shows it", faults.isUnknownWhenItCannotBeShown);
});

describe("503 unavailable", () => {
	it("is the answer when only the ledger could know the booking, and Postgres is gone", faults.isUnavailableWithoutPostgres);
});
