import { type BookingId, newMovieId, newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdminRefundBody } from "../contract/refund.ts";
import { insertRefund } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let [ada, bob]: TestUser[] = [];
let [first, second]: ShowtimeId[] = [];
let movieId: string;
/** The refunds of the test by a short name. */
const made: Record<string, BookingId> = {};
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	[ada, bob] = await api.newUsers(2);
	[first, second] = [await api.newShowtime(), await api.newShowtime()];
	if (ada === undefined || bob === undefined) throw new Error("fewer than two users were created");
	movieId = String((await api.sql(`select movie_id from showtimes where id = '${first}'`))[0]?.movie_id);
	const [ofAda, ofBob] = [
		{ showtimeId: first, userId: ada.id },
		{ showtimeId: second, userId: bob.id },
	];
	made.due = await insertRefund(api, { ...ofAda, amount: 1000, percent: 40, dueAt: "2031-04-01T10:00:00.001Z" });
	made.paid = await insertRefund(api, { ...ofAda, reason: "showtime_cancelled", state: "done", dueAt: "2031-04-02T10:00:00Z" });
	made.sent = await insertRefund(api, { ...ofBob, amount: 300, currency: "EUR", state: "sent", dueAt: "2031-04-03T10:00:00Z" });
	made.failed = await insertRefund(api, { ...ofBob, amount: 500, currency: "EUR", state: "failed", dueAt: "2031-04-04T10:00:00Z" });
	made.conflict = await insertRefund(api, { ...ofBob, reason: "conflict", amount: 700, dueAt: "2031-04-05T10:00:00Z" });
	made.owed = await insertRefund(api, { ...ofAda, amount: 20, dueAt: "2031-04-05T10:00:00Z" });
	await insertRefund(api, { ...ofBob, state: "not_owed" });
	await insertRefund(api, { ...ofBob, amount: 0 });
});
afterAll(() => api.close());

const list = (query = ""): Promise<TestAnswer> => api.call(`GET /admin/refunds${query}`, { token: admin.token });
function refundsIn({ status, body }: TestAnswer): AdminRefundBody[] {
	if (status !== 200) throw new Error(`expected a page, got ${JSON.stringify(body)}`);
	return Object(body).items;
}
const nameOf = (id: string) => Object.keys(made).find((name) => made[name] === id);
const namesOf = async (query: string) => refundsIn(await list(query)).map(({ bookingId }) => nameOf(bookingId));
const totalsOf = async (query: string) => Object((await list(query)).body).totals;

describe("200", () => {
	it("lists every field of a refund, newest first, and neither a withdrawn one nor one of nothing", async () => {
		expect(await namesOf("")).toEqual(["owed", "conflict", "failed", "sent", "paid", "due"]);
		const refunds = refundsIn(await list());
		expect(refunds.at(-1)).toEqual({
			bookingId: made.due,
			userId: ada?.id,
			showtime: {
				id: first,
				startsAt: expect.any(String),
				timeZone: "Europe/Vienna",
				movie: { id: movieId, title: "The Third Man" },
			},
			status: "due",
			reason: "cancelled",
			amount: { amount: 1000, currency: "USD" },
			bookingTotal: { amount: 2500, currency: "USD" },
			percent: 40,
			manual: true,
			reference: null,
			dueAt: "2031-04-01T10:00:00.001Z",
			settledAt: null,
			settledBy: null,
			version: expect.stringMatching(/^[0-9a-f]{16}$/),
		});
		expect(refunds[4]).toMatchObject({ status: "refunded", reference: "Receipt 1", settledAt: "2031-01-01T00:00:00.000Z" });
	});

	it("filters by status, reason, currency, showtime, movie and user, alone and together", async () => {
		for (const [query, names] of [
			["status=due", ["owed", "conflict", "due"]],
			["status=sent", ["sent"]],
			["status=refunded", ["paid"]],
			["status=failed", ["failed"]],
			["reason=conflict", ["conflict"]],
			["currency=EUR", ["failed", "sent"]],
			[`showtimeId=${second}`, ["conflict", "failed", "sent"]],
			[`movieId=${movieId}`, ["owed", "paid", "due"]],
			[`userId=${bob?.id}`, ["conflict", "failed", "sent"]],
			[`userId=${bob?.id}&status=due&currency=USD`, ["conflict"]],
			[`userId=${ada?.id}&showtimeId=${second}`, []],
			[`userId=${newUserId()}`, []],
			[`movieId=${newMovieId()}`, []],
			[`showtimeId=${newShowtimeId()}`, []],
		] as const)
			expect([query, await namesOf(`?${query}`)]).toEqual([query, names]);
	});

	it("filters by when a refund became due, and by when it was settled: `from` is included and `to` is not", async () => {
		expect(await namesOf("?from=2031-04-02T10:00:00Z&to=2031-04-04T10:00:00Z")).toEqual(["sent", "paid"]);
		expect(await namesOf("?from=2031-04-01T10:00:00.002Z&to=2031-04-02T10:00:00.001Z")).toEqual(["paid"]);
		expect(await namesOf("?periodOf=settled&from=2031-01-01T00:00:00Z")).toEqual(["paid"]);
		expect(await namesOf("?periodOf=settled&to=2031-01-01T00:00:00Z")).toEqual([]);
		expect(await namesOf("?periodOf=settled&from=2031-01-01T01:00:00%2B01:00&to=2031-01-02T00:00:00Z")).toEqual(["paid"]);
	});

	it("has totals of everything that matches, by currency and reason, on every page", async () => {
		const [none, one] = [
			{ refunds: 0, amount: 0 },
			{ refunds: 1, amount: 1250 },
		];
		const all = [
			{ currency: "EUR", reason: "cancelled", owed: { refunds: 2, amount: 800 }, settled: none },
			{ currency: "USD", reason: "cancelled", owed: { refunds: 2, amount: 1020 }, settled: none },
			{ currency: "USD", reason: "conflict", owed: { refunds: 1, amount: 700 }, settled: none },
			{ currency: "USD", reason: "showtime_cancelled", owed: none, settled: one },
		];
		expect(await totalsOf("")).toEqual(all);
		expect(await totalsOf("?limit=1")).toEqual(all);
		expect(await totalsOf(`?showtimeId=${first}&periodOf=settled&from=2031-01-01T00:00:00Z`)).toEqual([all[3]]);
		expect(await totalsOf("?currency=EUR&status=sent")).toEqual([{ ...all[0], owed: { refunds: 1, amount: 300 } }]);
		expect(await totalsOf(`?userId=${newUserId()}`)).toEqual([]);
	});

	it("gives pages that neither repeat nor skip a refund, also of refunds that became due at the same instant", async () => {
		const names = [];
		let cursor: string | null = "";
		while (cursor !== null) {
			const page = await list(`?limit=1${cursor && `&cursor=${cursor}`}`);
			names.push(...refundsIn(page).map(({ bookingId }) => nameOf(bookingId)));
			cursor = Object(page.body).nextCursor;
		}
		expect(names).toEqual(["owed", "conflict", "failed", "sent", "paid", "due"]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["status=done", "/query/status"],
		["reason=no", "/query/reason"],
		["currency=usd", "/query/currency"],
		["showtimeId=x", "/query/showtimeId"],
		["movieId=x", "/query/movieId"],
		["userId=x", "/query/userId"],
		["periodOf=paid", "/query/periodOf"],
		["from=yesterday", "/query/from"],
		["to=2026-12-31T23:59:60Z", "/query/to"],
		["from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", "/query/to"],
		["cursor=nonsense", "/query/cursor"],
		["limit=101", "/query/limit"],
		["user=ada", "/query/user"],
	])("refuses the refunds query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
