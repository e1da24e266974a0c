/** What a cancel is answered that is not judged: nobody asked, nothing that can be read, or a part that does not play along. */
import { newBookingId, newShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingsOfThePast, endShowtime, expectBodyBound, expectJsonOnly, NOWHERE, uninstall, whileSilent } from "../testing/provoke.ts";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const requestFor = (id: string) => `DELETE /bookings/${id}`;
const cancel = ({ token }: TestUser, id: string, app: TestApp = api, ifMatch?: string) =>
	app.call(requestFor(id), { token, headers: ifMatch === undefined ? {} : { "if-match": ifMatch } });

describe("401 unauthenticated", () => {
	it("refuses who does not say who they are, and changes nothing", async () => {
		const {
			user,
			booking: { id },
		} = await api.newHold(["A1"]);
		expect(problemIn(await api.call(requestFor(id))).code).toBe("unauthenticated");
		expect(problemIn(await api.call(requestFor(id), { token: "not.a.token" })).code).toBe("unauthenticated");
		expect(bookingIn(await api.call(`GET /bookings/${id}`, { token: user.token })).version).toBe(1);
	});
});

describe("413 payload_too_large", () => {
	it("refuses a body over 16 KiB, and reads one of just that", async () => {
		await expectBodyBound(api, requestFor("x"), (await api.newUser()).token);
	});
});

describe("415 unsupported_media_type", () => {
	it("reads JSON and nothing else", async () => expectJsonOnly(api, requestFor("x"), (await api.newUser()).token));
});

describe("409 showtime_closed", () => {
	it("is the answer when the showtime is not installed any more, and over by now", async () => {
		const {
			user,
			showtimeId,
			booking: { id },
		} = await api.newHold(["A1"]);
		await endShowtime(api, showtimeId);
		expect(problemIn(await cancel(user, id)).code).toBe("showtime_closed");
	});

	it("is not the answer where sales were closed: it is rebuilt, and what was held is cancelled there", async () => {
		const {
			user,
			showtimeId,
			booking: { id },
		} = await api.newHold(["A1"]);
		await uninstall(api, showtimeId);
		await api.sql(`update showtimes set state = 'closed' where id = '${showtimeId}'`);
		expect(bookingIn(await cancel(user, id)).status).toBe("cancelled");
		const late = await api.hold(await api.newUser(), showtimeId, ["J1"]);
		expect(problemIn(late).code).toBe("showtime_closed");
	});
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
	it("is the answer when something of ours breaks; the booking stays as it was", async () => {
		const {
			user,
			booking: { id },
		} = await api.newHold(["A1"]);
		const broken = await api.another({ wrapStore: (store) => ({ ...store, cancelBooking: () => Promise.reject(new Error("broke")) }) });
		expect(problemIn(await cancel(user, id, broken)).code).toBe("internal");
		expect(bookingIn(await api.call(`GET /bookings/${id}`, { token: user.token })).version).toBe(1);
	});
});

describe("503 recovering", () => {
	it("is the answer while somebody else prepares the showtime and does not come to an end", async () => {
		const {
			user,
			showtimeId,
			booking: { id },
		} = await api.newHold(["A1"]);
		await uninstall(api, showtimeId);
		await api.seatStore.claimShowtime(showtimeId, { token: "somebody else", ledgerEpoch: 1 });
		const answer = await cancel(user, id);
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["recovering", "1"]);
	});
});

describe("503 outcome_unknown", () => {
	it("is the answer while Redis stands still: it may yet do it. A repeat tells", async () => {
		const {
			user,
			booking: { id },
		} = await api.newHold(["A1"]);
		const problem = await whileSilent(api, api, requestFor(id), { token: user.token });
		expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
		expect(bookingIn(await cancel(user, id)).status).toBe("cancelled");
	});

	it("is the answer when it was done and the booking cannot be shown; a repeat shows it", async () => {
		const {
			user,
			booking: { id },
		} = await api.newHold(["A1"]);
		const gone = () => Promise.reject(new SeatStoreFault("unavailable", new Error("gone")));
		const fresh = await api.another({ wrapStore: (store) => ({ ...store, readPlan: gone }) });
		expect(problemIn(await cancel(user, id, fresh)).code).toBe("outcome_unknown");
		expect(bookingIn(await cancel(user, id))).toMatchObject({ status: "cancelled", version: 2 });
	});
});

describe("503 unavailable", () => {
	it("is the answer when only the ledger could know the booking, and Postgres is gone", async () => {
		const orphan = await api.another({ databaseUrl: NOWHERE });
		const answer = await cancel(await api.newUser(), newBookingId(newShowtimeId()), orphan);
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["unavailable", "2"]);
	});
});
