import { newMovieId } from "@holdfast/domain";
import { insertShowtimes } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
	it("lists what has not begun, soonest first, in pages", async () => {
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

	it("lists those of one movie, under either address", async () => {
		expect(idsIn(await api.call(`GET /showtimes?movieId=${movieId}`))).toEqual([later]);
		expect(idsIn(await api.call(`GET /movies/${movieId}/showtimes`))).toEqual([later]);
		expect(idsIn(await api.call(`GET /showtimes?movieId=${newMovieId()}`))).toEqual([]);
	});

	it("lists those of one day at the venue", async () => {
		const [row] = await api.sql(
			`select to_char(starts_at at time zone time_zone, 'YYYY-MM-DD') as day from showtimes where id = '${later}'`,
		);
		expect(idsIn(await api.call(`GET /movies/${movieId}/showtimes?date=${row?.day}`))).toEqual([later]);
		expect(idsIn(await api.call(`GET /movies/${movieId}/showtimes?date=1999-12-31`))).toEqual([]);
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
	])("refuses ?%s", async (query, pointer) => {
		const problem = problemIn(await api.call(`GET /showtimes?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newMovieId()])("refuses showtimes of the movie %s", async (id) => {
		expect(problemIn(await api.call(`GET /movies/${id}/showtimes`)).code).toBe("not_found");
	});
});
