import { newShowtimeId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectUserLimit, UNREACHABLE_POSTGRES, withoutTables } from "../testing/provoke.ts";
import { bookingsIn, problemIn } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";
import { RECENT_PER_PAGE_MAX } from "./collect-bookings.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi({ limits: { seatsPerUserMax: 100, liveHoldsPerUserMax: 100 } });
});
afterAll(() => api.close());

const list = async (user: TestUser, query = "") => bookingsIn(await api.call(`GET /bookings${query}`, { token: user.token }));
const ids = (bookings: readonly { id: string }[]) => bookings.map(({ id }) => id);

/** Buys the seats one by one. Returns the booking ids, newest first. */
async function buy(user: TestUser, showtimeId: Parameters<TestApi["held"]>[1], seats: readonly string[]): Promise<string[]> {
	const bought: string[] = [];
	for (const seat of seats) {
		const { id } = await api.held(user, showtimeId, [seat]);
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		bought.unshift(id);
	}
	return bought;
}

describe("200", () => {
	it("lists only the user's own bookings, newest first, including one made a moment ago", async () => {
		const [user, other, showtimeId] = [await api.newUser(), await api.newUser(), await api.newShowtime()];
		const recorded = await buy(user, showtimeId, ["A1", "A2"]);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const recent = await buy(user, showtimeId, ["A3"]);
		const pending = await api.held(user, showtimeId, ["A4"]);
		await api.held(other, showtimeId, ["A5"]);
		const { items, nextCursor } = await list(user);
		expect(ids(items)).toEqual([pending.id, ...recent, ...recorded]);
		expect(items.map(({ status, recorded: isRecorded }) => [status, isRecorded])).toEqual([
			["pending", false],
			["confirmed", false],
			["confirmed", true],
			["confirmed", true],
		]);
		expect(nextCursor).toBeNull();
	});

	it("filters by status after merging both stores, so a cancel that the ledger does not have yet counts", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const [second = "", first = ""] = await buy(user, showtimeId, ["A1", "A2"]);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		await api.call(`DELETE /bookings/${second}`, { token: user.token });
		expect(ids((await list(user, "?status=confirmed")).items)).toEqual([first]);
		const cancelled = (await list(user, "?status=cancelled")).items;
		expect(cancelled.map(({ id, version }) => [id, version])).toEqual([[second, 3]]);
		expect((await list(user, "?status=pending")).items).toEqual([]);
	});

	it(`reads at most ${RECENT_PER_PAGE_MAX} records per page from Redis, and its pages list all holds of a user with more`, async () => {
		const batchSizes: number[] = [];
		const counting = await api.startAnother({
			rates: { userRate: 10_000, userBurst: 10_000 },
			wrapStore: (store) => ({
				...store,
				readBookings(bookingIds) {
					batchSizes.push(bookingIds.length);
					return store.readBookings(bookingIds);
				},
			}),
		});
		const user = await api.newUser();
		// Two buckets, because one bucket accepts only 100 holds per user and hour.
		const showtimeIds = [await api.newShowtime({ bucket: 1 }), await api.newShowtime({ bucket: 2 })] as const;
		const released: string[] = [];
		for (let hold = 0; hold < RECENT_PER_PAGE_MAX + 10; hold += 1) {
			const { id } = await counting.held(user, hold % 2 === 0 ? showtimeIds[0] : showtimeIds[1], ["A1"]);
			await counting.call(`DELETE /bookings/${id}`, { token: user.token });
			released.unshift(id);
		}
		const seen: string[] = [];
		for (let cursor: string | null = ""; cursor !== null; ) {
			const page = bookingsIn(await counting.call(`GET /bookings?limit=60${cursor && `&cursor=${cursor}`}`, { token: user.token }));
			seen.push(...ids(page.items));
			cursor = page.nextCursor;
		}
		expect(seen).toEqual(released);
		expect(Math.max(...batchSizes)).toBe(RECENT_PER_PAGE_MAX);
	});

	it("lists a hold after its expiry as expired", async () => {
		const brief = await api.startAnother({ limits: { holdTtlMs: 1_000 } });
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = await brief.held(user, showtimeId, ["A1"]);
		const expired = await waitUntil("the hold to expire", async () => {
			const { items } = await list(user, "?status=expired");
			return items.length > 0 ? items : null;
		});
		expect(ids(expired)).toEqual([id]);
	});

	it("pages over both stores without repeating or skipping, while bookings are added", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const row = (letter: string) => Array.from({ length: 10 }, (_, seat) => `${letter}${seat + 1}`);
		const older = await buy(user, showtimeId, row("A"));
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const all = [...(await buy(user, showtimeId, row("B").slice(0, 3))), ...older];
		for (const limit of [1, 4, 13, 100]) {
			const seen: string[] = [];
			let query = `?limit=${limit}`;
			for (let page = 0; page < 20; page += 1) {
				const { items, nextCursor } = await list(user, query);
				expect(items.length).toBeLessThanOrEqual(limit);
				seen.push(...ids(items));
				if (nextCursor === null) break;
				query = `?limit=${limit}&cursor=${nextCursor}`;
			}
			expect(seen).toEqual(all);
		}
		const firstPage = await list(user, "?limit=5");
		await buy(user, showtimeId, ["J1"]);
		const secondPage = await list(user, `?limit=8&cursor=${firstPage.nextCursor}`);
		expect([...ids(firstPage.items), ...ids(secondPage.items)]).toEqual(all);
	});

	it("returns a cursor with short pages when the filter matches little, and the pages find every match", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const bought = await buy(
			user,
			showtimeId,
			Array.from({ length: 20 }, (_, seat) => `${"AB"[Math.floor(seat / 10)]}${(seat % 10) + 1}`),
		);
		const oldest = bought.at(-1) ?? "";
		await api.call(`DELETE /bookings/${oldest}`, { token: user.token });
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const seen: string[] = [];
		let query = "?limit=1&status=cancelled";
		for (let page = 0; page < 20; page += 1) {
			const { items, nextCursor } = await list(user, query);
			seen.push(...ids(items));
			if (nextCursor === null) break;
			query = `?limit=1&status=cancelled&cursor=${nextCursor}`;
		}
		expect(seen).toEqual([oldest]);
	});
});

describe("200 with showtimeId", () => {
	it("lists the user's bookings of one showtime from both stores, with the status that the newer copy has", async () => {
		const [user, other] = [await api.newUser(), await api.newUser()];
		// Two showtimes of one bucket: their recent bookings are in one index.
		const [wanted, elsewhere] = [await api.newShowtime({ bucket: 3 }), await api.newShowtime({ bucket: 3 })];
		const recorded = await buy(user, wanted, ["A1", "A2", "A3"]);
		await buy(user, elsewhere, ["A1"]);
		await buy(other, wanted, ["B1"]);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const recent = await buy(user, wanted, ["A4", "A5"]);
		const { id: held } = await api.held(user, elsewhere, ["A2"]);
		const cancelled = recorded.at(-1) ?? "";
		await api.call(`DELETE /bookings/${cancelled}`, { token: user.token });

		const query = `?showtimeId=${wanted}`;
		expect(ids((await list(user, query)).items)).toEqual([...recent, ...recorded]);
		expect(ids((await list(user, `${query}&status=cancelled`)).items)).toEqual([cancelled]);
		expect(ids((await list(user, `${query}&status=pending`)).items)).toEqual([]);
		expect(ids((await list(user, `?showtimeId=${elsewhere}&status=pending`)).items)).toEqual([held]);
		const seen: string[] = [];
		for (let cursor: string | null = ""; cursor !== null; ) {
			const page: Awaited<ReturnType<typeof list>> = await list(user, `${query}&limit=2${cursor && `&cursor=${cursor}`}`);
			seen.push(...ids(page.items));
			cursor = page.nextCursor;
		}
		expect(seen).toEqual([...recent, ...recorded]);
	});

	it.each([newShowtimeId(), newShowtimeId(255)])("lists no booking for the showtime %s, which does not exist", async (id) => {
		const user = await api.newUser();
		await api.held(user, await api.newShowtime(), ["A1"]);
		expect(await list(user, `?showtimeId=${id}`)).toEqual({ items: [], nextCursor: null });
	});
});

describe("400 invalid_request", () => {
	it.each([
		["limit=0", "/query/limit"],
		["limit=101", "/query/limit"],
		["limit=ten", "/query/limit"],
		["limit=1e309", "/query/limit"],
		["limit=-1e309", "/query/limit"],
		["status=paid", "/query/status"],
		["cursor=nonsense", "/query/cursor"],
		["page=2", "/query/page"],
		["showtimeId=7", "/query/showtimeId"],
		["showtimeId=", "/query/showtimeId"],
		[`showtimeId=${"0".repeat(64)}`, "/query/showtimeId"],
		[`showtimeId=${"0".repeat(65)}`, "/query/showtimeId"],
	])("refuses the list query ?%s and points at its parameter", async (query, pointer) => {
		const user = await api.newUser();
		const problem = problemIn(await api.call(`GET /bookings?${query}`, { token: user.token }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("429 too_many_requests", () => {
	it("refuses the list requests of a user beyond the rate limit, and not at the limit", () => expectUserLimit(api, "GET /bookings"));
});

describe("401 unauthenticated", () => {
	it("refuses a list request without a valid access token", async () => {
		expect(problemIn(await api.call("GET /bookings")).code).toBe("unauthenticated");
		expect(problemIn(await api.call("GET /bookings", { token: "not.a.token" })).code).toBe("unauthenticated");
	});
});

describe("500 internal", () => {
	it("answers internal to a list request when the ledger has no tables", async () => {
		const { token } = await api.newUser();
		expect(problemIn(await (await withoutTables(api)).call("GET /bookings", { token })).code).toBe("internal");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable to a list request without Postgres, instead of a partial list", async () => {
		const withoutPostgres = await api.startAnother({ databaseUrl: UNREACHABLE_POSTGRES });
		const answer = await withoutPostgres.call("GET /bookings", { token: (await api.newUser()).token });
		expect([problemIn(answer).code, answer.headers["retry-after"]]).toEqual(["unavailable", "2"]);
	});
});
