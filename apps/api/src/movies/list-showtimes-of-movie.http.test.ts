import { newMovieId } from "@holdfast/domain";
import { insertShowtimes } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const HOUR_MS = 60 * 60 * 1000;

let api: TestApi;
let movieId: string;
let showtimeIds: readonly string[];
beforeAll(async () => {
	api = await startTestApi();
	showtimeIds = (await insertShowtimes(api.databaseUrl, { count: 5, startsInMs: 50 * HOUR_MS })).showtimeIds;
	movieId = (await api.sql(`select movie_id from showtimes where id = '${showtimeIds[0]}'`))[0]?.movie_id ?? "";
	await api.newShowtime();
});
afterAll(() => api.close());

const idsIn = ({ body }: TestAnswer): string[] => Object(body).items.map(({ id }: { id: string }) => id);
const list = (query = "") => api.call(`GET /movies/${movieId}/showtimes${query}`);

describe("200", () => {
	it("lists the showtimes of the movie that have not started, and no others", async () => {
		expect(idsIn(await list()).toSorted()).toEqual(showtimeIds.toSorted());
	});

	it("lists showtimes in pages, and by day in the venue's time zone", async () => {
		const first = await list("?limit=3");
		const second = await list(`?limit=3&cursor=${Object(first.body).nextCursor}`);
		expect([...idsIn(first), ...idsIn(second)].toSorted()).toEqual(showtimeIds.toSorted());
		expect(Object(second.body).nextCursor).toBeNull();
		const [row] = await api.sql(
			`select to_char(starts_at at time zone time_zone, 'YYYY-MM-DD') as day from showtimes where id = '${showtimeIds[0]}'`,
		);
		expect(idsIn(await list(`?date=${row?.day}`))).toHaveLength(5);
		expect(idsIn(await list("?date=1999-12-31"))).toEqual([]);
	});

	it("returns an empty page for a movie without showtimes", async () => {
		const id = newMovieId();
		await api.sql(`insert into movies (id, title, description, duration_minutes, genre, status)
			values ('${id}', 'Not yet', '', 90, 'Drama', 'coming_soon')`);
		expect((await api.call(`GET /movies/${id}/showtimes`)).body).toEqual({ items: [], nextCursor: null });
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newMovieId()])("answers not_found for showtimes of the movie id %s", async (id) => {
		expect(problemIn(await api.call(`GET /movies/${id}/showtimes`)).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it.each([
		["date=tomorrow", "/query/date"],
		["date=2026-02-30", "/query/date"],
		["cursor=nonsense", "/query/cursor"],
		["limit=101", "/query/limit"],
		["movieId=0191d3a0-0000-7000-8000-000000000001", "/query/movieId"],
	])("refuses the query ?%s for showtimes of a movie and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
