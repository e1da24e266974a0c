import { newMovieId } from "@holdfast/domain";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, createTestMovie, insertTestRoom } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

/** 50 days of ten showtimes each: as many as one request may schedule. A movie takes 80 minutes, and cleaning 20. */
const FIVE_HUNDRED = {
	from: "2027-06-01",
	until: "2027-07-20",
	weekdays: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
	times: ["08:00", "09:40", "11:20", "13:00", "14:40", "16:20", "18:00", "19:40", "21:20", "23:00"],
};
const WEEK = { ...FIVE_HUNDRED, until: "2027-06-07", times: ["20:15"] };

let api: TestApi;
let admin: TestUser;
let movieId: string;
let auditoriumId: string;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	movieId = (await createTestMovie(api, admin, { durationMinutes: 80 })).id;
});
beforeEach(async () => {
	auditoriumId = await insertTestRoom(api);
});
afterAll(() => api.close());

const bulk = (fields: object, headers: Record<string, string> = {}): Promise<TestAnswer> =>
	api.call("POST /admin/showtimes/bulk", { token: admin.token, body: { movieId, auditoriumId, onClash: "fail", ...fields }, headers });
const scheduleOne = async (localStart: string): Promise<string> =>
	Object((await api.call("POST /admin/showtimes", { token: admin.token, body: { movieId, auditoriumId, localStart } })).body).id;
const countShowtimes = async () =>
	Number((await api.sql(`select count(*) from showtimes where auditorium_id = '${auditoriumId}'`))[0]?.count);
const outcomesIn = ({ body }: TestAnswer): string[] => Object(body).starts.map(({ outcome }: { outcome: string }) => outcome);

describe("201", () => {
	it("schedules each time on each planned day by the clock of the venue, except on the days left out", async () => {
		const answer = await bulk({ ...WEEK, weekdays: ["fri", "sat"], times: ["20:15", "24:30"], except: ["2027-06-05"] });
		expect([answer.status, answer.body]).toMatchObject([
			201,
			{
				scheduled: 2,
				starts: [
					{ date: "2027-06-04", time: "20:15", outcome: "scheduled", startsAt: "2027-06-04T18:15:00.000Z" },
					{ date: "2027-06-04", time: "24:30", outcome: "scheduled", startsAt: "2027-06-04T22:30:00.000Z" },
				],
			},
		]);
	});

	it("closes the sales of each showtime the given minutes before its start", async () => {
		await bulk({ ...WEEK, window: { salesOpenAt: "2027-01-01T09:00:00Z", closeMinutesBefore: 30 } });
		const [row] = await api.sql(`select count(*) from showtimes where auditorium_id = '${auditoriumId}'
			and sales_open_at = '2027-01-01T09:00Z' and sales_close_at = starts_at - interval '30 minutes'`);
		expect(row?.count).toBe("7");
	});

	it("schedules 499 of 500 showtimes with onClash skip when one clashes, and says which", async () => {
		const other = await scheduleOne("2027-06-10T13:30");
		const answer = await bulk({ ...FIVE_HUNDRED, onClash: "skip" });
		expect([answer.status, Object(answer.body).scheduled, await countShowtimes()]).toEqual([201, 498, 499]);
		const refused = Object(answer.body).starts.filter(({ outcome }: { outcome: string }) => outcome !== "scheduled");
		expect(refused).toMatchObject([
			{ date: "2027-06-10", time: "13:00", outcome: "showtime_clash", clash: { id: other } },
			{ date: "2027-06-10", time: "14:40", outcome: "showtime_clash", clash: { id: other } },
		]);
	});

	it("takes the first of a time that a clock change repeats, and reports one that it skips", async () => {
		const days = { ...WEEK, weekdays: ["sun"], times: ["02:30"], onClash: "skip" };
		expect(outcomesIn(await bulk({ ...days, from: "2027-03-28", until: "2027-03-28" }))).toEqual(["time_skipped"]);
		const answer = await bulk({ ...days, from: "2027-10-31", until: "2027-10-31" });
		expect(Object(answer.body).starts).toMatchObject([{ outcome: "scheduled", startsAt: "2027-10-31T00:30:00.000Z" }]);
	});

	it("repeats the first answer for the same key and body, and schedules nothing again", async () => {
		const key = { "idempotency-key": "week-23" };
		const [first, second] = [await bulk(WEEK, key), await bulk(WEEK, key)];
		expect(second.body).toEqual(first.body);
		expect([first.headers["idempotency-replayed"], second.headers["idempotency-replayed"], await countShowtimes()]).toEqual([
			undefined,
			"true",
			7,
		]);
	});

	it("schedules once when ten requests with one key arrive at once", async () => {
		const answers = await Promise.all(Array.from({ length: 10 }, () => bulk(WEEK, { "idempotency-key": "at-once" })));
		expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
		expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
		expect(await countShowtimes()).toBe(7);
	});

	it("writes one audit row for each showtime and one for the command", async () => {
		const { body } = await bulk(WEEK);
		expect(await auditOf(api, Object(body).batchId)).toMatchObject([{ action: "batch.scheduled", after: { scheduled: 7, of: 7 } }]);
		const [row] = await api.sql(`select count(*) from audit_events where action = 'showtime.scheduled'
			and showtime_id in (select id from showtimes where auditorium_id = '${auditoriumId}')`);
		expect(row?.count).toBe("7");
	});

	it("writes no audit row when onClash skip leaves out every start", async () => {
		await bulk(WEEK);
		const answer = await bulk({ ...WEEK, onClash: "skip" });
		expect([answer.status, answer.body]).toMatchObject([201, { batchId: null, scheduled: 0 }]);
		const batches = await api.sql(`select after->>'scheduled' as scheduled from audit_events
			where action = 'batch.scheduled' and after->>'auditoriumId' = '${auditoriumId}'`);
		expect(batches).toEqual([{ scheduled: "7" }]);
	});
});

describe("200", () => {
	it("says with dryRun what would be scheduled, schedules nothing, and does not use the key", async () => {
		await scheduleOne("2027-06-03T20:00");
		const key = { "idempotency-key": "try-first" };
		const answer = await bulk({ ...WEEK, dryRun: true }, key);
		expect([answer.status, Object(answer.body).batchId, outcomesIn(answer)]).toEqual([
			200,
			null,
			["free", "free", "showtime_clash", "free", "free", "free", "free"],
		]);
		expect(await countShowtimes()).toBe(1);
		expect((await bulk({ ...WEEK, onClash: "skip" }, key)).status).toBe(201);
	});
});

describe("409 showtime_clash", () => {
	it("schedules none of 500 showtimes with onClash fail when one clashes, and lists the clash", async () => {
		const other = await scheduleOne("2027-06-10T13:00");
		const problem = problemIn(await bulk(FIVE_HUNDRED));
		expect([problem.code, problem.starts]).toMatchObject([
			"showtime_clash",
			[{ date: "2027-06-10", time: "13:00", outcome: "showtime_clash", clash: { id: other } }],
		]);
		expect(await countShowtimes()).toBe(1);
	});

	it("finds that times of the request itself overlap, by their instants", async () => {
		const problem = problemIn(await bulk({ ...WEEK, times: ["20:15", "21:54"] }));
		expect(problem.starts).toHaveLength(7);
		expect(problem.starts?.[0]).toMatchObject({ time: "21:54", clash: { id: null }, nextFreeStart: "2027-06-01T19:55:00.000Z" });
		expect((await bulk({ ...WEEK, times: ["20:15", "21:55"] })).status).toBe(201);
	});
});

describe("422 showtime_in_past", () => {
	it("lists every start of the past and schedules none", async () => {
		const problem = problemIn(await bulk({ ...WEEK, from: "2024-06-01", until: "2024-06-07" }));
		expect([problem.code, problem.starts?.length, await countShowtimes()]).toEqual(["showtime_in_past", 7, 0]);
	});
});

describe("422 time_skipped", () => {
	it("refuses a schedule with a time that a clock change skips", async () => {
		const problem = problemIn(await bulk({ ...WEEK, from: "2027-03-27", until: "2027-03-28", times: ["02:30"] }));
		expect([problem.code, problem.starts, await countShowtimes()]).toMatchObject(["time_skipped", [{ date: "2027-03-28" }], 0]);
	});
});

describe("422 invalid_window", () => {
	it("refuses sales that would open after they close", async () => {
		const problem = problemIn(await bulk({ ...WEEK, window: { salesOpenAt: "2027-06-01T18:15:00.001Z" } }));
		expect([problem.code, problem.starts?.length]).toEqual(["invalid_window", 1]);
	});
});

describe("422 idempotency_mismatch", () => {
	it("refuses another body under a key that was used", async () => {
		const key = { "idempotency-key": "once" };
		await bulk(WEEK, key);
		expect(problemIn(await bulk({ ...WEEK, times: ["10:00"] }, key)).code).toBe("idempotency_mismatch");
	});
});

describe("422 unknown_reference", () => {
	it("refuses a movie that does not exist", async () => {
		expect(problemIn(await bulk({ ...WEEK, movieId: newMovieId() })).errors?.[0]?.pointer).toBe("/movieId");
	});
});

describe("422 unknown_tiers", () => {
	it("refuses prices of a tier that the plan lacks", async () => {
		const prices = [{ tier: "vip", price: { amount: 1, currency: "EUR" } }];
		expect(problemIn(await bulk({ ...WEEK, prices })).code).toBe("unknown_tiers");
	});
});

describe("422 currency_mismatch", () => {
	it("refuses prices in another currency than the auditorium's", async () => {
		const prices = [{ tier: "standard", price: { amount: 1, currency: "USD" } }];
		expect(problemIn(await bulk({ ...WEEK, prices })).code).toBe("currency_mismatch");
	});
});

describe("422 unknown_seats", () => {
	it("refuses to block seats that the plan lacks", async () => {
		expect(problemIn(await bulk({ ...WEEK, blocks: ["Z1"] })).seats).toEqual(["Z1"]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ until: "2027-05-31" }, "/until"],
		[{ until: "2027-09-01", times: ["20:15"] }, "/until"],
		[{ until: "2027-07-21" }, ""],
		[{ times: ["30:00"] }, "/times/0"],
		[{ times: [] }, "/times"],
		[{ weekdays: ["fry"] }, "/weekdays/0"],
		[{ weekdays: [] }, "/weekdays"],
		[{ except: ["2027-02-30"] }, "/except/0"],
		[{ onClash: "ask" }, "/onClash"],
		[{ window: { closeMinutesBefore: 1_441 } }, "/window/closeMinutesBefore"],
		[{ localStart: "2027-06-01T20:15" }, "/localStart"],
	])("refuses the schedule with %j and points at what is wrong", async (fields, pointer) => {
		const problem = problemIn(await bulk({ ...FIVE_HUNDRED, ...fields }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await countShowtimes()).toBe(0);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost while the showtimes are inserted", async () => {
		expect((await whileWritesLosePostgres(api, "showtimes", () => bulk(WEEK))).code).toBe("outcome_unknown");
	});
});
