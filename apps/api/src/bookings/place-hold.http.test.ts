import { bucketOf, newShowtimeId } from "@holdfast/domain";
import { userIndexKey } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectUserLimit } from "../testing/provoke.ts";
import { bookingIn, matrixIn, problemIn, seatIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const row = (letter: string, count: number) => Array.from({ length: count }, (_, seat) => `${letter}${seat + 1}`);
const statusOf = async (showtimeId: string, label: string) =>
	seatIn(matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`)), label).status;

describe("201 held", () => {
	it("holds all seats for the user and returns the total price and the expiry", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const answer = await api.hold(user, showtimeId, ["A2", "A1"]);
		const booking = bookingIn(answer);
		expect(answer.status).toBe(201);
		expect(answer.headers).toMatchObject({ etag: '"1"', location: `/api/v1/bookings/${booking.id}`, "cache-control": "no-store" });
		expect(booking).toMatchObject({
			showtimeId,
			status: "pending",
			seats: ["A1", "A2"],
			total: { amount: 2500, currency: "USD" },
			expiresInSeconds: 420,
			confirmedAt: null,
			cancelledAt: null,
			recorded: false,
			version: 1,
		});
		expect(Date.parse(booking.expiresAt) - Date.parse(booking.createdAt)).toBe(420_000);
		expect([await statusOf(showtimeId, "A1"), await statusOf(showtimeId, "A2"), await statusOf(showtimeId, "A3")]).toEqual([
			"held",
			"held",
			"available",
		]);
	});

	it("holds ten seats at once, which is the maximum", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		expect(bookingIn(await api.hold(user, showtimeId, row("C", 10))).total.amount).toBe(12_500);
	});

	it("opens a showtime on its first request, also for a concurrent crowd", async () => {
		const [users, showtimeId] = [await api.newUsers(20), await api.newShowtime()];
		const other = await api.startAnother();
		const answers = await Promise.all(
			users.map((user, index) =>
				(index % 2 === 0 ? api : other).hold(user, showtimeId, [`${"AB"[index % 2]}${Math.floor(index / 2) + 1}`]),
			),
		);
		expect(answers.map(({ status }) => status)).toEqual(users.map(() => 201));
	});
});

describe("201 replayed", () => {
	it("returns the current state of the same booking for the same key and seats in any order", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const headers = { "idempotency-key": "order-1" };
		const first = await api.hold(user, showtimeId, ["A1", "A2"], headers);
		expect(first.headers["idempotency-replayed"]).toBeUndefined();
		const again = await api.hold(user, showtimeId, ["A2", "A1"], headers);
		expect([again.status, again.headers["idempotency-replayed"], bookingIn(again).id]).toEqual([201, "true", bookingIn(first).id]);

		await api.call(`DELETE /bookings/${bookingIn(first).id}`, { token: user.token });
		const late = await api.hold(user, showtimeId, ["A1", "A2"], headers);
		expect([late.headers.etag, bookingIn(late).status, bookingIn(late).version]).toEqual(['"2"', "cancelled", 2]);
	});

	it("treats the same key of another user or at another showtime as a different key", async () => {
		const [[one, two], showtimeId, elsewhere] = [await api.newUsers(2), await api.newShowtime(), await api.newShowtime()];
		const headers = { "idempotency-key": "same" };
		if (one === undefined || two === undefined) throw new Error("fewer than two users were created");
		const ids = [
			bookingIn(await api.hold(one, showtimeId, ["A1"], headers)).id,
			bookingIn(await api.hold(two, showtimeId, ["A2"], headers)).id,
			bookingIn(await api.hold(one, elsewhere, ["A1"], headers)).id,
		];
		expect(new Set(ids).size).toBe(3);
	});
});

describe("422 idempotency_mismatch", () => {
	it("refuses an idempotency key that was used for other seats", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const headers = { "idempotency-key": "order-2" };
		await api.hold(user, showtimeId, ["A1"], headers);
		expect(problemIn(await api.hold(user, showtimeId, ["A2"], headers)).code).toBe("idempotency_mismatch");
	});
});

describe("409 seats_taken", () => {
	it("names every taken seat and holds no other seat", async () => {
		const [user, other, showtimeId] = [await api.newUser(), await api.newUser(), await api.newShowtime()];
		await api.held(other, showtimeId, ["B2", "B3"]);
		const problem = problemIn(await api.hold(user, showtimeId, ["B1", "B2", "B3"]));
		expect(problem).toMatchObject({
			code: "seats_taken",
			status: 409,
			retryable: false,
			seats: ["B2", "B3"],
			instance: "/api/v1/bookings",
		});
		expect(await statusOf(showtimeId, "B1")).toBe("available");
	});
});

describe("409 seat_limit", () => {
	it("refuses the eleventh seat of one user at one showtime, and not the tenth", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, row("A", 9));
		expect(problemIn(await api.hold(user, showtimeId, ["B1", "B2"])).code).toBe("seat_limit");
		expect((await api.hold(user, showtimeId, ["B1"])).status).toBe(201);
		expect(problemIn(await api.hold(user, showtimeId, ["B2"])).code).toBe("seat_limit");
	});
});

describe("409 hold_limit", () => {
	it("refuses the fourth open hold of one user at one showtime, and not the third", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		for (const seat of ["A1", "A2", "A3"]) await api.held(user, showtimeId, [seat]);
		expect(problemIn(await api.hold(user, showtimeId, ["A4"])).code).toBe("hold_limit");
	});
});

describe("409 not_on_sale", () => {
	const opensIn = async (interval: string) => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.sql(`update showtimes set sales_open_at = now() + interval '${interval}' where id = '${showtimeId}'`);
		const answer = await api.hold(user, showtimeId, ["A1"]);
		const { salesOpenAt } = Object((await api.call(`GET /showtimes/${showtimeId}`)).body);
		return { user, showtimeId, salesOpenAt, problem: problemIn(answer), retryAfter: answer.headers["retry-after"] };
	};

	it("refuses a hold before sales open and says when they open, with Retry-After within the hour", async () => {
		const { problem, salesOpenAt, retryAfter } = await opensIn("59 minutes");
		expect(problem).toMatchObject({ code: "not_on_sale", status: 409, retryable: false, salesOpenAt });
		expect(Number(retryAfter)).toBeGreaterThan(3_500);
		expect(Number(retryAfter)).toBeLessThanOrEqual(3_540);
	});

	it("sends no Retry-After if sales open in more than an hour", async () => {
		const { problem, salesOpenAt, retryAfter } = await opensIn("61 minutes");
		expect([problem.salesOpenAt, retryAfter]).toEqual([salesOpenAt, undefined]);
	});

	it("says when sales open by the window in Redis, even if this process has read an older one", async () => {
		const { user, showtimeId } = await opensIn("59 minutes");
		const salesOpenAt = Date.now() + 120_000;
		const terms = { salesOpenAt, salesCloseAt: salesOpenAt + 60_000 };
		await api.seatStore.setTerms({ showtimeId, terms, ifVersions: null, command: null });
		const answer = await api.hold(user, showtimeId, ["A1"]);
		expect(problemIn(answer).salesOpenAt).toBe(new Date(salesOpenAt).toISOString());
		expect(Number(answer.headers["retry-after"])).toBeLessThanOrEqual(120);
	});

	it("says nothing of an opening while sales are paused, and after they have closed", async () => {
		const [user, paused, closed] = [await api.newUser(), await api.newShowtime(), await api.newShowtime()];
		await api.sql(`update showtimes set state = 'paused' where id = '${paused}'`);
		await api.sql(`update showtimes set sales_close_at = now() - interval '1 minute' where id = '${closed}'`);
		for (const showtimeId of [paused, closed]) {
			const answer = await api.hold(user, showtimeId, ["A1"]);
			expect(problemIn(answer)).toMatchObject({ code: "not_on_sale", salesOpenAt: null });
			expect(answer.headers["retry-after"]).toBeUndefined();
		}
	});
});

describe("409 showtime_closed", () => {
	it("refuses a hold at a showtime that has ended", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.sql(
			`update showtimes set sales_open_at = now() - interval '5 hours', sales_close_at = now() - interval '4 hours',
				starts_at = now() - interval '3 hours', ends_at = now() - interval '1 second' where id = '${showtimeId}'`,
		);
		expect(problemIn(await api.hold(user, showtimeId, ["A1"])).code).toBe("showtime_closed");
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses a hold at a showtime that was cancelled", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.sql(`update showtimes set state = 'cancelled' where id = '${showtimeId}'`);
		expect(problemIn(await api.hold(user, showtimeId, ["A1"])).code).toBe("showtime_cancelled");
	});
});

describe("422 unknown_seats", () => {
	it("accepts only the exact label of a seat, and names each label that it refuses", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const answers = [];
		for (const label of ["A1", "A01", "a1", "A1 "]) answers.push(await api.hold(user, showtimeId, [label]));
		expect(answers.map(({ status }) => status)).toEqual([201, 422, 422, 422]);
		expect(answers.slice(1).map((answer) => problemIn(answer).seats)).toEqual([["A01"], ["a1"], ["A1 "]]);
		const matrix = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
		expect(matrix.counts).toMatchObject({ held: 1, available: 99 });
	});

	it("holds none of the seats when one of them is unknown", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		expect(problemIn(await api.hold(user, showtimeId, ["A1", "Z99"])).seats).toEqual(["Z99"]);
		expect(await statusOf(showtimeId, "A1")).toBe("available");
	});
});

describe("404 not_found", () => {
	it.each(["not-an-id", "", "0191d3a0-0000-7000-8000-0000000000ff", newShowtimeId()])(
		"refuses a hold at %j, which is not the id of a showtime",
		async (showtimeId) => {
			const user = await api.newUser();
			const answer = await api.call("POST /bookings", { token: user.token, body: { showtimeId, seats: ["A1"] } });
			expect(problemIn(answer).code).toBe("not_found");
		},
	);
});

describe("400 invalid_request", () => {
	it.each([
		[{ seats: [] }, "/seats"],
		[{ seats: ["A1", "A1"] }, "/seats"],
		[{ seats: row("A", 11) }, "/seats"],
		[{ seats: [""] }, "/seats/0"],
		[{ seats: [1] }, "/seats/0"],
		[{ seats: "A1" }, "/seats"],
		[{ seats: ["A1"], price: 0 }, "/price"],
		[{}, "/seats"],
	])("refuses the hold body %j and points at the invalid field", async (body, pointer) => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const problem = problemIn(await api.call("POST /bookings", { token: user.token, body: { showtimeId, ...body } }));
		expect(problem.code).toBe("invalid_request");
		expect(problem.errors?.map((error) => error.pointer)).toEqual([pointer]);
	});

	it.each(["", "with space", "x".repeat(65), "sémicolon"])("refuses the Idempotency-Key %j", async (key) => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const problem = problemIn(await api.hold(user, showtimeId, ["A1"], { "idempotency-key": key }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", "/headers/idempotency-key"]);
	});

	it("applies a lower limit of seats per booking when one is set", async () => {
		const strict = await api.startAnother({ limits: { seatsPerBookingMax: 2 } });
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		expect(problemIn(await strict.hold(user, showtimeId, row("A", 3))).errors).toEqual([
			{ pointer: "/seats", message: "must NOT have more than 2 items" },
		]);
		expect((await strict.hold(user, showtimeId, row("A", 2))).status).toBe(201);
	});
});

describe("429 too_many_requests", () => {
	it("refuses the holds of a user beyond the rate limit, and not at the limit", () =>
		expectUserLimit(api, "POST /bookings", { showtimeId: "x", seats: ["A1"] }));

	it("refuses a hold beyond the hourly limit until the time in Retry-After has passed", async () => {
		const strict = await api.startAnother({ limits: { holdsPerHourMax: 2 } });
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const first = await strict.held(user, showtimeId, ["A1"]);
		await strict.call(`DELETE /bookings/${first.id}`, { token: user.token });
		const key = { "idempotency-key": "second" };
		const second = bookingIn(await strict.hold(user, showtimeId, ["A2"], key));

		const refused = await strict.hold(user, showtimeId, ["A3"]);
		expect(problemIn(refused)).toMatchObject({ code: "too_many_requests", retryable: true, detail: expect.stringContaining("past hour") });
		expect(Number(refused.headers["retry-after"])).toBeGreaterThan(3_590);
		expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(3_600);
		expect(await statusOf(showtimeId, "A3")).toBe("available");
		expect(bookingIn(await strict.hold(user, showtimeId, ["A2"], key)).id).toBe(second.id);
		const metrics = await strict.app.inject({ method: "GET", url: "/metrics" });
		expect(metrics.payload).toMatch(/^holdfast_outcomes_total\{operation="placeHold",outcome="hourly_limit"\} 1$/m);

		// Moves the first of the two holds almost an hour into the past.
		const almostMs = Date.now() - 3_600_000 + 700;
		await askRedis(api.redis.port, "ZADD", userIndexKey(bucketOf(showtimeId), user.id), "XX", String(almostMs), first.id);
		expect((await strict.hold(user, showtimeId, ["A3"])).headers["retry-after"]).toBe("1");
		await waitUntil("the second that Retry-After named", () => Date.now() >= almostMs + 3_600_300);
		expect((await strict.hold(user, showtimeId, ["A3"])).status).toBe(201);
	});
});
