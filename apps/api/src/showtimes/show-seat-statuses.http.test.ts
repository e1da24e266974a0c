/** `GET /showtimes/:showtimeId/seats?view=status`: the seats as one letter each. */
import type { ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SeatStatusesBody } from "../contract/live-seats.ts";
import { waitUntilOpen } from "../testing/broken-apps.ts";
import type { TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const statuses = (showtimeId: ShowtimeId, token?: string, headers: Record<string, string> = {}) =>
	api.call(`GET /showtimes/${showtimeId}/seats?view=status`, { token, headers });
const bodyOf = ({ body }: TestAnswer) => body as SeatStatusesBody;

describe("200", () => {
	it("returns one letter per seat in the order of the plan, and the id of the plan", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime({ rows: 2, seatsPerRow: 3 })];
		await api.seatStore.readSeatMap(showtimeId);
		const { id } = await api.held(user, showtimeId, ["A2", "B3"]);
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		await api.held(user, showtimeId, ["B1"]);
		await api.seatStore.blockSeats({ showtimeId, seats: [0], isBlocked: true, ifVersions: null, command: null });
		const answer = await statuses(showtimeId);
		const [row] = await api.sql(`select seat_plan_id from showtimes where id = '${showtimeId}'`);
		expect(answer.body).toEqual({ showtimeId, planId: row?.seat_plan_id, version: 1_000_000_004, statuses: "XSAHAS" });
		const plan = Object((await api.call(`GET /plans/${bodyOf(answer).planId}`)).body);
		const labels = plan.rows.flatMap(({ seats }: { seats: ({ label: string } | null)[] }) => seats.flatMap((seat) => seat?.label ?? []));
		expect(labels).toEqual(["A1", "A2", "A3", "B1", "B2", "B3"]);
	});

	it("returns the same body and ETag with and without an access token", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		const [mine, anonymous] = [await statuses(showtimeId, user.token), await statuses(showtimeId)];
		expect([mine.body, mine.headers.etag]).toEqual([anonymous.body, anonymous.headers.etag]);
		expect([anonymous.headers["cache-control"], anonymous.headers.vary]).toEqual(["no-cache", undefined]);
	});

	it("shows a seat as available from the instant its hold expires, without a sweeper", async () => {
		const brief = await api.startAnother({ limits: { holdTtlMs: 1_000 } });
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const held = await brief.held(user, showtimeId, ["A1"]);
		expect(bodyOf(await statuses(showtimeId)).statuses[0]).toBe("H");
		const expiryMs = Date.parse(held.expiresAt);
		let sawHeldMs = 0;
		for (;;) {
			const askedMs = Date.now();
			const [letter] = bodyOf(await statuses(showtimeId)).statuses;
			if (letter === "A") break;
			sawHeldMs = askedMs;
		}
		expect(sawHeldMs).toBeLessThan(expiryMs);
		expect(Date.now()).toBeGreaterThanOrEqual(expiryMs);
	});

	it("shows the statuses of an arena of 50,000 seats and each change of them", async () => {
		const showtimeId = await api.newShowtime({ rows: 250, seatsPerRow: 200 });
		expect(bodyOf(await waitUntilOpen(api, showtimeId)).statuses).toBe("A".repeat(50_000));
		await api.held(await api.newUser(), showtimeId, ["A1", "IP200"]);
		expect(bodyOf(await statuses(showtimeId)).statuses).toBe(`H${"A".repeat(49_998)}H`);
	});
});

describe("304", () => {
	it("answers 304 to the tag of this view while nothing has changed, and 200 to the tag of the other view", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { etag = "" } = (await statuses(showtimeId)).headers;
		expect(etag).toMatch(/^"[^"]+"$/);
		for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
			const answer = await statuses(showtimeId, undefined, { "if-none-match": known });
			expect([answer.status, answer.body, answer.headers.etag]).toEqual([304, null, etag]);
		}
		const matrix = await api.call(`GET /showtimes/${showtimeId}/seats`);
		expect((await statuses(showtimeId, undefined, { "if-none-match": matrix.headers.etag ?? "" })).status).toBe(200);
		await api.held(user, showtimeId, ["A1"]);
		expect((await statuses(showtimeId, undefined, { "if-none-match": etag })).status).toBe(200);
	});
});
