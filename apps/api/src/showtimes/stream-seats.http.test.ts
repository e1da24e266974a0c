import { newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { sendInlineCommand } from "@holdfast/local-stack";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBrokenMaps, withoutPostgres } from "../testing/broken-apps.ts";
import { withUnknownInstallOutcome } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { readStream } from "../testing/read-stream.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

/** The version of a map that has not changed since the first install of its showtime. */
const FIRST_VERSION = 1_000_000_000;

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const stream = (showtimeId: ShowtimeId) => api.call(`GET /showtimes/${showtimeId}/seats/stream`);
/** A showtime that is open and at its first version. */
async function newOpenShowtime(): Promise<ShowtimeId> {
	const showtimeId = await api.newShowtime();
	await api.call(`GET /showtimes/${showtimeId}/seats`);
	return showtimeId;
}

describe("200", () => {
	it("sends one delta per change, with the indexes and status letters of its seats and the version of the map", async () => {
		const [user, showtimeId] = [await api.newUser(), await newOpenShowtime()];
		const live = await readStream(api, showtimeId, { query: `?since=${FIRST_VERSION}` });
		const { id } = await api.held(user, showtimeId, ["A3", "B1"]);
		await live.until(1);
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		await live.until(2);
		await api.call(`DELETE /bookings/${id}`, { token: user.token });
		await live.until(3);
		await api.seatStore.blockSeats({ showtimeId, seats: [99], isBlocked: true, ifVersions: null, command: null });
		expect(await live.until(4)).toEqual([
			{
				event: "delta",
				version: FIRST_VERSION + 1,
				seats: [
					[2, "H"],
					[10, "H"],
				],
			},
			{
				event: "delta",
				version: FIRST_VERSION + 2,
				seats: [
					[2, "S"],
					[10, "S"],
				],
			},
			{
				event: "delta",
				version: FIRST_VERSION + 3,
				seats: [
					[2, "A"],
					[10, "A"],
				],
			},
			{ event: "delta", version: FIRST_VERSION + 4, seats: [[99, "X"]] },
		]);
		live.close();
	});

	it("sends headers that disable proxy buffering, and the headers that all responses of the API have in common", async () => {
		const shop = "https://shop.example";
		const apiWithCors = await api.startAnother({ corsOrigins: [shop] });
		const live = await readStream(apiWithCors, await newOpenShowtime(), { headers: { origin: shop } });
		expect(live.headers).toMatchObject({
			"content-type": "text/event-stream; charset=utf-8",
			"cache-control": "no-cache, no-transform",
			"x-accel-buffering": "no",
			"x-request-id": expect.any(String),
			"x-server-time": expect.any(String),
			"x-content-type-options": "nosniff",
			"access-control-allow-origin": shop,
			vary: expect.stringContaining("Origin"),
		});
		live.close();
	});

	it("continues after the client's version, and Last-Event-ID takes precedence over `since`", async () => {
		const [user, showtimeId] = [await api.newUser(), await newOpenShowtime()];
		const first = await readStream(api, showtimeId, { query: `?since=${FIRST_VERSION}` });
		await api.held(user, showtimeId, ["A1"]);
		await first.until(1);
		await api.held(user, showtimeId, ["A2"]);
		await first.until(2);
		const [one, two] = first.events;
		const follow = async (query: string, lastId?: number) => {
			const live = await readStream(api, showtimeId, { query, headers: lastId === undefined ? {} : { "last-event-id": String(lastId) } });
			const { events } = live;
			await api.seatStore.blockSeats({ showtimeId, seats: [99], isBlocked: true, ifVersions: null, command: null });
			await api.seatStore.blockSeats({ showtimeId, seats: [99], isBlocked: false, ifVersions: null, command: null });
			await waitUntil("the last change to arrive", () => events.at(-1)?.seats.some(([seat, letter]) => seat === 99 && letter === "A"));
			live.close();
			return events.filter(({ seats }) => !seats.some(([seat]) => seat === 99));
		};
		expect(await follow(`?since=${FIRST_VERSION}`)).toEqual([one, two]);
		expect(await follow(`?since=${FIRST_VERSION + 1}`)).toEqual([two]);
		expect(await follow(`?since=${FIRST_VERSION}`, FIRST_VERSION + 1)).toEqual([two]);
		first.close();
	});

	it("begins with a reset for a client whose version is missing, is older than the changes that this process has seen, or was never reached by the map", async () => {
		const [user, showtimeId] = [await api.newUser(), await newOpenShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		const reset = [{ event: "reset", version: FIRST_VERSION + 1, seats: [] }];
		for (const query of ["", `?since=${FIRST_VERSION}`, "?since=0", `?since=${FIRST_VERSION + 2}`, `?since=${Number.MAX_SAFE_INTEGER}`]) {
			const live = await readStream(api, showtimeId, { query });
			expect([query, await live.until(1)]).toEqual([query, reset]);
			live.close();
		}
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])(
		"answers not_found for a stream of the showtime id %s and leaves no subscription in Redis",
		async (id) => {
			expect(problemIn(await api.call(`GET /showtimes/${id}/seats/stream`)).code).toBe("not_found");
			await waitUntil("all subscriptions to end", async () => (await sendInlineCommand(api.redis.port, "PUBSUB SHARDCHANNELS")) === "*0");
		},
	);

	it("does not serve HEAD (404), because the handler of GET would keep the request open for ever", async () => {
		const answer = await api.app.inject({ method: "HEAD", url: `/api/v1/showtimes/${await newOpenShowtime()}/seats/stream` });
		expect(answer.statusCode).toBe(404);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["?since=-1", {}, "/query/since"],
		["?since=1.5", {}, "/query/since"],
		[`?since=${Number.MAX_SAFE_INTEGER + 1}`, {}, "/query/since"],
		["?view=status", {}, "/query/view"],
		["", { "last-event-id": "abc" }, "/headers/last-event-id"],
		["", { "last-event-id": "1".repeat(16) }, "/headers/last-event-id"],
	])("refuses the stream query '%s' with the headers %j and points to the invalid parameter or header", async (query, headers, pointer) => {
		const problem = problemIn(await api.call(`GET /showtimes/${newShowtimeId()}/seats/stream${query}`, { headers }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses a stream of a cancelled showtime", async () => {
		const showtimeId = await api.newShowtime();
		await api.sql(`update showtimes set state = 'cancelled' where id = '${showtimeId}'`);
		expect(problemIn(await stream(showtimeId)).code).toBe("showtime_cancelled");
	});
});

describe("409 showtime_closed", () => {
	it("refuses a stream of a showtime that has ended", async () => {
		const showtimeId = await api.newShowtime();
		await api.sql(`update showtimes set sales_open_at = now() - interval '5 hours', sales_close_at = now() - interval '4 hours',
			starts_at = now() - interval '4 hours', ends_at = now() - interval '2 hours' where id = '${showtimeId}'`);
		expect(problemIn(await stream(showtimeId)).code).toBe("showtime_closed");
	});
});

describe("503 overloaded", () => {
	it("refuses a stream when the limit of watchers is zero", async () => {
		const full = await api.startAnother({ watchLimits: { watchersMax: 0 } });
		const answer = await full.call(`GET /showtimes/${await newOpenShowtime()}/seats/stream`);
		expect([problemIn(answer).code, problemIn(answer).retryable]).toEqual(["overloaded", true]);
	});
});

describe("503 recovering", () => {
	it("answers recovering to a stream while another process rebuilds the showtime and does not finish", async () => {
		const showtimeId = await api.newShowtime();
		await api.seatStore.claimShowtime(showtimeId, { token: "another process", ledgerEpoch: 0 });
		expect(problemIn(await stream(showtimeId)).code).toBe("recovering");
	});

	it("answers recovering to a stream when a step of the rebuild has an unknown outcome", async () => {
		expect(
			problemIn(await (await withUnknownInstallOutcome(api)).call(`GET /showtimes/${await api.newShowtime()}/seats/stream`)).code,
		).toBe("recovering");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable to a stream when the showtime must be opened and Postgres is unreachable", async () => {
		const app = await withoutPostgres(api);
		expect(problemIn(await app.call(`GET /showtimes/${await api.newShowtime()}/seats/stream`)).code).toBe("unavailable");
	});
});

describe("500 internal", () => {
	it("answers internal to a stream when reading the seat map throws", async () => {
		const app = await withBrokenMaps(api);
		expect(problemIn(await app.call(`GET /showtimes/${await api.newShowtime()}/seats/stream`)).code).toBe("internal");
	});
});
