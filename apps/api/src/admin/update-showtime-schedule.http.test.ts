import type { ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, createTestShowtime, insertTestRoom, sellSeats, settleContinuously } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const HOUR_MS = 3_600_000;
const REASON = "The print arrives late.";

let api: TestApi;
let admin: TestUser;
let id: ShowtimeId;
let startsAt: number;
let endSettling: () => Promise<void>;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	endSettling = settleContinuously(api);
});
beforeEach(async () => {
	startsAt = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 24 * HOUR_MS;
	id = await createTestShowtime(api, admin, { startsAt: at(startsAt) });
});
afterAll(async () => {
	await endSettling();
	await api.close();
});

const at = (ms: number): string => new Date(ms).toISOString();
const put = (fields: object, headers: Record<string, string> = {}): Promise<TestAnswer> =>
	api.call(`PUT /admin/showtimes/${id}`, { token: admin.token, body: { reason: REASON, ...fields }, headers });
const showBooking = async (booking: { id: string; user: TestUser }, app: Pick<TestApi, "call"> = api) =>
	Object((await app.call(`GET /bookings/${booking.id}`, { token: booking.user.token })).body);

describe("200", () => {
	it("moves the showtime, and the end of its sales with it, and raises both versions", async () => {
		const answer = await put({ startsAt: at(startsAt + HOUR_MS) });
		expect([answer.status, answer.headers.etag, answer.body]).toMatchObject([
			200,
			'"2.2"',
			{ startsAt: at(startsAt + HOUR_MS), salesCloseAt: at(startsAt + HOUR_MS), recorded: true },
		]);
		const [row] = await api.sql(`select occupied_until - ends_at as pause from showtimes where id = '${id}'`);
		expect(row?.pause).toBe("00:20:00");
	});

	it("shows a buyer the old and the new time in every process within a second", async () => {
		const other = await api.startAnother();
		const booking = await sellSeats(api, id, ["A1"]);
		const before = await showBooking(booking, other);
		expect([before.rescheduled, before.showtime.startsAt]).toEqual([null, at(startsAt)]);
		await put({ startsAt: at(startsAt + HOUR_MS) });
		const askedMs = performance.now();
		const after = await waitUntil("the other process to show the move", async () => {
			const shown = await showBooking(booking, other);
			return shown.rescheduled !== null && shown;
		});
		expect(performance.now() - askedMs).toBeLessThan(1_500);
		expect([after.showtime.startsAt, after.rescheduled.from]).toEqual([
			at(startsAt + HOUR_MS),
			{ startsAt: at(startsAt), endsAt: before.showtime.endsAt },
		]);
	});

	it("gives each active booking one notice of the version, whether it was settled before or after", async () => {
		const [early, late] = [await sellSeats(api, id, ["A1"]), await api.newUser()];
		const held = await api.held(late, id, ["A2"]);
		await put({ startsAt: at(startsAt + HOUR_MS) });
		await api.call(`POST /bookings/${held.id}/confirm`, { token: late.token });
		const notices = await waitUntil("both notices", async () => {
			const rows = await api.sql(`select booking_id, version from notices where showtime_id = '${id}' and kind = 'showtime.rescheduled'`);
			return rows.length === 2 && rows;
		});
		expect(notices.map(({ booking_id, version }) => [booking_id, version]).toSorted()).toEqual(
			[
				[early.id, "2"],
				[held.id, "2"],
			].toSorted(),
		);
	});

	it("writes one audit row with the times before and after, and the reason", async () => {
		await put({ startsAt: at(startsAt + HOUR_MS) });
		expect((await auditOf(api, id)).slice(1)).toMatchObject([
			{
				action: "showtime.rescheduled",
				actor: admin.id,
				reason: REASON,
				before: { startsAt: at(startsAt) },
				after: { startsAt: at(startsAt + HOUR_MS) },
			},
		]);
	});

	it("changes nothing when the showtime is at that time already, whatever If-Match says", async () => {
		await put({ startsAt: at(startsAt + HOUR_MS) });
		const answer = await put({ startsAt: at(startsAt + HOUR_MS) }, { "if-match": '"1.1"' });
		expect([answer.status, answer.headers.etag]).toEqual([200, '"2.2"']);
		expect(await auditOf(api, id)).toHaveLength(2);
	});

	it("moves a showtime by less than its length, onto its own slot", async () => {
		expect((await put({ startsAt: at(startsAt + HOUR_MS / 4) })).status).toBe(200);
	});

	it("takes a local start and a new length", async () => {
		const answer = await put({ localStart: "2027-06-01T20:15", extraMinutes: 30 });
		expect(answer.body).toMatchObject({ startsAt: "2027-06-01T18:15:00.000Z", endsAt: "2027-06-01T20:29:00.000Z" });
	});

	it("accepts a condition on the schedule although the terms have changed since", async () => {
		await api.call(`PUT /admin/showtimes/${id}`, { token: admin.token, body: { state: "paused" } });
		expect((await put({ startsAt: at(startsAt + HOUR_MS) }, { "if-match": '"1.1"' })).status).toBe(200);
	});
});

describe("412 version_mismatch", () => {
	it("gives the second of two editors the showtime as it is, and moves nothing", async () => {
		await put({ startsAt: at(startsAt + HOUR_MS) }, { "if-match": '"1.1"' });
		const answer = await put({ startsAt: at(startsAt + 2 * HOUR_MS) }, { "if-match": '"1.1"' });
		expect([problemIn(answer).code, problemIn(answer).current]).toMatchObject(["version_mismatch", { startsAt: at(startsAt + HOUR_MS) }]);
	});
});

describe("409 showtime_clash", () => {
	it("names the showtime in the way and the next free start", async () => {
		const [row] = await api.sql(`select movie_id, auditorium_id from showtimes where id = '${id}'`);
		const body = { movieId: row?.movie_id, auditoriumId: row?.auditorium_id, startsAt: at(startsAt + 4 * HOUR_MS) };
		const { body: other } = await api.call("POST /admin/showtimes", { token: admin.token, body });
		const problem = problemIn(await put({ startsAt: at(startsAt + 3 * HOUR_MS) }));
		expect([problem.code, problem.clash, problem.nextFreeStart]).toMatchObject([
			"showtime_clash",
			{ id: Object(other).id },
			Object(other).occupiedUntil,
		]);
	});
});

describe("422 showtime_in_past", () => {
	it("refuses a start that has passed", async () => {
		expect(problemIn(await put({ startsAt: at(Date.now() - 1_000) })).code).toBe("showtime_in_past");
	});
});

describe("422 time_skipped", () => {
	it("names both instants around a local start that a clock change skips", async () => {
		expect(problemIn(await put({ localStart: "2027-03-28T02:30" })).instants).toHaveLength(2);
	});
});

describe("422 time_ambiguous", () => {
	it("names both instants of a local start that a clock change repeats", async () => {
		expect(problemIn(await put({ localStart: "2027-10-31T02:30" })).code).toBe("time_ambiguous");
	});
});

describe("409 showtime_closed", () => {
	it("refuses to move a showtime that has started", async () => {
		await api.sql(`update showtimes set starts_at = now() - interval '1 minute' where id = '${id}'`);
		expect(problemIn(await put({ startsAt: at(startsAt + HOUR_MS) })).code).toBe("showtime_closed");
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ startsAt: "2027-06-01T18:00:00Z", state: "paused" }, ""],
		[{ startsAt: "2027-06-01T18:00:00Z", localStart: "2027-06-01T20:00" }, ""],
		[{ extraMinutes: 5 }, ""],
		[{ startsAt: "2027-06-01T18:00:00Z", reason: undefined }, "/reason"],
		[{ localStart: "2027-02-30T20:15" }, "/localStart"],
		[{ startsAt: "2027-06-01T18:00:00Z", extraMinutes: 241 }, "/extraMinutes"],
	])("refuses the move %j and points at what is wrong", async (fields, pointer) => {
		const problem = problemIn(await put(fields));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Redis stops after the ledger has the new time, and the repeat finishes the move", async () => {
		await put({ startsAt: at(startsAt + HOUR_MS) });
		const stuck = await api.startAnother({
			rates: { userBurst: 10_000, userRate: 10_000 },
			wrapStore: (store) => ({ ...store, reschedule: () => Promise.reject(new SeatStoreFault("unavailable", "away")) }),
		});
		const body = { startsAt: at(startsAt + 2 * HOUR_MS), reason: REASON };
		const answer = await stuck.call(`PUT /admin/showtimes/${id}`, { token: admin.token, body });
		expect(problemIn(answer).code).toBe("outcome_unknown");
		expect((await put(body)).body).toMatchObject({ startsAt: at(startsAt + 2 * HOUR_MS), version: "3.3" });
		expect((await auditOf(api, id)).filter(({ action }) => action === "showtime.rescheduled")).toHaveLength(2);
	});
});

it("moves of one auditorium by 20 admins at once leave no overlap and no 5xx", async () => {
	const room = await insertTestRoom(api);
	const ids = await Promise.all(
		Array.from({ length: 10 }, (_, index) =>
			createTestShowtime(api, admin, { auditoriumId: room, startsAt: at(startsAt + index * 3 * HOUR_MS) }),
		),
	);
	const answers = await Promise.all(
		ids.flatMap((showtimeId, index) =>
			[-1, 1].map((shift) =>
				api.call(`PUT /admin/showtimes/${showtimeId}`, {
					token: admin.token,
					body: { startsAt: at(startsAt + index * 3 * HOUR_MS + shift * HOUR_MS), reason: REASON },
				}),
			),
		),
	);
	for (const { status } of answers) expect([200, 409]).toContain(status);
	const [overlaps] = await api.sql(`select count(*) from showtimes a join showtimes b on a.auditorium_id = b.auditorium_id and a.id < b.id
		and tstzrange(a.starts_at, a.occupied_until) && tstzrange(b.starts_at, b.occupied_until) where a.auditorium_id = '${room}'`);
	expect(overlaps?.count).toBe("0");
});
