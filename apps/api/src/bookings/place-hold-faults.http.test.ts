/** Responses to a hold that the script does not decide: no valid token, an unreadable body, or an unavailable dependency. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whileRedisIsPaused } from "../testing/provoke.ts";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("500 internal", () => {
	it("answers internal when the hold command throws, and holds nothing", async () => {
		const broken = await api.startAnother({
			wrapStore: (store) => ({ ...store, placeHold: () => Promise.reject(new Error("the command failed")) }),
		});
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		expect(problemIn(await broken.hold(user, showtimeId, ["A1"])).code).toBe("internal");
		expect((await api.hold(await api.newUser(), showtimeId, ["A1"])).status).toBe(201);
	});
});

describe("503 recovering", () => {
	it("answers recovering to a hold while another process rebuilds the showtime and does not finish", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.seatStore.claimShowtime(showtimeId, { token: "another process", ledgerEpoch: 0 });
		const answer = await api.hold(user, showtimeId, ["A1"]);
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["recovering", "1"]);
	});
});

describe("503 busy", () => {
	it("answers busy to a hold when prices change again during the retry", async () => {
		let holds = 0;
		const repricing = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				async placeHold() {
					holds += 1;
					return { outcome: "stale_prices" };
				},
			}),
		});
		const answer = await repricing.hold(await api.newUser(), await api.newShowtime(), ["A1"]);
		expect([problemIn(answer).code, answer.headers["retry-after"], holds]).toEqual(["busy", "2", 2]);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown to a hold while Redis is paused, and a repeat with the same key shows the outcome", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(await api.newUser(), showtimeId, ["B1"]);
		const request = { token: user.token, body: { showtimeId, seats: ["A1"] }, headers: { "idempotency-key": "lost" } };
		const problem = await whileRedisIsPaused(api, api, "POST /bookings", request);
		expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
		expect(bookingIn(await api.call("POST /bookings", request)).seats).toEqual(["A1"]);
	});
});
