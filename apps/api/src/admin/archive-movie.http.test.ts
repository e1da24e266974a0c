import { newMovieId, type ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, createTestShowtime, sellSeats, settleContinuously } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let showtimeId: ShowtimeId;
let movieId: string;
let endSettling: () => Promise<void>;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	endSettling = settleContinuously(api);
});
beforeEach(async () => {
	showtimeId = await createTestShowtime(api, admin);
	movieId = String((await api.sql(`select movie_id from showtimes where id = '${showtimeId}'`))[0]?.movie_id);
});
afterAll(async () => {
	await endSettling();
	await api.close();
});

const archive = (headers: Record<string, string> = {}, id = movieId): Promise<TestAnswer> =>
	api.call(`DELETE /admin/movies/${id}?reason=Licence%20ended`, { token: admin.token, headers });
const stateOf = async () => Object((await api.call(`GET /admin/showtimes/${showtimeId}`, { token: admin.token })).body).state;

describe("200", () => {
	it("archives a movie without buyers, cancels its showtimes to come, and hides it from the catalogue", async () => {
		const answer = await archive();
		expect([answer.status, answer.headers.etag, Object(answer.body).archivedAt === null]).toEqual([200, '"2"', false]);
		expect(await stateOf()).toBe("cancelled");
		expect((await api.call(`GET /movies/${movieId}`)).status).toBe(404);
		expect((await auditOf(api, movieId)).at(-1)).toMatchObject({ action: "movie.archived", actor: admin.id, reason: "Licence ended" });
	});

	it("answers a repeat with the archived movie and changes nothing, and PUT brings the movie back", async () => {
		await archive();
		expect((await archive({ "if-match": '"1"' })).headers.etag).toBe('"2"');
		const back = await api.call(`PUT /admin/movies/${movieId}`, { token: admin.token, body: { archived: false } });
		expect(Object(back.body)).toMatchObject({ archivedAt: null, version: 3 });
	});
});

describe("409 has_bookings", () => {
	it("counts holds and sales, cancels nothing, and sales go on", async () => {
		await sellSeats(api, showtimeId, ["A1", "A2"]);
		await api.held(await api.newUser(), showtimeId, ["B1"]);
		const problem = problemIn(await archive());
		expect([problem.code, problem.counts]).toEqual(["has_bookings", { showtimes: 1, holds: 1, bookings: 1 }]);
		expect(await stateOf()).toBe("open");
		expect((await api.hold(await api.newUser(), showtimeId, ["C1"])).status).toBe(201);
		expect((await api.call(`GET /movies/${movieId}`)).status).toBe(200);
	});
});

describe("412 version_mismatch", () => {
	it("gives the movie as it is, and archives nothing", async () => {
		await api.call(`PUT /admin/movies/${movieId}`, { token: admin.token, body: { title: "The Fourth Man" } });
		const answer = await archive({ "if-match": '"1"' });
		expect([problemIn(answer).code, problemIn(answer).current]).toMatchObject(["version_mismatch", { title: "The Fourth Man" }]);
		expect(await stateOf()).toBe("open");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newMovieId()])("answers not_found to an archive of the movie id %s", async (id) => {
		expect(problemIn(await archive({}, id)).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it("refuses an unknown parameter and a malformed If-Match", async () => {
		const answer = await api.call(`DELETE /admin/movies/${movieId}?why=x`, { token: admin.token });
		expect(problemIn(answer).errors?.[0]?.pointer).toBe("/query/why");
		expect(problemIn(await archive({ "if-match": "1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Redis is away after the archive has begun, and the repeat finishes it", async () => {
		const stuck = await api.startAnother({
			wrapStore: (store) => ({ ...store, countLive: () => Promise.reject(new SeatStoreFault("unavailable", "away")) }),
		});
		const answer = await stuck.call(`DELETE /admin/movies/${movieId}`, { token: admin.token });
		expect(problemIn(answer).code).toBe("outcome_unknown");
		expect((await archive()).status).toBe(200);
		expect(await stateOf()).toBe("cancelled");
	});
});
