import { newMovieId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestMovie, insertTestRoom } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let movieId: string;
const rooms: string[] = [];
const ids: string[] = [];
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	movieId = (await createTestMovie(api, admin)).id;
	rooms.push(await insertTestRoom(api), await insertTestRoom(api));
	for (const [index, localStart] of ["2027-06-01T20:00", "2027-06-02T20:00", "2027-06-03T20:00", "2027-06-04T20:00"].entries()) {
		const body = { movieId, auditoriumId: rooms[index % 2], localStart };
		ids.push(Object((await api.call("POST /admin/showtimes", { token: admin.token, body })).body).id);
	}
	await api.sql(`update showtimes set state = 'cancelled' where id = '${ids[3]}'`);
	await api.sql(`update showtimes set starts_at = '2020-01-01', ends_at = '2020-01-02', occupied_until = '2020-01-02', sales_open_at = '2019-01-01', sales_close_at = '2020-01-01'
		where id = '${ids[2]}'`);
});
afterAll(() => api.close());

const list = (query = ""): Promise<TestAnswer> => api.call(`GET /admin/showtimes${query}`, { token: admin.token });
const indexesIn = ({ body }: TestAnswer): number[] => Object(body).items.map(({ id }: { id: string }) => ids.indexOf(id));

describe("200", () => {
	it("lists past, cancelled and upcoming showtimes by start, in pages", async () => {
		const first = await list("?limit=3");
		expect(indexesIn(first)).toEqual([2, 0, 1]);
		expect(indexesIn(await list(`?limit=3&cursor=${Object(first.body).nextCursor}`))).toEqual([3]);
	});

	it.each([
		["auditorium", () => `?auditoriumId=${rooms[1]}`, [1, 3]],
		["movie", () => `?movieId=${movieId}`, [2, 0, 1, 3]],
		["another movie", () => `?movieId=${newMovieId()}`, []],
		["state", () => "?state=cancelled", [3]],
		["period, with its first instant and without its last", () => "?from=2027-06-01T18:00:00Z&to=2027-06-02T18:00:00Z", [0]],
	])("filters by %s", async (_filter, query, expected) => {
		expect(indexesIn(await list(query()))).toEqual(expected);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["auditoriumId=nonsense", "/query/auditoriumId"],
		["movieId=nonsense", "/query/movieId"],
		["state=gone", "/query/state"],
		["from=yesterday", "/query/from"],
		["limit=101", "/query/limit"],
		["cursor=nonsense", "/query/cursor"],
		["date=2027-06-01", "/query/date"],
	])("refuses the query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
