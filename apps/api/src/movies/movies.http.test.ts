import { newMovieId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const TITLES = ["300", "Alien", "Aliens", "50% Off", "Zodiac"];

let api: TestApi;
const ids = TITLES.map(() => newMovieId());
beforeAll(async () => {
	api = await startTestApi();
	const rows = TITLES.map(
		(title, index) =>
			`('${ids[index]}', '${title}', 'A film.', 100, 'Thriller', ${index === 0 ? "null" : "'R'"}, '${index < 3 ? "now_showing" : "ended"}')`,
	);
	await api.sql(`insert into movies (id, title, description, duration_minutes, genre, rating, status) values ${rows.join(",")}`);
});
afterAll(() => api.close());

const titlesIn = ({ body }: TestAnswer): string[] => Object(body).items.map(({ title }: { title: string }) => title);

describe("200", () => {
	it("lists movies by title, in pages that neither repeat nor skip", async () => {
		const seen: string[] = [];
		let query = "?limit=2";
		for (let page = 0; page < 5; page += 1) {
			const answer = await api.call(`GET /movies${query}`);
			seen.push(...titlesIn(answer));
			const { nextCursor } = Object(answer.body);
			if (nextCursor === null) break;
			query = `?limit=2&cursor=${nextCursor}`;
		}
		expect(seen.toSorted()).toEqual(TITLES.toSorted());
	});

	it("lists by status and by part of the title, where %% means itself", async () => {
		expect(titlesIn(await api.call("GET /movies?status=ended")).toSorted()).toEqual(["50% Off", "Zodiac"]);
		expect(titlesIn(await api.call("GET /movies?q=alie"))).toEqual(["Alien", "Aliens"]);
		expect(titlesIn(await api.call(`GET /movies?q=${encodeURIComponent("%")}`))).toEqual(["50% Off"]);
		expect(titlesIn(await api.call("GET /movies?q=300"))).toEqual(["300"]);
	});

	it("shows one movie", async () => {
		expect((await api.call(`GET /movies/${ids[0]}`)).body).toEqual({
			id: ids[0],
			title: "300",
			description: "A film.",
			durationMinutes: 100,
			genre: "Thriller",
			rating: null,
			posterUrl: null,
			releaseDate: null,
			status: "now_showing",
		});
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newMovieId()])("refuses %s", async (id) => {
		expect(problemIn(await api.call(`GET /movies/${id}`)).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it.each([
		["status=gone", "/query/status"],
		["q=", "/query/q"],
		["q=%00", "/query/q"],
		["cursor=nonsense", "/query/cursor"],
		["title=Alien", "/query/title"],
	])("refuses ?%s", async (query, pointer) => {
		const problem = problemIn(await api.call(`GET /movies?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
