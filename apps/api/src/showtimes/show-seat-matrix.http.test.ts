import { newShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntilOpen, withBrokenMaps } from "../testing/broken-apps.ts";
import { withUnknownInstallOutcome } from "../testing/provoke.ts";
import { matrixIn, problemIn, seatIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const unmark = ({ mine: _, ...seat }: ReturnType<typeof seatIn>) => seat;

const seats = (showtimeId: string, token?: string, headers: Record<string, string> = {}) =>
	api.call(`GET /showtimes/${showtimeId}/seats`, { token, headers });

describe("200", () => {
	it("shows every seat with tier, kind, status and price, in rows", async () => {
		const showtimeId = await api.newShowtime({ rows: 2, seatsPerRow: 3 });
		const answer = await seats(showtimeId);
		expect(answer.headers).toMatchObject({ vary: "Authorization", "cache-control": "private, no-cache" });
		const seat = (label: string) => ({ label, tier: "standard", kind: "standard", status: "available" });
		expect(matrixIn(answer)).toEqual({
			showtimeId,
			version: 1_000_000_000,
			tiers: [{ id: "standard", name: "Standard", price: { amount: 1250, currency: "USD" } }],
			counts: { total: 6, available: 6, held: 0, sold: 0, blocked: 0, quarantined: 0 },
			rows: [
				{ label: "A", seats: [seat("A1"), seat("A2"), seat("A3")] },
				{ label: "B", seats: [seat("B1"), seat("B2"), seat("B3")] },
			],
		});
	});

	it("shows the gaps of the plan, and does not confuse labels with indexes", async () => {
		const showtimeId = await api.newShowtime({ rows: 1, seatsPerRow: 3 });
		await api.sql(
			`update seat_plans set layout = jsonb_set(layout, '{rows,0,seats}', '[null, {"label":"L","tier":"standard","kind":"wheelchair"}, null,
				{"label":"R","tier":"standard","kind":"companion"}, {"label":"Z","tier":"standard","kind":"standard"}]')
				where id = (select seat_plan_id from showtimes where id = '${showtimeId}')`,
		);
		await api.held(await api.newUser(), showtimeId, ["R"]);
		const [row] = matrixIn(await seats(showtimeId)).rows;
		expect(row?.seats.map((seat) => seat && `${seat.label} ${seat.kind} ${seat.status}`)).toEqual([
			null,
			"L wheelchair available",
			null,
			"R companion held",
			"Z standard available",
		]);
	});

	it("marks the user's own seats, and does not reveal the owner of a seat to others", async () => {
		const [user, other, showtimeId] = [await api.newUser(), await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		const { id } = await api.held(user, showtimeId, ["A2"]);
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		await api.held(other, showtimeId, ["A3"]);

		const mine = matrixIn(await seats(showtimeId, user.token));
		expect(["A1", "A2", "A3"].map((label) => [seatIn(mine, label).status, seatIn(mine, label).mine])).toEqual([
			["held", true],
			["sold", true],
			["held", undefined],
		]);
		const [stranger, anonymous] = [await seats(showtimeId, (await api.newUser()).token), await seats(showtimeId)];
		expect(JSON.stringify(stranger.body)).not.toContain("mine");
		expect([stranger.body, stranger.headers.etag]).toEqual([anonymous.body, anonymous.headers.etag]);
		expect((await seats(showtimeId, user.token)).headers.etag).not.toBe(anonymous.headers.etag);
	});

	it("returns a new ETag after every change of a seat", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const tags = [(await seats(showtimeId)).headers.etag];
		const { id } = await api.held(user, showtimeId, ["A1"]);
		tags.push((await seats(showtimeId)).headers.etag);
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		tags.push((await seats(showtimeId)).headers.etag);
		await api.call(`DELETE /bookings/${id}`, { token: user.token });
		tags.push((await seats(showtimeId)).headers.etag);
		expect(new Set(tags).size).toBe(4);
	});

	it("shows an arena of 50,000 seats and marks the user's own seats in it", async () => {
		const showtimeId = await api.newShowtime({ rows: 250, seatsPerRow: 200 });
		await waitUntilOpen(api, showtimeId);
		const matrix = matrixIn(await seats(showtimeId));
		expect([matrix.counts.available, matrix.rows.length]).toEqual([50_000, 250]);
		const user = await api.newUser();
		await api.held(user, showtimeId, ["IP200", "A1", "B10"]);
		const [shared, mine] = [matrixIn(await seats(showtimeId)), matrixIn(await seats(showtimeId, user.token))];
		for (const label of ["IP200", "A1", "B10"]) {
			expect(seatIn(shared, label)).toEqual({ label, tier: "standard", kind: "standard", status: "held" });
			expect(seatIn(mine, label)).toEqual({ label, tier: "standard", kind: "standard", status: "held", mine: true });
		}
		const unmarked = { ...mine, rows: mine.rows.map((row) => ({ ...row, seats: row.seats.map((seat) => seat && unmark(seat)) })) };
		expect(unmarked).toEqual(shared);
	});

	it("marks the user's own seats even if labels contain JSON syntax", async () => {
		const showtimeId = await api.newShowtime({ rows: 1, seatsPerRow: 3 });
		const odd = ['{"', '"},{"', "é\\"].map((label) => ({ label, tier: "standard", kind: "standard" }));
		await api.sql(
			`update seat_plans set layout = jsonb_set(layout, '{rows,0,seats}', '${JSON.stringify(odd)}')
				where id = (select seat_plan_id from showtimes where id = '${showtimeId}')`,
		);
		const user = await api.newUser();
		await api.held(user, showtimeId, odd.map(({ label }) => label).slice(1));
		const [row] = matrixIn(await seats(showtimeId, user.token)).rows;
		expect(row?.seats.map((seat) => [seat?.label, seat?.mine])).toEqual([
			['{"', undefined],
			['"},{"', true],
			["é\\", true],
		]);
	});
});

describe("304", () => {
	it("answers 304 while nothing has changed, both without and with marked seats", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		for (const token of [undefined, user.token]) {
			const { etag = "" } = (await seats(showtimeId, token)).headers;
			for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
				const answer = await seats(showtimeId, token, { "if-none-match": known });
				expect([answer.status, answer.body, answer.headers.etag, answer.headers.vary]).toEqual([304, null, etag, "Authorization"]);
			}
			expect((await seats(showtimeId, token, { "if-none-match": '"other"' })).status).toBe(200);
		}
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId(), "0191d3a0-0000-7000-8000-000000000010"])(
		"answers not_found for the seats of the showtime id %s",
		async (showtimeId) => {
			expect(problemIn(await seats(showtimeId)).code).toBe("not_found");
		},
	);
});

describe("409 showtime_cancelled", () => {
	it("refuses the seats of a cancelled showtime, and caches the refusal", async () => {
		const showtimeId = await api.newShowtime();
		await api.sql(`update showtimes set state = 'cancelled' where id = '${showtimeId}'`);
		expect(problemIn(await seats(showtimeId)).code).toBe("showtime_cancelled");
		await api.sql(`update showtimes set state = 'open' where id = '${showtimeId}'`);
		expect(problemIn(await seats(showtimeId)).code).toBe("showtime_cancelled");
	});
});

describe("409 showtime_closed", () => {
	it("refuses the seats of a showtime that has ended, and shows those of one whose sales were closed", async () => {
		const [over, closed] = [await api.newShowtime(), await api.newShowtime()];
		await api.sql(`update showtimes set sales_open_at = now() - interval '5 hours', sales_close_at = now() - interval '4 hours',
			starts_at = now() - interval '4 hours', ends_at = now() - interval '2 hours' where id = '${over}'`);
		await api.sql(`update showtimes set state = 'closed' where id = '${closed}'`);
		expect(problemIn(await seats(over)).code).toBe("showtime_closed");
		expect((await seats(closed)).status).toBe(200);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["view=letters", "/query/view"],
		["view=", "/query/view"],
		["since=1", "/query/since"],
	])("refuses the seats query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await api.call(`GET /showtimes/${newShowtimeId()}/seats?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("503 recovering", () => {
	it("answers recovering to a read of seats while another process rebuilds the showtime and does not finish", async () => {
		const showtimeId = await api.newShowtime();
		await api.seatStore.claimShowtime(showtimeId, { token: "another process", ledgerEpoch: 0 });
		const answer = await seats(showtimeId);
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["recovering", "1"]);
	});

	it("answers recovering to a read of seats when a step of the rebuild has an unknown outcome", async () => {
		expect(problemIn(await (await withUnknownInstallOutcome(api)).call(`GET /showtimes/${await api.newShowtime()}/seats`)).code).toBe(
			"recovering",
		);
	});
});

describe("500 internal", () => {
	it("answers internal when reading the seat map throws", async () => {
		const app = await withBrokenMaps(api);
		expect(problemIn(await app.call(`GET /showtimes/${await api.newShowtime()}/seats`)).code).toBe("internal");
	});
});
