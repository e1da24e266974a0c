import { newMovieId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const TITLES = ["300", "Alien", "Aliens", "50% Off", "Zodiac", "Amélie"];

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
	for (const [index, title] of TITLES.entries()) await add(title, index < 3 ? "now_showing" : "ended");
});
afterAll(() => api.close());

const add = (title: string, status: string) =>
	api.sql(`insert into movies (id, title, description, duration_minutes, genre, status)
		values ('${newMovieId()}', '${title}', 'A film.', 100, 'Thriller', '${status}')`);
const titlesIn = ({ body }: TestAnswer): string[] => Object(body).items.map(({ title }: { title: string }) => title);
const search = (q: string) => api.call(`GET /movies?q=${encodeURIComponent(q)}`);

describe("200", () => {
	it("lists movies by title in pages that neither repeat nor skip while movies are added", async () => {
		const seen: string[] = [];
		let query = "?limit=2";
		for (let page = 0; page < 5; page += 1) {
			const answer = await api.call(`GET /movies${query}`);
			seen.push(...titlesIn(answer));
			const { nextCursor } = Object(answer.body);
			if (nextCursor === null) break;
			query = `?limit=2&cursor=${nextCursor}`;
			if (page === 0) await add("1 before all that were shown", "coming_soon");
		}
		expect(seen.toSorted()).toEqual(TITLES.toSorted());
	});

	it("lists only the movies of the requested status", async () => {
		expect(titlesIn(await api.call("GET /movies?status=ended")).toSorted()).toEqual(["50% Off", "Amélie", "Zodiac"]);
		expect(titlesIn(await api.call("GET /movies?status=now_showing&q=alien"))).toEqual(["Alien", "Aliens"]);
		expect(titlesIn(await api.call("GET /movies?status=ended&q=alien"))).toEqual([]);
	});

	it("finds a part of a title regardless of case and accents, and takes %% literally", async () => {
		expect(titlesIn(await search("LIE"))).toEqual(["Alien", "Aliens", "Amélie"]);
		expect(titlesIn(await search("amelie"))).toEqual(["Amélie"]);
		expect(titlesIn(await search(" AMÉ"))).toEqual(["Amélie"]);
		expect(titlesIn(await search("%"))).toEqual(["50% Off"]);
		expect(titlesIn(await search("300"))).toEqual(["300"]);
		expect(titlesIn(await search("x".repeat(100)))).toEqual([]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["status=gone", "/query/status"],
		["q=", "/query/q"],
		["q=%20%20", "/query/q"],
		["q=%00", "/query/q"],
		[`q=${"x".repeat(101)}`, "/query/q"],
		["cursor=nonsense", "/query/cursor"],
		["limit=0", "/query/limit"],
		["limit=101", "/query/limit"],
		["title=Alien", "/query/title"],
	])("refuses the movies query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await api.call(`GET /movies?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
