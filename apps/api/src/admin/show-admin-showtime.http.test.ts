import { newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestShowtime } from "../testing/admin.ts";
import { expectNoQuery, uninstall } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let id: ShowtimeId;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
});
beforeEach(async () => {
	id = await createTestShowtime(api, admin, { blocks: ["J10"] });
});
afterAll(() => api.close());

const show = (showtimeId: string = id): Promise<TestAnswer> => api.call(`GET /admin/showtimes/${showtimeId}`, { token: admin.token });

/** Sells two seats, and holds one. */
async function sellAndHold(): Promise<void> {
	const user = await api.newUser();
	const sold = await api.held(user, id, ["A1", "A2"]);
	await api.call(`POST /bookings/${sold.id}/confirm`, { token: user.token });
	await api.held(user, id, ["B1"]);
}

describe("200", () => {
	it("shows seats per tier, live holds and sales, and what the ledger has sold", async () => {
		await sellAndHold();
		await settleOutboxes(api.seatStore, api.databaseUrl);
		expect((await show()).body).toMatchObject({
			blocks: ["J10"],
			tiers: [{ tier: "standard", total: 100, available: 96, held: 1, sold: 2, blocked: 1, quarantined: 0 }],
			live: { holds: 1, heldSeats: 1, bookings: 1, soldSeats: 2, quarantinedSeats: 0 },
			ledger: { bookings: 1, amount: { amount: 2500, currency: "EUR" } },
		});
	});

	it("shows what the ledger has of a showtime that is not installed, and does not install it", async () => {
		await sellAndHold();
		await settleOutboxes(api.seatStore, api.databaseUrl);
		await uninstall(api, id);
		for (let read = 0; read < 2; read += 1)
			expect((await show()).body).toMatchObject({ live: null, tiers: [{ available: 97, held: 0, sold: 2, blocked: 1 }], blocks: ["J10"] });
	});

	it("shows the terms of the seat store before the ledger has them", async () => {
		await api.call(`PUT /admin/showtimes/${id}`, { token: admin.token, body: { state: "paused" } });
		const answer = await show();
		expect([Object(answer.body).state, answer.headers.etag]).toEqual(["paused", '"2.1"']);
	});

	it("shows what the ledger has while Redis does not answer", async () => {
		await sellAndHold();
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const token = admin.token;
		const app = await api.startAnother({ wrapStore: (store) => ({ ...store, countLive: () => store.countLive(newShowtimeId()) }) });
		expect((await app.call(`GET /admin/showtimes/${id}`, { token })).body).toMatchObject({ live: null, ledger: { bookings: 1 } });
	});
});

describe("400 invalid_request", () => {
	it("refuses a query", async () => {
		await expectNoQuery(api, `GET /admin/showtimes/${id}`, admin.token);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])("answers not_found for the showtime id %s", async (showtimeId) => {
		expect(problemIn(await show(showtimeId)).code).toBe("not_found");
	});
});
