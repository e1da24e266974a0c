import type { ShowtimeId } from "@holdfast/domain";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
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

describe("opening a showtime on its first request", () => {
	it("installs the showtime once for a concurrent crowd in one process", async () => {
		const [users, showtimeId] = [await api.newUsers(50), await api.newShowtime()];
		const answers = await Promise.all(users.map((user) => api.hold(user, showtimeId, ["A1"])));
		expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
		expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
		expect(await epochOf(showtimeId)).toBe(1);
	});

	it("succeeds in four processes at the same time, and bookings made there can be settled", async () => {
		const apps = [api, await api.startAnother(), await api.startAnother(), await api.startAnother()];
		const user = await api.newUser();
		for (let round = 0; round < 5; round += 1) {
			const showtimeId = await api.newShowtime();
			const answers = await Promise.all(apps.map((app) => app.call(`GET /showtimes/${showtimeId}/seats`)));
			expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
			await confirmed(user, showtimeId);
		}
		await settleOutboxes(api.seatStore, api.databaseUrl);
	});

	it("is done by one process while another one waits, and bookings made then are settled", async () => {
		const showtimeId = await api.newShowtime();
		let isInstalling = false;
		const slow = await api.startAnother({
			wrapStore: (seatStore) => ({
				...seatStore,
				async installShowtime(snapshot, claim) {
					isInstalling = true;
					await waitUntil("the request to the other process", async () => isRequested);
					return seatStore.installShowtime(snapshot, claim);
				},
			}),
		});
		let isRequested = false;
		const first = slow.call(`GET /showtimes/${showtimeId}/seats`);
		await waitUntil("the first process to have the claim", async () => isInstalling);
		const second = api.call(`GET /showtimes/${showtimeId}/seats`);
		isRequested = true;
		expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
		expect(await epochOf(showtimeId)).toBe(1);
		await confirmed(await api.newUser(), showtimeId);
		await settleOutboxes(api.seatStore, api.databaseUrl);
	});

	it("restores the seats sold in the ledger after Redis has lost the showtime", async () => {
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

	it("happens again for a hold or a confirm after Redis has lost the showtime", async () => {
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
	it("answers recovering while another process holds the claim, and opens the showtime after the claim has expired", async () => {
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

	it("answers recovering, not outcome_unknown, when the rebuild lost Postgres during a write, and the next request opens it", async () => {
		const showtimeId = await api.newShowtime();
		const problem = await whileWritesLosePostgres(api, "showtimes", () => api.call(`GET /showtimes/${showtimeId}/seats`));
		expect([problem.code, problem.retryable]).toEqual(["recovering", true]);
		expect(await epochOf(showtimeId)).toBe(0);
		expect((await api.call(`GET /showtimes/${showtimeId}/seats`)).status).toBe(200);
	});
});

describe("a showtime that another process has changed", () => {
	it("is shown with its new prices at once by a process that has the old ones cached", async () => {
		const showtimeId = await api.newShowtime();
		const before = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
		expect(before.tiers[0]?.price.amount).not.toBe(990);
		const terms = { prices: { standard: 990 } };
		expect(await api.seatStore.setTerms({ showtimeId, terms, ifVersions: null, command: null })).toMatchObject({ outcome: "set" });
		expect(matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`)).tiers[0]?.price.amount).toBe(990);
	});

	it("refuses holds while it is paused, and every change after it was cancelled", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = await api.held(user, showtimeId, ["A1"]);
		const set = (state: "paused" | "cancelled") =>
			api.seatStore.setTerms({ showtimeId, terms: { state }, ifVersions: null, command: null });
		await set("paused");
		expect(problemIn(await api.hold(user, showtimeId, ["A2"])).code).toBe("not_on_sale");
		expect((await api.call(`POST /bookings/${id}/confirm`, { token: user.token })).status).toBe(200);
		await set("cancelled");
		expect(problemIn(await api.hold(user, showtimeId, ["A2"])).code).toBe("showtime_cancelled");
		expect(problemIn(await api.call(`POST /bookings/${id}/confirm`, { token: user.token })).code).toBe("showtime_cancelled");
		expect(problemIn(await api.call(`DELETE /bookings/${id}`, { token: user.token })).code).toBe("showtime_cancelled");
	});
});

describe("a hold after a change of prices", () => {
	it("reads the prices again and is placed at the current price", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		await askRedis(api.redis.port, "HSET", showtimeKeys(showtimeId).meta, "priceVersion", "2", "prices", '"{\\"standard\\":990}"');
		expect((await api.held(user, showtimeId, ["A2"])).total).toEqual({ amount: 990, currency: "USD" });
	});

	it("answers 503 busy when prices change again during the retry", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const repricing = await api.startAnother({
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
		expect(problemIn(await repricing.hold(user, showtimeId, ["A1"])).code).toBe("busy");
	});
});
