import { newMovieId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

async function add(columns: string, values: string): Promise<string> {
	const id = newMovieId();
	await api.sql(`insert into movies (id, title, description, duration_minutes, genre, status${columns})
		values ('${id}', 'The Third Man', 'A man who is not dead.', 104, 'Thriller', 'now_showing'${values})`);
	return id;
}

describe("200", () => {
	it("shows every field of a movie", async () => {
		const id = await add(", rating, poster_url, release_date", ", 'PG', 'https://example.com/third-man.jpg', '1949-09-02'");
		expect((await api.call(`GET /movies/${id}`)).body).toEqual({
			id,
			title: "The Third Man",
			description: "A man who is not dead.",
			durationMinutes: 104,
			genre: "Thriller",
			rating: "PG",
			posterUrl: "https://example.com/third-man.jpg",
			releaseDate: "1949-09-02",
			status: "now_showing",
		});
	});

	it("returns null for fields that are not set", async () => {
		const { body } = await api.call(`GET /movies/${await add("", "")}`);
		expect(body).toMatchObject({ rating: null, posterUrl: null, releaseDate: null });
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter on a movie", () => expectNoQuery(api, "GET /movies/x"));
});

describe("404 not_found", () => {
	it.each(["nonsense", newMovieId()])("answers not_found for the movie id %s", async (id) => {
		expect(problemIn(await api.call(`GET /movies/${id}`)).code).toBe("not_found");
	});

	it("answers not_found for an archived movie", async () => {
		const id = await add(", archived_at", ", now()");
		expect(problemIn(await api.call(`GET /movies/${id}`)).code).toBe("not_found");
	});
});
