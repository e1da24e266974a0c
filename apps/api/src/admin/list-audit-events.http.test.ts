import { newShowtimeId, newUserId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdminMovieBody } from "../contract/admin-movie.ts";
import type { AuditEventBody } from "../contract/audit-event.ts";
import { createTestMovie } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const SHOWTIME = newShowtimeId();

let api: TestApi;
let admin: TestUser;
let other: TestUser;
let movie: AdminMovieBody;
/** The `x-request-id` of the change of the movie. */
let requestId: string | undefined;
beforeAll(async () => {
	api = await startTestApi();
	[admin, other] = [await api.newAdmin(), await api.newAdmin()];
	movie = await createTestMovie(api, admin);
	const changed = await api.call(`PUT /admin/movies/${movie.id}`, { token: other.token, body: { title: "The Fourth Man" } });
	requestId = changed.headers["x-request-id"];
	await api.sql(`insert into audit_events (at, recorded_at, actor, action, target_type, target_id, showtime_id, before, after, reason) values
		('2031-04-06T10:00:00Z', '2031-04-06T12:00:00Z', null, 'showtime.cancelled', 'showtime', '${SHOWTIME}', '${SHOWTIME}',
			'{"state":"open"}', '{"state":"cancelled"}', 'The projector is broken.')`);
});
afterAll(() => api.close());

const list = (query = ""): Promise<TestAnswer> => api.call(`GET /admin/audit${query}`, { token: admin.token });
function eventsIn({ status, body }: TestAnswer): AuditEventBody[] {
	if (status !== 200) throw new Error(`expected a page, got ${JSON.stringify(body)}`);
	return Object(body).items;
}
const actionsOf = async (query: string) => eventsIn(await list(query)).map(({ action }) => action);

describe("200", () => {
	it("lists every field of the entries, newest first", async () => {
		const [cancelled, updated, created, ...rest] = eventsIn(await list());
		expect(rest).toEqual([]);
		expect(cancelled).toEqual({
			id: expect.any(String),
			at: "2031-04-06T10:00:00.000Z",
			recordedAt: "2031-04-06T12:00:00.000Z",
			actor: null,
			action: "showtime.cancelled",
			target: { type: "showtime", id: SHOWTIME },
			showtimeId: SHOWTIME,
			before: { state: "open" },
			after: { state: "cancelled" },
			reason: "The projector is broken.",
			requestId: null,
		});
		expect(updated).toMatchObject({
			actor: other.id,
			action: "movie.updated",
			target: { type: "movie", id: movie.id },
			showtimeId: null,
			before: { title: "The Third Man" },
			after: { title: "The Fourth Man" },
			reason: null,
			requestId,
		});
		expect(created).toMatchObject({
			actor: admin.id,
			action: "movie.created",
			before: null,
			after: { title: "The Third Man", rating: "PG" },
		});
	});

	it("filters by actor, action, kind and id of the target, showtime, and all of them together", async () => {
		const ofMovie = `targetType=movie&targetId=${movie.id}`;
		expect(await actionsOf(`?actor=${other.id}`)).toEqual(["movie.updated"]);
		expect(await actionsOf("?action=movie.created")).toEqual(["movie.created"]);
		expect(await actionsOf("?targetType=showtime")).toEqual(["showtime.cancelled"]);
		expect(await actionsOf(`?${ofMovie}`)).toEqual(["movie.updated", "movie.created"]);
		expect(await actionsOf(`?showtimeId=${SHOWTIME}`)).toEqual(["showtime.cancelled"]);
		expect(await actionsOf(`?actor=${admin.id}&action=movie.created&${ofMovie}`)).toEqual(["movie.created"]);
		expect(await actionsOf(`?actor=${other.id}&action=movie.created&${ofMovie}`)).toEqual([]);
		for (const query of [`actor=${newUserId()}`, "action=movie.burnt", `targetId=${newUserId()}`, `showtimeId=${newShowtimeId()}`])
			expect(await actionsOf(`?${query}`)).toEqual([]);
	});

	it("filters by the time of recording: `from` is included and `to` is not, in any time zone", async () => {
		const recordedAt = eventsIn(await list("?action=movie.updated"))[0]?.recordedAt ?? "";
		const after = new Date(Date.parse(recordedAt) + 1).toISOString();
		expect(await actionsOf(`?action=movie.updated&from=${recordedAt}&to=${after}`)).toEqual(["movie.updated"]);
		expect(await actionsOf(`?action=movie.updated&from=${after}`)).toEqual([]);
		expect(await actionsOf(`?action=movie.updated&to=${recordedAt}`)).toEqual([]);
		const inVienna = `${new Date(Date.parse(recordedAt) + 3_600_000).toISOString().slice(0, -1)}%2B01:00`;
		expect(await actionsOf(`?action=movie.updated&from=${inVienna}`)).toEqual(["movie.updated"]);
	});

	it("gives pages that neither repeat nor skip an entry while others are written", async () => {
		const first = await list(`?limit=1&targetId=${movie.id}`);
		await api.call(`PUT /admin/movies/${movie.id}`, { token: admin.token, body: { genre: "Noir" } });
		const second = await list(`?limit=1&targetId=${movie.id}&cursor=${Object(first.body).nextCursor}`);
		expect([first, second].map((answer) => eventsIn(answer).map(({ action }) => action))).toEqual([["movie.updated"], ["movie.created"]]);
		expect(Object(second.body).nextCursor).toBeNull();
	});
});

describe("400 invalid_request", () => {
	it.each([
		["actor=ada", "/query/actor"],
		["targetId=7", "/query/targetId"],
		["targetType=seat", "/query/targetType"],
		["showtimeId=x", "/query/showtimeId"],
		["action=Movie", "/query/action"],
		[`action=${"a".repeat(65)}`, "/query/action"],
		["from=yesterday", "/query/from"],
		["from=2026-02-30T00:00:00Z", "/query/from"],
		["to=2026-12-31T23:59:60Z", "/query/to"],
		["from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", "/query/to"],
		["cursor=nonsense", "/query/cursor"],
		["limit=101", "/query/limit"],
		["user=ada", "/query/user"],
	])("refuses the audit query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
