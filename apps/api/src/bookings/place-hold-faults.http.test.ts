/** What a hold is answered that is not judged: nobody asked, nothing that can be read, or a part that does not play along. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectBodyBound, expectJsonOnly, NOWHERE, whileSilent } from "../testing/provoke.ts";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("401 unauthenticated", () => {
	it("refuses who does not say who they are, whatever they ask for", async () => {
		const body = { showtimeId: await api.newShowtime(), seats: ["A1"] };
		expect(problemIn(await api.call("POST /bookings", { body })).code).toBe("unauthenticated");
		expect(problemIn(await api.call("POST /bookings", { body, token: "not.a.token" })).code).toBe("unauthenticated");
	});
});

describe("413 payload_too_large", () => {
	it("refuses a body over 16 KiB, and not one of just that", async () => {
		await expectBodyBound(api, "POST /bookings", (await api.newUser()).token);
	});
});

describe("415 unsupported_media_type", () => {
	it("reads JSON and nothing else", async () => expectJsonOnly(api, "POST /bookings", (await api.newUser()).token));
});

describe("500 internal", () => {
	it("is the answer when something of ours breaks; nothing is held", async () => {
		const broken = await api.another({ wrapStore: (store) => ({ ...store, placeHold: () => Promise.reject(new Error("broke")) }) });
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		expect(problemIn(await broken.hold(user, showtimeId, ["A1"])).code).toBe("internal");
		expect((await api.hold(await api.newUser(), showtimeId, ["A1"])).status).toBe(201);
	});
});

describe("503 recovering", () => {
	it("is the answer while somebody else prepares the showtime and does not come to an end", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.seatStore.claimShowtime(showtimeId, { token: "somebody else", ledgerEpoch: 0 });
		const answer = await api.hold(user, showtimeId, ["A1"]);
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["recovering", "1"]);
	});
});

describe("503 busy", () => {
	it("is the answer when prices change as often as they are read", async () => {
		let holds = 0;
		const restless = await api.another({
			wrapStore: (store) => ({
				...store,
				async placeHold() {
					holds += 1;
					return { outcome: "stale_prices" };
				},
			}),
		});
		const answer = await restless.hold(await api.newUser(), await api.newShowtime(), ["A1"]);
		expect([problemIn(answer).code, answer.headers["retry-after"], holds]).toEqual(["busy", "2", 2]);
	});
});

describe("503 outcome_unknown", () => {
	it("is the answer while Redis stands still: it may yet hold the seats. A repeat with the same key tells", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(await api.newUser(), showtimeId, ["B1"]);
		const asked = { token: user.token, body: { showtimeId, seats: ["A1"] }, headers: { "idempotency-key": "lost" } };
		const problem = await whileSilent(api, api, "POST /bookings", asked);
		expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
		expect(bookingIn(await api.call("POST /bookings", asked)).seats).toEqual(["A1"]);
	});
});

describe("503 unavailable", () => {
	it("is the answer when the showtime must be opened and Postgres is gone", async () => {
		const orphan = await api.another({ databaseUrl: NOWHERE });
		const answer = await orphan.hold(await api.newUser(), await api.newShowtime(), ["A1"]);
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["unavailable", "2"]);
	});
});
