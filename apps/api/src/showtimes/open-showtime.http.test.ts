import type { ShowtimeId } from "@holdfast/domain";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whileWritesBreak } from "../testing/provoke.ts";
import { bookingIn, matrixIn, problemIn, seatIn } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const epochOf = async (showtimeId: ShowtimeId) =>
	Number((await api.sql(`select redis_epoch from showtimes where id = '${showtimeId}'`))[0]?.redis_epoch);

async function confirmed(user: TestUser, showtimeId: ShowtimeId): Promise<void> {
	const { id } = await api.held(user, showtimeId, ["A1"]);
	expect((await api.call(`POST /bookings/${id}/confirm`, { token: user.token })).status).toBe(200);
}

describe("opening a showtime", () => {
	it("happens once for a crowd in one process", async () => {
		const [users, showtimeId] = [await api.newUsers(50), await api.newShowtime()];
		const answers = await Promise.all(users.map((user) => api.hold(user, showtimeId, ["A1"])));
		expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
		expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
		expect(await epochOf(showtimeId)).toBe(1);
	});

	it("serves processes that are asked at the same time alike, and what is sold there can be recorded", async () => {
		const apps = [api, await api.another(), await api.another(), await api.another()];
		const user = await api.newUser();
		for (let round = 0; round < 5; round += 1) {
			const showtimeId = await api.newShowtime();
			const answers = await Promise.all(apps.map((app) => app.call(`GET /showtimes/${showtimeId}/seats`)));
			expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
			await confirmed(user, showtimeId);
		}
		await settleOutboxes(api.seatStore, api.databaseUrl);
	});

	it("is done by one process while the other waits for it, and what is sold then is recorded", async () => {
		const showtimeId = await api.newShowtime();
		let installing = false;
		const slow = await api.another({
			wrapStore: (seatStore) => ({
				...seatStore,
				async installShowtime(snapshot, claim) {
					installing = true;
					await waitUntil("the other process to be asked", async () => asked);
					return seatStore.installShowtime(snapshot, claim);
				},
			}),
		});
		let asked = false;
		const first = slow.call(`GET /showtimes/${showtimeId}/seats`);
		await waitUntil("the first process to have the claim", async () => installing);
		const second = api.call(`GET /showtimes/${showtimeId}/seats`);
		asked = true;
		expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
		expect(await epochOf(showtimeId)).toBe(1);
		await confirmed(await api.newUser(), showtimeId);
		await settleOutboxes(api.seatStore, api.databaseUrl);
	});

	it("brings the seats along that the ledger has sold, when Redis has lost the showtime", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = await api.held(user, showtimeId, ["A1", "A2"]);
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		await settleOutboxes(api.seatStore, api.databaseUrl);
		expect(await askRedis(api.redis.port, "DEL", showtimeKeys(showtimeId).meta)).toBe(":1");

		const matrix = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`, { token: user.token }));
		expect(matrix.counts).toMatchObject({ sold: 2, available: 98 });
		expect(seatIn(matrix, "A1")).toMatchObject({ status: "sold", mine: true });
		expect(await epochOf(showtimeId)).toBe(2);
		expect(problemIn(await api.hold(await api.newUser(), showtimeId, ["A2", "A3"])).seats).toEqual(["A2"]);
		expect(bookingIn(await api.call(`DELETE /bookings/${id}`, { token: user.token })).status).toBe("cancelled");
	});

	it("opens it again for a hold and for a confirm that find it gone", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.call(`GET /showtimes/${showtimeId}/seats`);
		await askRedis(api.redis.port, "DEL", showtimeKeys(showtimeId).meta);
		const { id } = await api.held(user, showtimeId, ["A1"]);
		expect((await api.call(`POST /bookings/${id}/confirm`, { token: user.token })).status).toBe(200);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		await askRedis(api.redis.port, "DEL", showtimeKeys(showtimeId).meta);
		expect((await api.call(`POST /bookings/${id}/confirm`, { token: user.token })).status).toBe(200);
	});
});

describe("503 recovering", () => {
	it("is the answer while another process has the claim and does not come to an end; once it lapses the next request opens it", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const dying = { token: "a rebuilder that dies", ledgerEpoch: 0 };
		expect((await api.seatStore.claimShowtime(showtimeId, dying)).outcome).toBe("claimed");
		const answer = await api.hold(user, showtimeId, ["A1"]);
		expect([problemIn(answer).code, problemIn(answer).retryable, answer.headers["retry-after"]]).toEqual(["recovering", true, "1"]);
		expect(problemIn(await api.call(`GET /showtimes/${showtimeId}/seats`)).code).toBe("recovering");
		expect(await epochOf(showtimeId)).toBe(0);
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "claimUntil", "1");
		expect((await api.hold(user, showtimeId, ["A1"])).status).toBe(201);
		expect(await epochOf(showtimeId)).toBe(1);
	});

	it("is the answer, not outcome_unknown, to a request whose rebuild lost Postgres during a write; the next request opens the showtime", async () => {
		const showtimeId = await api.newShowtime();
		const problem = await whileWritesBreak(api, "showtimes", () => api.call(`GET /showtimes/${showtimeId}/seats`));
		expect([problem.code, problem.retryable]).toEqual(["recovering", true]);
		expect(await epochOf(showtimeId)).toBe(0);
		expect((await api.call(`GET /showtimes/${showtimeId}/seats`)).status).toBe(200);
	});
});

describe("a showtime that was changed elsewhere", () => {
	it("is shown with its new prices at once, by a process that has it in memory", async () => {
		const showtimeId = await api.newShowtime();
		const before = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
		expect(before.tiers[0]?.price.amount).not.toBe(990);
		const change = { what: "prices", prices: { standard: 990 }, currency: "USD" } as const;
		expect(await api.seatStore.setTerms({ showtimeId, change })).toMatchObject({ outcome: "set" });
		expect(matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`)).tiers[0]?.price.amount).toBe(990);
	});

	it("refuses holds while it is paused, and everything once it is cancelled", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = await api.held(user, showtimeId, ["A1"]);
		const set = (state: "paused" | "cancelled") => api.seatStore.setTerms({ showtimeId, change: { what: "state", state } });
		await set("paused");
		expect(problemIn(await api.hold(user, showtimeId, ["A2"])).code).toBe("not_on_sale");
		expect((await api.call(`POST /bookings/${id}/confirm`, { token: user.token })).status).toBe(200);
		await set("cancelled");
		expect(problemIn(await api.hold(user, showtimeId, ["A2"])).code).toBe("showtime_cancelled");
		expect(problemIn(await api.call(`POST /bookings/${id}/confirm`, { token: user.token })).code).toBe("showtime_cancelled");
		expect(problemIn(await api.call(`DELETE /bookings/${id}`, { token: user.token })).code).toBe("showtime_cancelled");
	});
});

describe("prices that moved on", () => {
	it("are read anew, once, and the hold is placed at today's price", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "priceVersion", "2", "prices", '"{\\"standard\\":990}"');
		expect((await api.held(user, showtimeId, ["A2"])).total).toEqual({ amount: 990, currency: "USD" });
	});

	it("again while they are read are 503 busy", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const restless = await api.another({
			wrapStore: (seatStore) => ({
				...seatStore,
				async readShowtime(id) {
					const showtime = await seatStore.readShowtime(id);
					if (showtime !== null) await askRedis(api.redis.port, "HINCRBY", showtimeKeys(id).meta, "priceVersion", "1");
					return showtime;
				},
			}),
		});
		await api.call(`GET /showtimes/${showtimeId}/seats`);
		expect(problemIn(await restless.hold(user, showtimeId, ["A1"])).code).toBe("busy");
	});
});
