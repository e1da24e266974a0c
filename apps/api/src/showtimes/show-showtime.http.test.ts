import { newShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("shows what the catalogue says and how many seats are left now", async () => {
		const showtimeId = await api.newShowtime();
		await api.held(await api.newUser(), showtimeId, ["A1", "A2"]);
		const answer = await api.call(`GET /showtimes/${showtimeId}`);
		expect(answer.body).toMatchObject({
			id: showtimeId,
			movie: { title: "The Third Man" },
			auditorium: { name: "Hall 1" },
			timeZone: "Europe/Vienna",
			state: "open",
			prices: [{ tier: "standard", price: { amount: 1250, currency: "USD" } }],
			counts: { total: 100, available: 98, held: 2, sold: 0, blocked: 0, quarantined: 0 },
		});
	});

	it("still shows one that is cancelled or over, without counts, and opens it for nobody", async () => {
		const [cancelled, over] = [await api.newShowtime(), await api.newShowtime()];
		await api.sql(`update showtimes set state = 'cancelled' where id = '${cancelled}'`);
		await api.sql(
			`update showtimes set sales_open_at = now() - interval '5 hours', sales_close_at = now() - interval '4 hours',
				starts_at = now() - interval '4 hours', ends_at = now() - interval '2 hours' where id = '${over}'`,
		);
		expect((await api.call(`GET /showtimes/${cancelled}`)).body).toMatchObject({ state: "cancelled", counts: null });
		expect((await api.call(`GET /showtimes/${over}`)).body).toMatchObject({ state: "open", counts: null });
		expect(await api.seatStore.readShowtime(over)).toBeNull();
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])("refuses %s", async (id) => {
		expect(problemIn(await api.call(`GET /showtimes/${id}`)).code).toBe("not_found");
	});
});
