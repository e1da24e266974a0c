import { newAuditoriumId, newMovieId, STATISTICS_DAYS_MAX } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FiguresBody, StatisticsRowBody } from "../contract/statistics.ts";
import { createTestMovie, insertTestRoom, sellSeats, settleContinuously } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let movies: string[];
let rooms: string[];
/** Showtimes: 2031-03-07 20:15 and 2031-03-08 00:30 in a room whose day begins at 06:00, 2031-03-08 20:15 there, and 2031-03-07 in another. */
let showtimes: string[];
let unsettled: string;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	movies = [(await createTestMovie(api, admin, { title: "Alien" })).id, (await createTestMovie(api, admin, { title: "Zorro" })).id];
	rooms = [
		await insertTestRoom(api, { dayStartsAt: "06:00" }),
		await insertTestRoom(api, { timeZone: "America/New_York", currency: "USD" }),
	];
	await api.sql(`update auditoriums set name = 'Hall 2' where id = '${rooms[1]}'`);
	showtimes = [
		await schedule(0, 0, "2031-03-07T20:15"),
		await schedule(1, 0, "2031-03-08T00:30"),
		await schedule(0, 0, "2031-03-08T20:15"),
		await schedule(0, 1, "2031-03-07T20:15"),
	];
	const [first = "", second = "", third = "", fourth = ""] = showtimes;
	const endSettling = settleContinuously(api);
	const block = { block: ["J1", "J2"], reason: "Broken." };
	await api.call(`PUT /admin/showtimes/${first}/blocks`, { token: admin.token, body: block });
	await sell(first, ["A1", "A2"]);
	const cancelled = await sell(first, ["A3"]);
	await api.call(`DELETE /bookings/${cancelled.id}`, { token: cancelled.user.token });
	await sell(second, ["A1"]);
	const [paid] = [await sell(third, ["A1"]), await sell(third, ["A2", "A3"])];
	await sell(fourth, ["A1", "A2", "A3"]);
	await api.call(`DELETE /admin/showtimes/${third}?reason=Power%20cut`, { token: admin.token });
	await endSettling();
	await settleOutboxes(api.seatStore, api.databaseUrl);
	await api.sql(`update refunds set state = 'done', done_at = now() where booking_id = '${paid?.id}'`);
	unsettled = (await sell(fourth, ["B1"])).id;
});
afterAll(() => api.close());

async function schedule(movie: number, room: number, localStart: string): Promise<string> {
	const body = { movieId: movies[movie], auditoriumId: rooms[room], localStart };
	const answer = await api.call("POST /admin/showtimes", { token: admin.token, body });
	if (answer.status !== 201) throw new Error(`expected a showtime, got ${JSON.stringify(answer.body)}`);
	return Object(answer.body).id;
}
const sell = (showtimeId: string, seats: readonly string[]) => sellSeats(api, showtimeId as Parameters<typeof sellSeats>[1], seats);

const ask = (query: string): Promise<TestAnswer> => api.call(`GET /admin/stats${query}`, { token: admin.token });
const WEEK = "from=2031-03-03&to=2031-03-09";
type Body = { items: StatisticsRowBody[]; totals: FiguresBody; nextCursor: string | null; settleLagMs: number };
async function read(query: string): Promise<Body> {
	const { status, body } = await ask(`?${query}`);
	if (status !== 200) throw new Error(`expected statistics, got ${JSON.stringify(body)}`);
	return body as Body;
}
const amounts = ({ money }: FiguresBody) =>
	money.map(({ currency, gross, cancelled, refundsDue, refundsPaid }) => [
		currency,
		...[gross, cancelled, refundsDue, refundsPaid].map(({ amount }) => amount),
	]);

describe("200", () => {
	it("counts a show after midnight to the evening before, and adds nothing up over currencies", async () => {
		const { items, totals, nextCursor } = await read(WEEK);
		expect(items.map(({ day, sold, capacity, occupancy }) => [day, sold, capacity, occupancy])).toEqual([
			["2031-03-07", 6, 298, 0.0201],
			["2031-03-08", 0, 0, null],
		]);
		expect(items.map(amounts)).toEqual([
			[
				["EUR", 3750, 1250, 0, 0],
				["USD", 3750, 0, 0, 0],
			],
			[["EUR", 0, 3750, 2500, 1250]],
		]);
		expect(items[0]).toMatchObject({
			showtimes: 3,
			cancelledShowtimes: 0,
			bookings: 3,
			cancels: 1,
			movie: null,
			auditorium: null,
			showtime: null,
		});
		expect(items[1]).toMatchObject({ showtimes: 0, cancelledShowtimes: 1, bookings: 0, cancels: 2 });
		expect(totals).toMatchObject({ showtimes: 3, cancelledShowtimes: 1, capacity: 298, sold: 6, bookings: 3, cancels: 3 });
		expect(amounts(totals)).toEqual([
			["EUR", 3750, 5000, 2500, 1250],
			["USD", 3750, 0, 0, 0],
		]);
		expect(nextCursor).toBeNull();
	});

	it("groups by movie and by auditorium, by name, and by showtime, by start", async () => {
		const byMovie = await read(`groupBy=movie&${WEEK}`);
		expect(byMovie.items.map(({ movie, day, sold, cancels }) => [movie?.title, day, sold, cancels])).toEqual([
			["Alien", null, 5, 3],
			["Zorro", null, 1, 0],
		]);
		const byRoom = await read(`groupBy=auditorium&${WEEK}`);
		expect(byRoom.items.map(({ auditorium, movie, ...row }) => [auditorium?.name, movie, ...amounts(row)])).toEqual([
			["Hall 1", null, ["EUR", 3750, 5000, 2500, 1250]],
			["Hall 2", null, ["USD", 3750, 0, 0, 0]],
		]);
		const byShowtime = await read(`groupBy=showtime&${WEEK}`);
		const [first, second, third, fourth] = showtimes;
		expect(byShowtime.items.map(({ showtime, day, sold, capacity }) => [showtime?.id, day, sold, capacity])).toEqual([
			[first, "2031-03-07", 2, 98],
			[second, "2031-03-07", 1, 100],
			[fourth, "2031-03-07", 3, 100],
			[third, "2031-03-08", 0, 0],
		]);
		expect(byShowtime.items[1]).toMatchObject({
			movie: { id: movies[1], title: "Zorro" },
			auditorium: { id: rooms[0], name: "Hall 1" },
			showtime: { startsAt: "2031-03-07T23:30:00.000Z" },
		});
	});

	it("takes single days, one movie and one auditorium", async () => {
		expect((await read("from=2031-03-08&to=2031-03-08")).totals).toMatchObject({ cancelledShowtimes: 1, sold: 0 });
		expect((await read("from=2031-03-07&to=2031-03-07")).totals).toMatchObject({ showtimes: 3, sold: 6 });
		expect((await read(`${WEEK}&movieId=${movies[1]}`)).totals).toMatchObject({ showtimes: 1, sold: 1 });
		expect((await read(`${WEEK}&auditoriumId=${rooms[1]}`)).totals).toMatchObject({ showtimes: 1, sold: 3 });
		expect((await read(`${WEEK}&movieId=${movies[1]}&auditoriumId=${rooms[1]}`)).totals).toMatchObject({ showtimes: 0, sold: 0 });
	});

	it("has no items and totals of zero for a period or a movie without showtimes", async () => {
		const nothing = { showtimes: 0, cancelledShowtimes: 0, capacity: 0, sold: 0, occupancy: null, bookings: 0, cancels: 0, money: [] };
		for (const query of ["from=2031-01-01&to=2031-01-31", `${WEEK}&movieId=${newMovieId()}`, `${WEEK}&auditoriumId=${newAuditoriumId()}`])
			expect(await read(query)).toMatchObject({ items: [], nextCursor: null, totals: nothing });
	});

	it("pages the groups, and the totals stay those of the whole period", async () => {
		for (const groupBy of ["day", "movie", "auditorium", "showtime"]) {
			const whole = await read(`groupBy=${groupBy}&${WEEK}`);
			const seen: StatisticsRowBody[] = [];
			let cursor: string | null = null;
			do {
				const page: Body = await read(`groupBy=${groupBy}&${WEEK}&limit=1${cursor === null ? "" : `&cursor=${cursor}`}`);
				expect(page.totals).toEqual(whole.totals);
				seen.push(...page.items);
				cursor = page.nextCursor;
			} while (cursor !== null);
			expect(seen).toEqual(whole.items);
		}
	});

	it("counts a blocked seat that is sold all the same to the capacity", async () => {
		const [first] = showtimes;
		await api.sql(`update showtimes set blocked_seats = '{0, 98, 99}' where id = '${first}'`);
		const [row] = (await read(`groupBy=showtime&${WEEK}`)).items;
		await api.sql(`update showtimes set blocked_seats = '{98, 99}' where id = '${first}'`);
		expect([row?.sold, row?.capacity]).toEqual([2, 98]);
	});

	it("lacks a sale that is not settled, and says since when", async () => {
		expect((await read(WEEK)).settleLagMs).toBeGreaterThan(0);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		expect((await read(WEEK)).totals.sold).toBe(7);
		await api.sql(`delete from booking_seats where booking_id = '${unsettled}'; delete from bookings where id = '${unsettled}'`);
	});
});

describe("400 invalid_request", () => {
	it(`accepts ${STATISTICS_DAYS_MAX} days and refuses one more, with the number of days`, async () => {
		expect((await ask("?from=2031-01-01&to=2031-04-02")).status).toBe(200);
		expect(problemIn(await ask("?from=2031-01-01&to=2031-04-03")).errors).toEqual([
			{ pointer: "/query/to", message: "makes the period 93 days long: at most 92 are allowed" },
		]);
	});

	it.each([
		["", "/query/from"],
		["from=2031-03-01", "/query/to"],
		["from=2031-02-30&to=2031-03-01", "/query/from"],
		["from=2031-03-02&to=2031-03-01", "/query/to"],
		["from=2031-03-01T00:00&to=2031-03-01", "/query/from"],
		["from=0999-03-01&to=0999-03-01", "/query/from"],
		[`${WEEK}&groupBy=week`, "/query/groupBy"],
		[`${WEEK}&movieId=7`, "/query/movieId"],
		[`${WEEK}&auditoriumId=7`, "/query/auditoriumId"],
		[`${WEEK}&limit=0`, "/query/limit"],
		[`${WEEK}&cursor=nonsense`, "/query/cursor"],
		[`${WEEK}&until=2031-03-09`, "/query/until"],
	])("refuses the statistics query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await ask(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("refuses the cursor of another grouping", async () => {
		const { nextCursor } = await read(`groupBy=movie&${WEEK}&limit=1`);
		expect(problemIn(await ask(`?groupBy=auditorium&${WEEK}&cursor=${nextCursor}`)).errors?.[0]?.pointer).toBe("/query/cursor");
	});
});
