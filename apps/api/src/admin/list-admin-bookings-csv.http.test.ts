/** The list of bookings as CSV, read by a parser that is not ours. */
import { get } from "node:http";
import type { ShowtimeId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import { createTestShowtime } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { originOf } from "../testing/read-stream.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";
import { CSV_RETRY_AFTER_S, CSV_STREAMS_MAX } from "./stream-csv.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const CSV = { accept: "text/csv" };
const list = (query: string, headers: Record<string, string> = CSV, app: Pick<TestApp, "call"> = api): Promise<TestAnswer> =>
	app.call(`GET /admin/bookings${query}`, { token: admin.token, headers });
function rowsIn({ status, body }: TestAnswer): Record<string, string>[] {
	if (status !== 200) throw new Error(`expected a file, got ${JSON.stringify(body)}`);
	return parse(String(body), { columns: true, record_delimiter: "\r\n", relax_column_count: false });
}

async function sell(user: TestUser, showtimeId: ShowtimeId, seats: readonly string[]): Promise<string> {
	const { id } = await api.held(user, showtimeId, seats);
	await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
	return id;
}

/** Names and titles that break files or run as formulas, and what a parser must read. */
const HOSTILE: readonly [text: string, read: string][] = [
	['=HYPERLINK("https://evil.test";"Ada")', `'=HYPERLINK("https://evil.test";"Ada")`],
	["+43 1 234", "'+43 1 234"],
	["-2+3", "'-2+3"],
	["@SUM(A1:A9)", "'@SUM(A1:A9)"],
	["\t=1+1", "'\t=1+1"],
	["\r=1+1", "'\r=1+1"],
	['Ada "the Countess", Lovelace', 'Ada "the Countess", Lovelace'],
	["two\r\nrows", "two\r\nrows"],
	["one\nline", "one\nline"],
	["semicolon; 'quote'; \\", "semicolon; 'quote'; \\"],
	["Zoë 愛 💺", "Zoë 愛 💺"],
	["a=1 +2 -3 @4", "a=1 +2 -3 @4"],
	["007", "007"],
];

describe("200", () => {
	it("gives an independent parser the same bookings as the pages of JSON, in the same order", async () => {
		const [ada, showtimeId] = [await api.newUser(), await createTestShowtime(api, admin)];
		const other = await api.newShowtime();
		for (const seats of [["A1", "A2"], ["B1"]]) await sell(ada, showtimeId, seats);
		await api.call(`DELETE /bookings/${await sell(ada, other, ["A1", "A2", "A3"])}`, { token: ada.token });
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const [booking] = await api.sql(`select id from bookings where showtime_id = '${other}'`);
		await api.sql(`insert into refunds (booking_id, showtime_id, reason, amount, currency, percent, state, provider_ref, done_at)
			values ('${booking?.id}', '${other}', 'cancelled', 1875, 'USD', 50, 'done', '=re_1', now())`);
		const answer = await list(`?userId=${ada.id}`);
		const { body } = await list(`?userId=${ada.id}`, {});
		const items: AdminBookingBody[] = Object(body).items;
		expect(items.length).toBe(3);
		expect(rowsIn(answer).map(pickTexts)).toEqual(items.map(textsOf));
		expect(answer.headers).toMatchObject({ "content-type": "text/csv; charset=utf-8", vary: "Accept" });
		expect(answer.headers["content-disposition"]).toMatch(/^attachment; filename="bookings-\d{4}-\d{2}-\d{2}T\d{6}Z\.csv"$/);
	});

	it("has one row per seat with `rows=seats`, whose amounts add up to those of the bookings", async () => {
		const [ada, showtimeId] = [await api.newUser(), await createTestShowtime(api, admin)];
		for (const seats of [["A1", "A2", "A3"], ["B1"]]) await sell(ada, showtimeId, seats);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const [bookings, seats] = [rowsIn(await list(`?userId=${ada.id}`)), rowsIn(await list(`?userId=${ada.id}&rows=seats`))];
		expect(seats.map(({ seat, amount_minor }) => [seat, amount_minor])).toEqual([
			["B1", "1250"],
			["A1", "1250"],
			["A2", "1250"],
			["A3", "1250"],
		]);
		expect(seats.map(({ booking_id }) => booking_id)).toEqual(
			[...bookings.slice(0, 1), ...bookings.slice(1).flatMap((row) => [row, row, row])].map(({ booking_id }) => booking_id),
		);
		const sum = (rows: Record<string, string>[]) => rows.reduce((total, row) => total + Number(row.amount_minor), 0);
		expect([sum(seats), sum(bookings)]).toEqual([5000, 5000]);
		expect(Object.keys(seats[0] ?? {}).filter((name) => name.startsWith("refund_"))).toEqual(["refund_status"]);
	});

	describe("of a text", () => {
		let user: TestUser;
		let showtimeId: ShowtimeId;
		beforeAll(async () => {
			[user, showtimeId] = [await api.newUser(), await createTestShowtime(api, admin)];
			await sell(user, showtimeId, ["A1"]);
			await settleOutboxes(api.seatStore, api.databaseUrl);
		});

		it.each(HOSTILE)("keeps %j whole, and no spreadsheet takes it for a formula", async (text, read) => {
			const escaped = text
				.replaceAll("\\", "\\\\")
				.replaceAll("'", "''")
				.replaceAll("\r", "\\r")
				.replaceAll("\n", "\\n")
				.replaceAll("\t", "\\t");
			await api.sql(`update users set display_name = e'${escaped}' where id = '${user.id}';
				update movies set title = e'${escaped}' where id = (select movie_id from showtimes where id = '${showtimeId}');
				update auditoriums set name = e'${escaped}' where id = (select auditorium_id from showtimes where id = '${showtimeId}')`);
			const [row, ...rest] = rowsIn(await list(`?userId=${user.id}`));
			expect([row?.user_name, row?.movie, row?.auditorium, row?.amount_minor, rest.length]).toEqual([read, read, read, "1250", 0]);
		});
	});

	it("writes each time in UTC and by the clock of the venue, on both sides of a clock change", async () => {
		const [user, showtimeId] = [await api.newUser(), await createTestShowtime(api, admin)];
		const id = await sell(user, showtimeId, ["A1"]);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		await api.sql(`update showtimes set starts_at = '2031-03-30T00:59:00Z', ends_at = '2031-03-30T03:00:00Z', occupied_until = '2031-03-30T03:00:00Z'
				where id = '${showtimeId}';
			update bookings set confirmed_at = '2031-03-30T01:00:00.123Z' where id = '${id}'`);
		expect(rowsIn(await list(`?userId=${user.id}`))[0]).toMatchObject({
			...{ starts_utc: "2031-03-30T00:59:00.000Z", starts_local: "2031-03-30T01:59", time_zone: "Europe/Vienna" },
			...{ confirmed_utc: "2031-03-30T01:00:00.123Z", confirmed_local: "2031-03-30T03:00", cancelled_utc: "", cancelled_local: "" },
		});
	});

	it("has the names of the columns alone when no booking matches, and every row ends with CRLF", async () => {
		const { body } = await list("?currency=JPY");
		expect(String(body)).toMatch(/^booking_id,status,[a-z_,]+\r\n$/);
	});

	it("lists live holds too, and a deleted account with empty cells", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		const pending = () => list(`?status=pending&showtimeId=${showtimeId}`);
		expect(rowsIn(await pending())[0]).toMatchObject({ status: "pending", seats: "A1", confirmed_utc: "", user_name: "Buyer" });
		await api.sql(
			`update users set email = null, password_hash = null, display_name = null, deletion_started_at = now() where id = '${user.id}'`,
		);
		expect(rowsIn(await pending())[0]).toMatchObject({ user_id: user.id, user_email: "", user_name: "" });
	});

	it("answers a HEAD with the headers of the file and writes none", async () => {
		const answer = await api.call("HEAD /admin/bookings", { token: admin.token, headers: CSV });
		expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/csv; charset=utf-8"]);
	});
});

describe("400 invalid_request", () => {
	it("refuses a cursor for CSV, which has no pages", async () => {
		expect(problemIn(await list("?cursor=x")).errors).toEqual([
			{ pointer: "/query/cursor", message: "is only for JSON: a CSV file has all rows" },
		]);
	});
});

/** An app that answers a list of live holds only once `open` was called. `waiting` counts the requests that wait. */
async function startGated() {
	const { promise: opened, resolve: open } = Promise.withResolvers<void>();
	const gate = { waiting: 0 };
	const app = await api.startAnother({
		wrapStore: (store) => ({
			...store,
			async listLiveHolds(showtimeId) {
				gate.waiting += 1;
				await opened;
				return store.listLiveHolds(showtimeId);
			},
		}),
	});
	return { app, open, gate };
}

describe("503 busy", () => {
	it("answers a third file at once with a time to wait, until one of the two is done", async () => {
		const { app, open, gate } = await startGated();
		const query = `?status=pending&showtimeId=${await api.newShowtime()}`;
		const running = Array.from({ length: CSV_STREAMS_MAX }, () => list(query, CSV, app));
		await waitUntil("the files to be begun", () => gate.waiting === CSV_STREAMS_MAX);
		const refused = await list(query, CSV, app);
		expect([problemIn(refused).code, refused.headers["retry-after"]]).toEqual(["busy", String(CSV_RETRY_AFTER_S)]);
		expect((await list("", {}, app)).status).toBe(200);
		open();
		for (const answer of await Promise.all(running)) expect(answer.status).toBe(200);
		expect((await list(query, CSV, app)).status).toBe(200);
	});

	it("ends when a client disconnects before its file begins", async () => {
		const { app, open, gate } = await startGated();
		const path = `/api/v1/admin/bookings?status=pending&showtimeId=${await api.newShowtime()}`;
		const url = `${await originOf(app)}${path}`;
		const headers = { ...CSV, authorization: `Bearer ${admin.token}` };
		const requests = Array.from({ length: CSV_STREAMS_MAX }, () => get(url, { headers, agent: false }).on("error", () => {}));
		await waitUntil("the files to be begun", () => gate.waiting === CSV_STREAMS_MAX);
		expect((await list("", CSV, app)).status).toBe(503);
		for (const request of requests) request.destroy();
		await waitUntil("the places to be free", async () => (await list("?currency=JPY", CSV, app)).status === 200);
		open();
	});
});

const TEXTS = [
	"booking_id",
	"status",
	"movie",
	"auditorium",
	"showtime_id",
	"starts_utc",
	"time_zone",
	"seats",
	"amount_minor",
	"currency",
] as const;
const MORE_TEXTS = ["placed_utc", "confirmed_utc", "cancelled_utc", "user_id", "user_email", "user_name"] as const;
const REFUND_TEXTS = ["refund_status", "refund_reason", "refund_percent", "refund_minor", "refund_currency", "refund_reference"] as const;
const pickTexts = (row: Record<string, string>) => [...TEXTS, ...MORE_TEXTS, ...REFUND_TEXTS].map((name) => row[name]);

/** What the cells must be, from the JSON of the same booking. */
function textsOf({ id, status, showtime, seats, total, createdAt, confirmedAt, cancelledAt, user, refund }: AdminBookingBody): string[] {
	const cells = [
		id,
		status,
		showtime.movie.title,
		showtime.auditorium.name,
		showtime.id,
		showtime.startsAt,
		showtime.timeZone,
		seats.join(" "),
	];
	const more = [total.amount, total.currency, createdAt, confirmedAt, cancelledAt, user.id, user.email, user.displayName];
	const reference = refund?.reference && `'${refund.reference}`;
	const owed = [refund?.status, refund?.reason, refund?.percent, refund?.amount.amount, refund?.amount.currency, reference];
	return [...cells, ...more, ...owed].map((cell) => String(cell ?? ""));
}
