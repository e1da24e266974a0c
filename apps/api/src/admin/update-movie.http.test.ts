import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuditRow, auditOf, createTestMovie } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const newMovie = () => createTestMovie(api, admin);
const put = (id: string, body: object, headers: Record<string, string> = {}): Promise<TestAnswer> =>
	api.call(`PUT /admin/movies/${id}`, { token: admin.token, body, headers });
const auditOfMovie = (id: string): Promise<AuditRow[]> => auditOf(api, id);

describe("200", () => {
	it("changes only the fields of the body, raises the version, and the catalogue shows the change", async () => {
		const movie = await newMovie();
		const answer = await put(movie.id, { title: "The Fourth Man", rating: null });
		expect(answer.body).toEqual({ ...movie, title: "The Fourth Man", rating: null, version: 2 });
		expect([answer.status, answer.headers.etag]).toEqual([200, '"2"']);
		expect(Object((await api.call(`GET /movies/${movie.id}`)).body).title).toBe("The Fourth Man");
	});

	it("writes one audit row with the changed fields before and after", async () => {
		const movie = await newMovie();
		await put(movie.id, { title: "The Fourth Man", genre: movie.genre });
		expect(await auditOfMovie(movie.id)).toMatchObject([
			{ action: "movie.created", actor: admin.id },
			{ action: "movie.updated", actor: admin.id, before: { title: movie.title }, after: { title: "The Fourth Man" } },
		]);
	});

	it("leaves version and audit trail unchanged when every field has its value already", async () => {
		const movie = await newMovie();
		const answer = await put(movie.id, { title: movie.title, rating: movie.rating }, { "if-match": '"1"' });
		expect([answer.status, answer.headers.etag, answer.body]).toEqual([200, '"1"', movie]);
		expect(await auditOfMovie(movie.id)).toHaveLength(1);
	});

	it("brings an archived movie back into the catalogue", async () => {
		const movie = await newMovie();
		await api.sql(`update movies set archived_at = now() where id = '${movie.id}'`);
		expect((await api.call(`GET /movies/${movie.id}`)).status).toBe(404);
		expect(Object((await put(movie.id, { archived: false })).body)).toMatchObject({ archivedAt: null, version: 2 });
		expect((await api.call(`GET /movies/${movie.id}`)).status).toBe(200);
	});

	it.each(['"1"', 'W/"1"', '"1-gzip"', '"7", "1"', "*"])("accepts the condition If-Match: %s for version 1", async (ifMatch) => {
		const movie = await newMovie();
		expect((await put(movie.id, { genre: "Noir" }, { "if-match": ifMatch })).status).toBe(200);
	});
});

describe("412 version_mismatch", () => {
	it("gives the second of two editors the current movie and its ETag, and changes nothing", async () => {
		const movie = await newMovie();
		await put(movie.id, { title: "First" }, { "if-match": '"1"' });
		const answer = await put(movie.id, { title: "Second" }, { "if-match": '"1"' });
		expect([answer.headers.etag, problemIn(answer).code, problemIn(answer).current]).toEqual([
			'"2"',
			"version_mismatch",
			{ ...movie, title: "First", version: 2 },
		]);
		expect(await auditOfMovie(movie.id)).toHaveLength(2);
	});

	it("lets exactly one of 50 editors of the same version win", async () => {
		const movie = await newMovie();
		const answers = await Promise.all(
			Array.from({ length: 50 }, (_, index) => put(movie.id, { title: `Title ${index}` }, { "if-match": '"1"' })),
		);
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(answers.filter(({ status }) => status === 412)).toHaveLength(49);
		expect(await auditOfMovie(movie.id)).toHaveLength(2);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, ""],
		[{ title: "" }, "/title"],
		[{ title: "   " }, "/title"],
		[{ title: null }, "/title"],
		[{ title: "x".repeat(201) }, "/title"],
		[{ durationMinutes: 0 }, "/durationMinutes"],
		[{ durationMinutes: 1_441 }, "/durationMinutes"],
		[{ posterUrl: "http://example.com/a.jpg" }, "/posterUrl"],
		[{ releaseDate: "2026-02-30" }, "/releaseDate"],
		[{ archived: true }, "/archived"],
		[{ version: 2 }, "/version"],
	])("refuses the change %j and points at the field", async (body, pointer) => {
		const movie = await newMovie();
		const problem = problemIn(await put(movie.id, body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await auditOfMovie(movie.id)).toHaveLength(1);
	});

	it("accepts values at the bounds", async () => {
		const movie = await newMovie();
		expect((await put(movie.id, { title: "x".repeat(200), durationMinutes: 1_440, description: "" })).status).toBe(200);
	});

	it("refuses an If-Match that is no list of entity tags", async () => {
		const movie = await newMovie();
		expect(problemIn(await put(movie.id, { title: "A" }, { "if-match": "1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", "0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d"])("answers not_found for the movie id %s", async (id) => {
		expect(problemIn(await put(id, { title: "A" })).code).toBe("not_found");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the change", async () => {
		const movie = await newMovie();
		expect((await whileWritesLosePostgres(api, "movies", () => put(movie.id, { title: "A" }))).code).toBe("outcome_unknown");
	});
});
