import { newShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBrokenMaps, withoutPostgres } from "../testing/broken-apps.ts";
import { expectNoQuery, withUnknownInstallOutcome } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("shows the showtime of the catalogue and how many seats are available now", async () => {
		const showtimeId = await api.newShowtime();
		await api.held(await api.newUser(), showtimeId, ["A1", "A2"]);
		const answer = await api.call(`GET /showtimes/${showtimeId}`);
		expect(answer.body).toMatchObject({
			id: showtimeId,
			movie: { title: "The Third Man" },
			auditorium: { name: "Hall 1" },
			timeZone: "Europe/Vienna",
			state: "open",
			sales: "open",
			salesOpenAt: expect.any(String),
			salesCloseAt: expect.any(String),
			prices: [{ tier: "standard", price: { amount: 1250, currency: "USD" } }],
			counts: { total: 100, available: 98, held: 2, sold: 0, blocked: 0, quarantined: 0 },
		});
	});

	it("shows a change that the catalogue does not have yet", async () => {
		const showtimeId = await api.newShowtime();
		await api.call(`GET /showtimes/${showtimeId}`);
		await api.seatStore.setTerms({ showtimeId, terms: { prices: { standard: 990 } }, ifVersions: null, command: null });
		await api.seatStore.setTerms({ showtimeId, terms: { state: "paused" }, ifVersions: null, command: null });
		expect((await api.call(`GET /showtimes/${showtimeId}`)).body).toMatchObject({
			movie: { title: "The Third Man" },
			state: "paused",
			sales: "paused",
			prices: [{ tier: "standard", price: { amount: 990, currency: "USD" } }],
		});
	});

	it("shows whether seats can be held now, by the window in the seat store and the time", async () => {
		const [soon, closed] = [await api.newShowtime(), await api.newShowtime()];
		for (const id of [soon, closed]) await api.call(`GET /showtimes/${id}`);
		const nowMs = Date.now();
		const window = { salesOpenAt: nowMs + 60_000, salesCloseAt: nowMs + 120_000 };
		await api.seatStore.setTerms({ showtimeId: soon, terms: window, ifVersions: null, command: null });
		await api.seatStore.setTerms({ showtimeId: closed, terms: { state: "closed" }, ifVersions: null, command: null });
		expect((await api.call(`GET /showtimes/${soon}`)).body).toMatchObject({ state: "open", sales: "not_yet" });
		expect((await api.call(`GET /showtimes/${closed}`)).body).toMatchObject({ state: "closed", sales: "ended" });
	});

	it("shows a cancelled or ended showtime without counts and does not open it", async () => {
		const [cancelled, over] = [await api.newShowtime(), await api.newShowtime()];
		await api.sql(`update showtimes set state = 'cancelled' where id = '${cancelled}'`);
		await api.sql(
			`update showtimes set sales_open_at = now() - interval '5 hours', sales_close_at = now() - interval '4 hours',
				starts_at = now() - interval '4 hours', ends_at = now() - interval '2 hours' where id = '${over}'`,
		);
		expect((await api.call(`GET /showtimes/${cancelled}`)).body).toMatchObject({ state: "cancelled", sales: "ended", counts: null });
		expect((await api.call(`GET /showtimes/${over}`)).body).toMatchObject({ state: "open", sales: "ended", counts: null });
		expect(await api.seatStore.readShowtime(over)).toBeNull();
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter on a showtime", () => expectNoQuery(api, "GET /showtimes/x"));
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])("answers not_found for the showtime id %s", async (id) => {
		expect(problemIn(await api.call(`GET /showtimes/${id}`)).code).toBe("not_found");
	});
});

describe("503 recovering", () => {
	it("answers recovering for a showtime that another process rebuilds and does not finish", async () => {
		const showtimeId = await api.newShowtime();
		await api.seatStore.claimShowtime(showtimeId, { token: "another process", ledgerEpoch: 0 });
		expect(problemIn(await api.call(`GET /showtimes/${showtimeId}`)).code).toBe("recovering");
	});

	it("answers recovering for a showtime when a step of its rebuild has an unknown outcome", async () => {
		expect(problemIn(await (await withUnknownInstallOutcome(api)).call(`GET /showtimes/${await api.newShowtime()}`)).code).toBe(
			"recovering",
		);
	});
});

describe("503 unavailable", () => {
	it("answers unavailable for a showtime while Postgres is unreachable", async () => {
		expect(problemIn(await (await withoutPostgres(api)).call(`GET /showtimes/${newShowtimeId()}`)).code).toBe("unavailable");
	});
});

describe("500 internal", () => {
	it("answers internal for a showtime when reading its seat map throws", async () => {
		expect(problemIn(await (await withBrokenMaps(api)).call(`GET /showtimes/${await api.newShowtime()}`)).code).toBe("internal");
	});
});
