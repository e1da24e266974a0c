import { newMovieId } from "@holdfast/domain";
import { askRedis, insertShowtimes } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { withoutTables } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const HOUR_MS = 60 * 60 * 1000;

let api: TestApi;
let soon: string;
let later: string;
let started: string;
let movieId: string;
beforeAll(async () => {
	api = await startTestApi();
	[later, soon, started] = [
		await api.newShowtime({ startsInMs: 30 * HOUR_MS }),
		await api.newShowtime({ startsInMs: 2 * HOUR_MS }),
		await api.newShowtime({ startsInMs: 1 }),
	];
	await insertShowtimes(api.databaseUrl, { count: 5, startsInMs: 50 * HOUR_MS });
	movieId = (await api.sql(`select movie_id from showtimes where id = '${later}'`))[0]?.movie_id ?? "";
});
afterAll(() => api.close());

const idsIn = ({ body }: TestAnswer): string[] => Object(body).items.map(({ id }: { id: string }) => id);

describe("200", () => {
	it("lists the showtimes that have not started in pages, soonest first", async () => {
		const seen: string[] = [];
		let query = "?limit=3";
		for (let page = 0; page < 10; page += 1) {
			const answer = await api.call(`GET /showtimes${query}`);
			seen.push(...idsIn(answer));
			const { nextCursor } = Object(answer.body);
			if (nextCursor === null) break;
			query = `?limit=3&cursor=${nextCursor}`;
		}
		expect(seen.slice(0, 2)).toEqual([soon, later]);
		expect([seen.length, new Set(seen).size, seen.includes(started)]).toEqual([7, 7, false]);
	});

	it("lists the showtimes of one movie under both paths", async () => {
		expect(idsIn(await api.call(`GET /showtimes?movieId=${movieId}`))).toEqual([later]);
		expect(idsIn(await api.call(`GET /movies/${movieId}/showtimes`))).toEqual([later]);
		expect(idsIn(await api.call(`GET /showtimes?movieId=${newMovieId()}`))).toEqual([]);
	});

	it("lists the showtimes of one day in the venue's time zone", async () => {
		const [row] = await api.sql(
			`select to_char(starts_at at time zone time_zone, 'YYYY-MM-DD') as day from showtimes where id = '${later}'`,
		);
		expect(idsIn(await api.call(`GET /showtimes?movieId=${movieId}&date=${row?.day}`))).toEqual([later]);
		await api.sql(`update showtimes set time_zone = 'Pacific/Kiritimati', starts_at = '2099-05-05T11:00:00Z', ends_at = '2099-05-05T13:00:00Z', occupied_until = '2099-05-05T13:00:00Z'
			where id = '${soon}'`);
		expect(idsIn(await api.call("GET /showtimes?date=2099-05-06"))).toEqual([soon]);
		expect(idsIn(await api.call("GET /showtimes?date=2099-05-05"))).toEqual([]);
	});

	it("returns the sales window and the prices of each showtime", async () => {
		const { body } = await api.call(`GET /showtimes?movieId=${movieId}`);
		const [showtime] = Object(body).items;
		expect(showtime).toMatchObject({ state: "open", timeZone: "Europe/Vienna", prices: [{ tier: "standard", price: { amount: 1250 } }] });
		expect(Date.parse(showtime.salesOpenAt)).toBeLessThan(Date.now());
		expect(showtime.salesCloseAt).toBe(showtime.startsAt);
	});
});

describe("200 with sales", () => {
	it.each([
		["open", "now() - interval '1 hour'", "open"],
		["open", "now() + interval '1 hour'", "not_yet"],
		["paused", "now() - interval '1 hour'", "paused"],
		["paused", "now() + interval '1 hour'", "not_yet"],
		["closed", "now() + interval '1 hour'", "ended"],
	])("lists a showtime in state %s whose sales open at %s with sales %s", async (state, opens, sales) => {
		const id = await api.newShowtime({ startsInMs: 3 * HOUR_MS });
		const [row] = await api.sql(`update showtimes set state = '${state}', sales_open_at = ${opens} where id = '${id}' returning movie_id`);
		for (const path of [`/showtimes?movieId=${row?.movie_id}`, `/movies/${row?.movie_id}/showtimes`])
			expect((await api.call(`GET ${path}`)).body).toMatchObject({ items: [{ id, state, sales }] });
	});

	it("lists a showtime whose sales closed before it starts with sales ended", async () => {
		const id = await api.newShowtime({ startsInMs: 3 * HOUR_MS });
		const [row] = await api.sql(`update showtimes set sales_close_at = now() - interval '1 minute' where id = '${id}' returning movie_id`);
		expect((await api.call(`GET /showtimes?movieId=${row?.movie_id}`)).body).toMatchObject({ items: [{ state: "open", sales: "ended" }] });
	});
});

describe("400 invalid_request", () => {
	it.each([
		["date=tomorrow", "/query/date"],
		["date=2026-02-30", "/query/date"],
		["movieId=7", "/query/movieId"],
		["cursor=nonsense", "/query/cursor"],
		["limit=1000", "/query/limit"],
		["sort=price", "/query/sort"],
		["date=2026-11-22&date=2026-11-23", "/query/date"],
	])("refuses the showtimes query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await api.call(`GET /showtimes?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("503 unavailable", () => {
	it("answers unavailable to a list of showtimes while Postgres is unreachable", async () => {
		expect(problemIn(await (await withoutPostgres(api)).call("GET /showtimes")).code).toBe("unavailable");
	});
});

describe("500 internal", () => {
	it("answers internal to a list of showtimes when the tables are missing", async () => {
		expect(problemIn(await (await withoutTables(api)).call("GET /showtimes")).code).toBe("internal");
	});
});

describe("a read of the catalogue", () => {
	it("writes nothing to Redis, and works on a read-only database", async () => {
		const url = new URL(api.databaseUrl);
		url.searchParams.set("options", "-c default_transaction_read_only=on");
		const reader = await api.startAnother({ databaseUrl: url.href });
		const keysBefore = await askRedis(api.redis.port, "DBSIZE");
		for (const request of ["GET /showtimes", `GET /showtimes?movieId=${movieId}`, "GET /movies", `GET /movies/${movieId}/showtimes`])
			expect([request, (await reader.call(request)).status]).toEqual([request, 200]);
		expect(await askRedis(api.redis.port, "DBSIZE")).toBe(keysBefore);
	});
});
