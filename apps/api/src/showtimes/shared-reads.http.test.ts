/** Many clients that read the seats of one showtime at the same time. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { matrixIn, seatIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("concurrent reads of one showtime", () => {
	it("share one Redis read per round trip, and never return a map from before the request", async () => {
		const showtimeId = await api.newShowtime();
		let reads = 0;
		const counted = await api.startAnother({
			wrapStore: (seatStore) => ({
				...seatStore,
				readSeatMap(id) {
					reads += 1;
					return seatStore.readSeatMap(id);
				},
			}),
		});
		await counted.call(`GET /showtimes/${showtimeId}/seats`);
		reads = 0;
		const crowd = await Promise.all(Array.from({ length: 300 }, () => counted.call(`GET /showtimes/${showtimeId}/seats`)));
		expect(crowd.every(({ status }) => status === 200)).toBe(true);
		expect(reads).toBeLessThan(30);

		const users = await api.newUsers(10);
		let isOver = false;
		const readers = Array.from({ length: 20 }, async () => {
			while (!isOver) await counted.call(`GET /showtimes/${showtimeId}/seats?view=status`);
		});
		for (const [index, user] of users.entries()) {
			const label = `B${index + 1}`;
			await api.held(user, showtimeId, [label]);
			expect(seatIn(matrixIn(await counted.call(`GET /showtimes/${showtimeId}/seats`)), label).status).toBe("held");
		}
		isOver = true;
		await Promise.all(readers);
	});
});
