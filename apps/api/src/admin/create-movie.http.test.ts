import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const MOVIE = { title: "The Third Man", durationMinutes: 104, genre: "Thriller", status: "now_showing" };

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const create = (body: object): Promise<TestAnswer> => api.call("POST /admin/movies", { token: admin.token, body });
const countMovies = async () => Number((await api.sql("select count(*) as movies from movies"))[0]?.movies);

describe("201", () => {
	it("adds the movie to the catalogue at version 1, with defaults for the fields that are absent", async () => {
		const answer = await create(MOVIE);
		const id = String(Object(answer.body).id);
		expect([answer.status, answer.headers.etag]).toEqual([201, '"1"']);
		expect(answer.body).toEqual({
			...MOVIE,
			id,
			description: "",
			rating: null,
			posterUrl: null,
			releaseDate: null,
			version: 1,
			archivedAt: null,
			createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
		});
		const { version: _version, archivedAt: _archivedAt, createdAt: _createdAt, ...shown } = Object(answer.body);
		expect((await api.call(`GET /movies/${id}`)).body).toEqual(shown);
	});

	it("writes one audit row with the actor, the request and every field, and a repeat adds another movie with another row", async () => {
		const fields = {
			...MOVIE,
			description: "A writer looks for a friend.",
			rating: "PG",
			posterUrl: "https://example.com/a.jpg",
			releaseDate: "1949-09-02",
		};
		const [first, second] = [await create(fields), await create(fields)];
		const ids = [first, second].map(({ body }) => String(Object(body).id));
		expect(new Set(ids).size).toBe(2);
		expect(await auditOf(api, ids[0] ?? "")).toEqual([
			{
				action: "movie.created",
				actor: admin.id,
				targetId: ids[0],
				before: null,
				after: fields,
				reason: null,
				requestId: first.headers["x-request-id"],
			},
		]);
		expect(await auditOf(api, ids[1] ?? "")).toHaveLength(1);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ ...MOVIE, title: undefined }, "/title"],
		[{ ...MOVIE, status: "soon" }, "/status"],
		[{ ...MOVIE, genre: "" }, "/genre"],
		[{ ...MOVIE, durationMinutes: 1_441 }, "/durationMinutes"],
		[{ ...MOVIE, description: "x".repeat(5_001) }, "/description"],
		[{ ...MOVIE, rating: "x".repeat(101) }, "/rating"],
		[{ ...MOVIE, posterUrl: `https://example.com/${"x".repeat(1_981)}` }, "/posterUrl"],
		[{ ...MOVIE, archived: false }, "/archived"],
		[{ ...MOVIE, id: "0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d" }, "/id"],
	])("refuses the movie %j, points at the field, and adds nothing", async (body, pointer) => {
		const before = await countMovies();
		const problem = problemIn(await create(body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await countMovies()).toBe(before);
	});

	it("accepts values at the bounds", async () => {
		const atBounds = { description: "x".repeat(5_000), rating: "x".repeat(100), posterUrl: `https://example.com/${"x".repeat(1_980)}` };
		expect((await create({ ...MOVIE, ...atBounds, title: "x".repeat(200), durationMinutes: 1_440 })).status).toBe(201);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost between the movie and its audit row, and neither is stored", async () => {
		const title = "Lost";
		expect((await whileWritesLosePostgres(api, "audit_events", () => create({ ...MOVIE, title }))).code).toBe("outcome_unknown");
		expect(await api.sql(`select id from movies where title = '${title}'`)).toEqual([]);
	});
});
