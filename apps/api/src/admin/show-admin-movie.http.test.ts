import { newMovieId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestMovie } from "../testing/admin.ts";
import { expectNoQuery } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const show = (id: string) => api.call(`GET /admin/movies/${id}`, { token: admin.token });

describe("200", () => {
	it("shows the movie with its version as ETag, also when it is archived", async () => {
		const movie = await createTestMovie(api, admin);
		const answer = await show(movie.id);
		expect([answer.status, answer.headers.etag, answer.body]).toEqual([200, '"1"', movie]);
		await api.sql(`update movies set archived_at = now() where id = '${movie.id}'`);
		expect((await api.call(`GET /movies/${movie.id}`)).status).toBe(404);
		expect((await show(movie.id)).body).toEqual({ ...movie, archivedAt: expect.any(String) });
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter on a movie of staff", () => expectNoQuery(api, "GET /admin/movies/x", admin.token));
});

describe("404 not_found", () => {
	it.each(["nonsense", newMovieId()])("answers not_found for the movie id %s", async (id) => {
		expect(problemIn(await show(id)).code).toBe("not_found");
	});
});
