/** 1,000 users request the same two seats over real HTTP connections. */
import { Agent, request } from "node:http";
import { createDatabase, seatOwners } from "@holdfast/database";
import { findSeatViolations } from "@holdfast/seat-store/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const BUYERS = 1_000;

let api: TestApi;
let port: number;
beforeAll(async () => {
	api = await startTestApi();
	const address = await api.app.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
	port = Number(new URL(address).port);
});
afterAll(() => api.close());

type Answer = { status: number; body: { id?: string; code?: string; seats?: string[] } };

function post(agent: Agent, path: string, token: string, body: object): Promise<Answer> {
	const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
	return new Promise((resolve, reject) => {
		const sent = request({ host: "127.0.0.1", port, method: "POST", path: `/api/v1${path}`, headers, agent }, (response) => {
			let text = "";
			response.setEncoding("utf8");
			response.on("data", (chunk: string) => {
				text += chunk;
			});
			response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
		});
		sent.on("error", reject);
		sent.end(JSON.stringify(body));
	});
}

it("exactly one of 1,000 users gets the seats, 999 get 409 seats_taken, and both stores agree", async () => {
	const [users, showtimeId] = [await api.newUsers(BUYERS), await api.newShowtime()];
	const agent = new Agent({ keepAlive: true, maxSockets: BUYERS });
	const answers = await Promise.all(users.map(({ token }) => post(agent, "/bookings", token, { showtimeId, seats: ["E5", "E6"] })));

	const winners = answers.filter(({ status }) => status === 201);
	const losers = answers.filter(({ status, body }) => status === 409 && body.code === "seats_taken" && body.seats?.join() === "E5,E6");
	expect([winners.length, losers.length]).toEqual([1, BUYERS - 1]);

	const bookingId = winners[0]?.body.id ?? "";
	const token = users[answers.findIndex(({ status }) => status === 201)]?.token ?? "";
	expect((await post(agent, `/bookings/${bookingId}/confirm`, token, {})).status).toBe(200);
	agent.destroy();

	const { owners } = await api.seatStore.inspectSeats(showtimeId);
	expect(owners.map((owner) => [owner.seat, owner.bookingId, owner.expiresAt]).sort()).toEqual([
		[44, bookingId, 0],
		[45, bookingId, 0],
	]);
	await settleOutboxes(api.seatStore, api.databaseUrl);
	const database = createDatabase({ url: api.databaseUrl });
	expect(await findSeatViolations(api.seatStore, showtimeId, await seatOwners(database, showtimeId))).toEqual([]);
	await database.close();
});
