import { newAuditoriumId, newMovieId, newSeatPlanId } from "@holdfast/domain";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, createTestMovie, insertTestRoom } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The movie takes 100 minutes, and cleaning 20. */
const OCCUPIED_MS = 120 * MINUTE_MS;
const NO_SHOWTIME = { count: "0" };

let api: TestApi;
let admin: TestUser;
let movieId: string;
let auditoriumId: string;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	movieId = (await createTestMovie(api, admin, { durationMinutes: 100 })).id;
});
beforeEach(async () => {
	auditoriumId = await insertTestRoom(api);
});
afterAll(() => api.close());

/** Tomorrow at a full minute, so that every test schedules into an empty auditorium. */
const tomorrow = Math.ceil(Date.now() / DAY_MS + 1) * DAY_MS;
const at = (ms: number): string => new Date(ms).toISOString();
const post = (fields: object, token = admin.token): Promise<TestAnswer> =>
	api.call("POST /admin/showtimes", { token, body: { movieId, auditoriumId, startsAt: at(tomorrow), ...fields } });
const countShowtimes = async () => (await api.sql(`select count(*) from showtimes where auditorium_id = '${auditoriumId}'`))[0];

describe("201", () => {
	it("schedules a showtime with the defaults of the auditorium, and buyers can hold its seats", async () => {
		const answer = await post({});
		expect(answer.body).toMatchObject({
			startsAt: at(tomorrow),
			endsAt: at(tomorrow + 100 * MINUTE_MS),
			occupiedUntil: at(tomorrow + OCCUPIED_MS),
			salesCloseAt: at(tomorrow),
			state: "open",
			prices: [{ tier: "standard", price: { amount: 1250, currency: "EUR" } }],
			blockedSeats: 0,
			version: "1.1",
		});
		expect([answer.status, answer.headers.etag]).toEqual([201, '"1.1"']);
		const hold = await api.held(await api.newUser(), Object(answer.body).id, ["A1", "A2"]);
		expect(hold.total).toEqual({ amount: 2500, currency: "EUR" });
	});

	it("takes extra minutes, prices, blocks, state and sales window from the request", async () => {
		const answer = await post({
			extraMinutes: 15,
			prices: [{ tier: "standard", price: { amount: 900, currency: "EUR" } }],
			blocks: ["B2", "A1"],
			state: "paused",
			salesOpenAt: at(tomorrow - DAY_MS / 2),
			salesCloseAt: at(tomorrow - MINUTE_MS),
		});
		expect(answer.body).toMatchObject({
			endsAt: at(tomorrow + 115 * MINUTE_MS),
			occupiedUntil: at(tomorrow + 135 * MINUTE_MS),
			prices: [{ tier: "standard", price: { amount: 900, currency: "EUR" } }],
			blockedSeats: 2,
			state: "paused",
			salesOpenAt: at(tomorrow - DAY_MS / 2),
			salesCloseAt: at(tomorrow - MINUTE_MS),
		});
		const [row] = await api.sql(`select blocked_seats from showtimes where id = '${Object(answer.body).id}'`);
		expect(row?.blocked_seats).toBe("{0,11}");
	});

	it("writes one audit row with the fields of the showtime", async () => {
		const { body } = await post({});
		expect(await auditOf(api, Object(body).id)).toMatchObject([
			{ action: "showtime.scheduled", actor: admin.id, before: null, after: { movieId, auditoriumId, startsAt: at(tomorrow) } },
		]);
	});

	it("starts a showtime exactly when the cleaning after another ends", async () => {
		await post({});
		expect((await post({ startsAt: at(tomorrow + OCCUPIED_MS) })).status).toBe(201);
		expect((await post({ startsAt: at(tomorrow - OCCUPIED_MS) })).status).toBe(201);
	});

	it("ignores a cancelled showtime at the same time", async () => {
		const { body } = await post({});
		await api.sql(`update showtimes set state = 'cancelled' where id = '${Object(body).id}'`);
		expect((await post({})).status).toBe(201);
	});

	it.each([
		["Europe/Vienna", "2027-03-28T03:00", "2027-03-28T01:00:00.000Z"],
		["America/New_York", "2027-03-14T03:00", "2027-03-14T07:00:00.000Z"],
		["Asia/Tokyo", "2027-03-28T02:30", "2027-03-27T17:30:00.000Z"],
	])("schedules a local start in %s at %s", async (timeZone, localStart, startsAt) => {
		auditoriumId = await insertTestRoom(api, { timeZone });
		const answer = await post({ startsAt: undefined, localStart });
		expect(answer.body).toMatchObject({ startsAt, localStart, timeZone });
	});

	it("counts a start before the beginning of the auditorium's day to the day before", async () => {
		auditoriumId = await insertTestRoom(api, { timeZone: "Europe/Vienna", dayStartsAt: "06:00" });
		expect(Object((await post({ startsAt: undefined, localStart: "2027-06-12T00:30" })).body).day).toBe("2027-06-11");
	});
});

describe("409 showtime_clash", () => {
	it.each([
		["a minute too early after another", -1],
		["at the same time", -120],
		["a minute too late before another", -239],
	])("names the showtime in the way and the next free start of a start %s", async (_when, minutes) => {
		const { body: other } = await post({});
		await post({ startsAt: at(tomorrow + OCCUPIED_MS + 30 * MINUTE_MS) });
		const problem = problemIn(await post({ startsAt: at(tomorrow + OCCUPIED_MS + minutes * MINUTE_MS) }));
		expect([problem.code, problem.clash, problem.nextFreeStart]).toEqual([
			"showtime_clash",
			{ id: Object(other).id, title: "The Third Man", startsAt: at(tomorrow), occupiedUntil: at(tomorrow + OCCUPIED_MS) },
			at(tomorrow + 2 * OCCUPIED_MS + 30 * MINUTE_MS),
		]);
	});

	it("lets exactly those of 200 admins win whose showtimes do not overlap, when all schedule into one auditorium at once", async () => {
		const offsets = Array.from({ length: 200 }, (_, index) => (index * 37) % 1_440);
		const answers = await Promise.all(offsets.map((minutes) => post({ startsAt: at(tomorrow + minutes * MINUTE_MS) })));
		const won = answers.filter(({ status }) => status === 201);
		expect(answers.filter(({ status }) => status !== 201).map((answer) => problemIn(answer).code)).toEqual(
			Array.from({ length: 200 - won.length }, () => "showtime_clash"),
		);
		const ranges = won.map(({ body }) => [Object(body).startsAt, Object(body).occupiedUntil]).toSorted();
		for (const [index, [startsAt]] of ranges.entries()) if (index > 0) expect(startsAt >= ranges[index - 1]?.[1]).toBe(true);
		expect(await countShowtimes()).toEqual({ count: String(won.length) });
		expect(won.length).toBeGreaterThanOrEqual(6);
	});
});

describe("422 showtime_in_past", () => {
	it("refuses a start that has passed", async () => {
		expect(problemIn(await post({ startsAt: at(Date.now() - 1_000) })).code).toBe("showtime_in_past");
		expect(await countShowtimes()).toEqual(NO_SHOWTIME);
	});
});

describe("422 time_skipped", () => {
	it("names both instants around a local time that a clock change skips", async () => {
		const problem = problemIn(await post({ startsAt: undefined, localStart: "2027-03-28T02:30" }));
		expect([problem.code, problem.instants]).toEqual(["time_skipped", ["2027-03-28T00:30:00.000Z", "2027-03-28T01:30:00.000Z"]]);
	});
});

describe("422 time_ambiguous", () => {
	it("names both instants of a local time that a clock change repeats", async () => {
		const problem = problemIn(await post({ startsAt: undefined, localStart: "2027-10-31T02:30" }));
		expect([problem.code, problem.instants]).toEqual(["time_ambiguous", ["2027-10-31T00:30:00.000Z", "2027-10-31T01:30:00.000Z"]]);
	});
});

describe("422 unknown_tiers", () => {
	it("names the tiers that have no price and those that the plan lacks", async () => {
		const problem = problemIn(await post({ prices: [{ tier: "premium", price: { amount: 1, currency: "EUR" } }] }));
		expect([problem.code, problem.errors?.map(({ message }) => message)]).toEqual([
			"unknown_tiers",
			["has no price for the tier standard", "the seat plan has no tier premium"],
		]);
	});
});

describe("422 currency_mismatch", () => {
	it("refuses prices in another currency than the auditorium's, such as one with another exponent", async () => {
		const problem = problemIn(await post({ prices: [{ tier: "standard", price: { amount: 1250, currency: "JPY" } }] }));
		expect([problem.code, problem.errors?.[0]?.message]).toEqual(["currency_mismatch", "prices of this auditorium are in EUR"]);
	});
});

describe("422 unknown_seats", () => {
	it("names the labels to block that the plan lacks", async () => {
		const problem = problemIn(await post({ blocks: ["A1", "Z9", "a2"] }));
		expect([problem.code, problem.seats]).toEqual(["unknown_seats", ["Z9", "a2"]]);
	});
});

describe("422 unknown_reference", () => {
	it.each([
		["/movieId", () => ({ movieId: newMovieId() })],
		["/movieId", () => ({ movieId: "nonsense" })],
		["/auditoriumId", () => ({ auditoriumId: newAuditoriumId() })],
		["/planId", () => ({ planId: newSeatPlanId() })],
	])("points at %s when it names nothing", async (pointer, fields) => {
		const problem = problemIn(await post(fields()));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["unknown_reference", pointer]);
	});

	it("refuses an archived movie and an archived auditorium", async () => {
		const archived = await createTestMovie(api, admin);
		await api.sql(`update movies set archived_at = now() where id = '${archived.id}'`);
		expect(problemIn(await post({ movieId: archived.id })).errors?.[0]?.pointer).toBe("/movieId");
		await api.sql(`update auditoriums set archived_at = now() where id = '${auditoriumId}'`);
		expect(problemIn(await post({})).errors?.[0]?.pointer).toBe("/auditoriumId");
	});
});

describe("422 invalid_window", () => {
	it("refuses sales that close a millisecond before they open, and takes those that close as they open", async () => {
		const window = (close: number) => ({ salesOpenAt: at(tomorrow - 1_000), salesCloseAt: at(tomorrow - 1_000 + close) });
		expect(problemIn(await post(window(-1))).code).toBe("invalid_window");
		expect((await post(window(0))).status).toBe(201);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ startsAt: undefined }, ""],
		[{ localStart: "2027-03-26T20:15" }, ""],
		[{ startsAt: undefined, localStart: "2027-02-30T20:15" }, "/localStart"],
		[{ startsAt: "tomorrow" }, "/startsAt"],
		[{ extraMinutes: 241 }, "/extraMinutes"],
		[{ extraMinutes: -1 }, "/extraMinutes"],
		[{ state: "cancelled" }, "/state"],
		[{ prices: [] }, "/prices"],
		[{ prices: Array.from({ length: 2 }, () => ({ tier: "standard", price: { amount: 1, currency: "EUR" } })) }, "/prices"],
		[{ prices: [{ tier: "standard", price: { amount: 1_000_000_000_000, currency: "EUR" } }] }, "/prices/0/price/amount"],
		[{ blocks: Array.from({ length: 1_001 }, (_, index) => `A${index}`) }, "/blocks"],
		[{ until: at(tomorrow) }, "/until"],
	])("refuses the fields %j and points at what is wrong", async (fields, pointer) => {
		const problem = problemIn(await post(fields));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await countShowtimes()).toEqual(NO_SHOWTIME);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost while the showtime is inserted", async () => {
		expect((await whileWritesLosePostgres(api, "showtimes", () => post({}))).code).toBe("outcome_unknown");
	});
});

it("the database keeps showtimes of one auditorium apart even without the checks of the API", async () => {
	const { body } = await post({});
	const copy = `insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, occupied_until, time_zone, prices, currency,
		sales_open_at, sales_close_at) select gen_random_uuid(), movie_id, auditorium_id, seat_plan_id, starts_at + interval '119 minutes',
		ends_at + interval '119 minutes', occupied_until + interval '119 minutes', time_zone, prices, currency, sales_open_at, sales_close_at
		from showtimes where id = '${Object(body).id}'`;
	await expect(api.sql(copy)).rejects.toThrow("showtimes_do_not_overlap");
});
