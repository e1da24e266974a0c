import { newMovieId, newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import { createTestShowtime, settleContinuously } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const DAY_MS = 86_400_000;

let api: TestApi;
let admin: TestUser;
let ada: TestUser;
let bob: TestUser;
/** Showtimes: `euro` and `off` in rooms with euros, of movies of their own; `dollar` in one with dollars. `off` is cancelled. */
let euro: ShowtimeId;
let off: ShowtimeId;
let dollar: ShowtimeId;
/** Ids of bookings, in the order in which they were placed. */
let sold: string;
let dropped: string;
let owed: string;
let big: string;
let movieId: string;
let auditoriumId: string;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	[ada, bob] = [await api.newUser(), await api.newUser()];
	await api.sql(`update users set email = 'Ada_%@Example.com', display_name = 'Ada' where id = '${ada.id}'`);
	const startsAt = new Date(Date.now() + 3 * DAY_MS).toISOString();
	[euro, off, dollar] = [await createTestShowtime(api, admin), await createTestShowtime(api, admin, { startsAt }), await api.newShowtime()];
	const endSettling = settleContinuously(api);
	sold = await sell(ada, euro, ["A1", "A2"]);
	dropped = await sell(ada, dollar, ["A1"]);
	await api.call(`DELETE /bookings/${dropped}`, { token: ada.token });
	owed = await sell(bob, off, ["B1"]);
	big = await sell(bob, dollar, ["C1", "C2", "C3", "C4"]);
	await api.call(`DELETE /admin/showtimes/${off}?reason=Power%20cut`, { token: admin.token });
	await endSettling();
	await settleOutboxes(api.seatStore, api.databaseUrl);
	const [row] = await api.sql(`select movie_id, auditorium_id from showtimes where id = '${euro}'`);
	[movieId, auditoriumId] = [row?.movie_id ?? "", row?.auditorium_id ?? ""];
});
afterAll(() => api.close());

async function sell(user: TestUser, showtimeId: ShowtimeId, seats: readonly string[]): Promise<string> {
	const { id } = await api.held(user, showtimeId, seats);
	await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
	return id;
}

const list = (query = "", app: Pick<TestApi, "call"> = api): Promise<TestAnswer> =>
	app.call(`GET /admin/bookings${query}`, { token: admin.token });
function itemsIn({ status, body }: TestAnswer): AdminBookingBody[] {
	if (status !== 200) throw new Error(`expected a page, got ${JSON.stringify(body)}`);
	return Object(body).items;
}
const idsOf = async (query: string) => itemsIn(await list(query)).map(({ id }) => id);
const inVienna = (ms: number) => `${new Date(ms + 3_600_000).toISOString().slice(0, -1)}%2B01:00`;

describe("200", () => {
	it("lists the bookings of all users, newest first, each with user, showtime and refund", async () => {
		const answer = await list();
		expect(itemsIn(answer).map(({ id }) => id)).toEqual([big, owed, dropped, sold]);
		expect(itemsIn(answer)[3]).toEqual({
			...Object((await api.call(`GET /bookings/${sold}`, { token: ada.token })).body),
			rescheduled: undefined,
			user: { id: ada.id, email: "Ada_%@Example.com", displayName: "Ada" },
		});
		expect(itemsIn(answer)[1]).toMatchObject({
			status: "cancelled",
			refund: {
				status: "due",
				amount: { amount: 1250, currency: "EUR" },
				percent: 100,
				reason: "showtime_cancelled",
				settledAt: null,
				reference: null,
			},
		});
		expect(Object(answer.body)).toMatchObject({ nextCursor: null, settleLagMs: 0, asOf: expect.stringMatching(/^\d{4}-.*Z$/) });
		expect(answer.headers.vary).toContain("Accept");
	});

	it("filters by status, showtimes, movie, auditorium, user, e-mail, amount and refund, and by all of them together", async () => {
		expect(await idsOf("?status=confirmed")).toEqual([big, sold]);
		expect(await idsOf("?status=cancelled")).toEqual([owed, dropped]);
		expect(await idsOf(`?showtimeId=${dollar}`)).toEqual([big, dropped]);
		expect(await idsOf(`?showtimeId=${euro}&showtimeId=${off}`)).toEqual([owed, sold]);
		expect(await idsOf(`?movieId=${movieId}`)).toEqual([sold]);
		expect(await idsOf(`?auditoriumId=${auditoriumId}`)).toEqual([sold]);
		expect(await idsOf(`?userId=${bob.id}`)).toEqual([big, owed]);
		expect(await idsOf("?currency=EUR")).toEqual([owed, sold]);
		expect(await idsOf("?currency=USD&amountMin=1251")).toEqual([big]);
		expect(await idsOf("?currency=USD&amountMin=1250&amountMax=1250")).toEqual([dropped]);
		expect(await idsOf("?refund=due")).toEqual([owed]);
		expect(await idsOf("?refund=refunded")).toEqual([]);
		const all = `showtimeId=${off}&userId=${bob.id}&email=buyer-${bob.id}@example.com&period=placed&from=2020-01-01T00:00:00Z`;
		expect(await idsOf(`?status=cancelled&${all}&currency=EUR&amountMin=1&amountMax=1250&refund=due`)).toEqual([owed]);
		expect(await idsOf(`?status=confirmed&${all}`)).toEqual([]);
		for (const query of [`userId=${newUserId()}`, `showtimeId=${newShowtimeId()}`, `movieId=${newMovieId()}`, "currency=JPY"])
			expect(await idsOf(`?${query}`)).toEqual([]);
	});

	it("finds exactly the e-mail address, in any letter case: `%` and `_` mean themselves", async () => {
		expect(await idsOf("?email=aDA_%25@example.COM")).toEqual([dropped, sold]);
		for (const email of ["%25", "Ada_", "ada__@example.com", "Ada%25@example.com", "%25@example.com", "*"])
			expect(await idsOf(`?email=${email}`)).toEqual([]);
		expect(await idsOf(`?email=Ada_%25@Example.com&userId=${bob.id}`)).toEqual([]);
	});

	it("filters by when bookings were placed or confirmed, and when their showtimes start: `from` is included and `to` is not", async () => {
		const [booking] = itemsIn(await list(`?showtimeId=${euro}`));
		const instants = { placed: booking?.createdAt ?? "", confirmed: booking?.confirmedAt ?? "", starts: booking?.showtime.startsAt ?? "" };
		for (const [period, instant] of Object.entries(instants)) {
			const ms = Date.parse(instant);
			const ids = (from: string, to: string) => idsOf(`?showtimeId=${euro}&period=${period}&from=${from}&to=${to}`);
			expect(await ids(inVienna(ms), inVienna(ms + 1))).toEqual([sold]);
			expect(await ids(inVienna(ms + 1), inVienna(ms + 2))).toEqual([]);
			expect(await ids(inVienna(ms - 1), inVienna(ms))).toEqual([]);
		}
		const placed = Date.parse(instants.placed);
		expect(await idsOf(`?to=${inVienna(placed + 1)}`)).toEqual([sold]);
		expect(await idsOf(`?period=starts&from=${inVienna(Date.now() + 2 * DAY_MS)}`)).toEqual([owed]);
	});

	it("gives pages that neither repeat nor skip a booking while others are sold", async () => {
		const seen: string[] = [];
		let cursor: string | null = null;
		do {
			const { body } = await list(`?limit=1&showtimeId=${dollar}${cursor === null ? "" : `&cursor=${cursor}`}`);
			seen.push(...Object(body).items.map((booking: AdminBookingBody) => booking.id));
			cursor = Object(body).nextCursor;
			if (seen.length === 1) await sell(bob, dollar, ["D1"]);
			await settleOutboxes(api.seatStore, api.databaseUrl);
		} while (cursor !== null);
		expect(seen).toEqual([big, dropped]);
		await api.sql(
			`delete from booking_seats where label = 'D1'; delete from bookings where id not in ('${sold}', '${dropped}', '${owed}', '${big}')`,
		);
	});

	it("lacks a sale that is not settled, and says since when", async () => {
		const user = await api.newUser();
		const showtimeId = await api.newShowtime();
		await sell(user, showtimeId, ["A1"]);
		const before = await list(`?userId=${user.id}`);
		expect(itemsIn(before)).toEqual([]);
		expect(Object(before.body).settleLagMs).toBeGreaterThan(0);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const after = await list(`?userId=${user.id}`);
		expect([itemsIn(after).length, Object(after.body).settleLagMs]).toEqual([1, 0]);
	});

	it("has the age null while Redis does not report it", async () => {
		const app = await api.startAnother({
			wrapStore: (store) => ({ ...store, settleLagMs: () => Promise.reject(new SeatStoreFault("unavailable", "away")) }),
		});
		expect(Object((await list("?limit=1", app)).body).settleLagMs).toBeNull();
	});

	it("lists bookings of an archived movie, and of a deleted account without name and address", async () => {
		const user = await api.newUser();
		const showtimeId = await createTestShowtime(api, admin);
		const id = await sell(user, showtimeId, ["A1"]);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		await api.sql(`update movies set archived_at = now() where id = (select movie_id from showtimes where id = '${showtimeId}');
			update users set email = null, password_hash = null, display_name = null, deletion_started_at = now() where id = '${user.id}'`);
		const [booking, ...rest] = itemsIn(await list(`?userId=${user.id}`));
		expect(rest).toEqual([]);
		expect(booking).toMatchObject({
			id,
			user: { id: user.id, email: null, displayName: null },
			showtime: { movie: { title: "The Third Man" } },
		});
	});

	it("leaves out a booking that cannot be read, and lists the others", async () => {
		const user = await api.newUser();
		const showtimeId = await api.newShowtime();
		const [first, second] = [await sell(user, showtimeId, ["A1"]), await sell(user, showtimeId, ["A2"])];
		await settleOutboxes(api.seatStore, api.databaseUrl);
		await api.sql(`update bookings set expires_at = '290000-01-01' where id = '${second}'`);
		expect(await idsOf(`?userId=${user.id}`)).toEqual([first]);
		const page = await list(`?userId=${user.id}&limit=1`);
		expect(itemsIn(page)).toEqual([]);
		expect(await idsOf(`?userId=${user.id}&limit=1&cursor=${Object(page.body).nextCursor}`)).toEqual([first]);
	});
});

describe("200 with status=pending", () => {
	it("lists the live holds of showtimes or of a user from Redis, newest first, and no others", async () => {
		const [user, other] = [await api.newUser(), await api.newUser()];
		const [here, there] = [await createTestShowtime(api, admin), await api.newShowtime()];
		const first = (await api.held(user, here, ["A1"])).id;
		const second = (await api.held(user, there, ["A1", "A2"])).id;
		const third = (await api.held(other, here, ["A2"])).id;
		await api.call(`DELETE /bookings/${(await api.held(user, here, ["A3"])).id}`, { token: user.token });
		await sell(user, here, ["A4"]);
		const pending = (query: string) => idsOf(`?status=pending&${query}`);
		expect(await pending(`showtimeId=${here}`)).toEqual([third, first]);
		expect(await pending(`showtimeId=${here}&showtimeId=${there}&showtimeId=${here}`)).toEqual([third, second, first]);
		expect(await pending(`userId=${user.id}`)).toEqual([second, first]);
		expect(await pending(`userId=${user.id}&showtimeId=${here}`)).toEqual([first]);
		expect(await pending(`showtimeId=${here}&email=buyer-${other.id}@example.com`)).toEqual([third]);
		expect(await pending(`userId=${user.id}&currency=USD&amountMin=2500`)).toEqual([second]);
		expect(await pending(`userId=${user.id}&currency=EUR&amountMax=1249`)).toEqual([]);
		const [row] = await api.sql(`select movie_id, auditorium_id from showtimes where id = '${here}'`);
		expect(await pending(`userId=${user.id}&movieId=${row?.movie_id}`)).toEqual([first]);
		expect(await pending(`userId=${user.id}&auditoriumId=${row?.auditorium_id}`)).toEqual([first]);
		expect(await pending(`userId=${user.id}&refund=due`)).toEqual([]);
		expect(await pending(`userId=${user.id}&period=confirmed&from=2020-01-01T00:00:00Z`)).toEqual([]);
		const [hold] = itemsIn(await list(`?status=pending&userId=${user.id}&limit=1`));
		expect(hold).toMatchObject({ status: "pending", seats: ["A1", "A2"], recorded: false, user: { id: user.id }, showtime: { id: there } });
		const placed = Date.parse(hold?.createdAt ?? "");
		expect(await pending(`userId=${user.id}&from=${inVienna(placed)}`)).toEqual([second]);
		expect(await pending(`userId=${user.id}&to=${inVienna(placed)}`)).toEqual([first]);
		const starts = Date.parse(hold?.showtime.startsAt ?? "");
		expect(await pending(`showtimeId=${there}&period=starts&from=${inVienna(starts)}&to=${inVienna(starts + 1)}`)).toEqual([second]);
		expect(await pending(`showtimeId=${there}&period=starts&to=${inVienna(starts)}`)).toEqual([]);
	});

	it("pages live holds by a cursor of their own, which the ledger's list refuses", async () => {
		const user = await api.newUser();
		const showtimeId = await api.newShowtime();
		const held = [];
		for (const seat of ["A1", "A2", "A3"]) held.unshift((await api.held(user, showtimeId, [seat])).id);
		const first = await list(`?status=pending&showtimeId=${showtimeId}&limit=2`);
		expect(itemsIn(first).map(({ id }) => id)).toEqual(held.slice(0, 2));
		const { nextCursor } = Object(first.body);
		const second = await list(`?status=pending&showtimeId=${showtimeId}&limit=2&cursor=${nextCursor}`);
		expect([itemsIn(second).map(({ id }) => id), Object(second.body).nextCursor]).toEqual([held.slice(2), null]);
		expect(problemIn(await list(`?cursor=${nextCursor}`)).errors?.[0]?.pointer).toBe("/query/cursor");
	});

	it("has no holds of a showtime that was never opened", async () => {
		expect(await idsOf(`?status=pending&showtimeId=${newShowtimeId()}`)).toEqual([]);
	});
});

describe("400 invalid_request", () => {
	it("says that `pending` needs a showtime or a user, also with an e-mail", async () => {
		for (const query of ["?status=pending", "?status=pending&email=ada@example.com", `?status=pending&movieId=${movieId}`])
			expect(problemIn(await list(query)).errors).toEqual([
				{ pointer: "/query/status", message: expect.stringContaining("`showtimeId` or `userId`") },
			]);
	});

	it.each([
		["showtimeId=7", "/query/showtimeId"],
		["movieId=7", "/query/movieId"],
		["auditoriumId=7", "/query/auditoriumId"],
		["userId=ada", "/query/userId"],
		["email=", "/query/email"],
		[`email=${"a".repeat(255)}`, "/query/email"],
		["status=expired", "/query/status"],
		["refund=not_owed", "/query/refund"],
		["period=cancelled&from=2026-01-01T00:00:00Z", "/query/period"],
		["period=starts", "/query/period"],
		["from=yesterday", "/query/from"],
		["to=2026-12-31T23:59:60Z", "/query/to"],
		["from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", "/query/to"],
		["amountMin=1", "/query/amountMin"],
		["amountMax=1", "/query/amountMax"],
		["currency=EUR&amountMin=2&amountMax=1", "/query/amountMax"],
		["currency=EUR&amountMin=-1", "/query/amountMin"],
		["currency=eur", "/query/currency"],
		["cursor=nonsense", "/query/cursor"],
		["limit=101", "/query/limit"],
		["rows=seats", "/query/rows"],
		["user=ada", "/query/user"],
	])("refuses the bookings query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("accepts 20 showtimes in one query and refuses 21", async () => {
		const query = (count: number) => `?${Array.from({ length: count }, () => `showtimeId=${newShowtimeId()}`).join("&")}`;
		expect((await list(query(20))).status).toBe(200);
		expect(problemIn(await list(query(21))).code).toBe("invalid_request");
	});

	it("refuses the cursor of another list", async () => {
		const { body } = await api.call("GET /admin/showtimes?limit=1", { token: admin.token });
		expect(problemIn(await list(`?cursor=${Object(body).nextCursor}`)).errors?.[0]?.pointer).toBe("/query/cursor");
	});
});
