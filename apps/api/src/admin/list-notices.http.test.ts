import { type BookingId, newBookingId, newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { settleAll } from "@holdfast/rebuild/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NoticeBody } from "../contract/notice.ts";
import { sellSeats } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let buyer: TestUser;
let showtimeId: ShowtimeId;
let booking: string;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	showtimeId = await api.newShowtime();
	({ id: booking, user: buyer } = await sellSeats(api, showtimeId, ["A1"]));
	await api.seatStore.setTerms({ showtimeId, terms: { state: "cancelled" }, ifVersions: null, command: null });
	await settleAll(api);
	await api.sql(`insert into notices (id, created_at, kind, booking_id, showtime_id, version, user_id, details) values
		(uuidv7('2031-04-06T12:00:00Z' - now()), '2031-04-06T12:00:00Z', 'showtime.rescheduled', '${booking}', '${showtimeId}', 2, '${buyer.id}',
			'{"from": {"startsAt": 1927987200000, "endsAt": 1927994400000}, "to": {"startsAt": 1927990800000, "endsAt": 1927998000000}}')`);
});
afterAll(() => api.close());

const list = (query = ""): Promise<TestAnswer> => api.call(`GET /admin/notices${query}`, { token: admin.token });
function noticesIn({ status, body }: TestAnswer): NoticeBody[] {
	if (status !== 200) throw new Error(`expected a page, got ${JSON.stringify(body)}`);
	return Object(body).items;
}
const kindsOf = async (query: string) => noticesIn(await list(query)).map(({ kind }) => kind);
const other = (): BookingId => newBookingId(newShowtimeId());

describe("200", () => {
	it("lists every field of the notices, newest first", async () => {
		expect(noticesIn(await list())).toEqual([
			{
				id: expect.any(String),
				kind: "showtime.rescheduled",
				bookingId: booking,
				showtimeId,
				userId: buyer.id,
				version: 2,
				details: {
					from: { startsAt: "2031-02-04T16:00:00.000Z", endsAt: "2031-02-04T18:00:00.000Z" },
					to: { startsAt: "2031-02-04T17:00:00.000Z", endsAt: "2031-02-04T19:00:00.000Z" },
				},
				createdAt: "2031-04-06T12:00:00.000Z",
			},
			{
				id: expect.any(String),
				kind: "booking.cancelled",
				bookingId: booking,
				showtimeId,
				userId: buyer.id,
				version: 3,
				details: { reason: "showtime_cancelled" },
				createdAt: expect.any(String),
			},
		]);
	});

	it("filters by kind, booking and showtime, alone and together", async () => {
		const both = ["showtime.rescheduled", "booking.cancelled"];
		expect(await kindsOf("?kind=booking.cancelled")).toEqual(["booking.cancelled"]);
		expect(await kindsOf(`?bookingId=${booking}`)).toEqual(both);
		expect(await kindsOf(`?showtimeId=${showtimeId}`)).toEqual(both);
		expect(await kindsOf(`?showtimeId=${showtimeId}&bookingId=${booking}&kind=showtime.rescheduled`)).toEqual(["showtime.rescheduled"]);
		for (const query of [`bookingId=${other()}`, `showtimeId=${newShowtimeId()}`, `bookingId=${other()}&showtimeId=${showtimeId}`])
			expect(await kindsOf(`?${query}`)).toEqual([]);
	});

	it("filters by when a notice was written: `from` is included and `to` is not", async () => {
		expect(await kindsOf("?from=2031-04-06T12:00:00Z")).toEqual(["showtime.rescheduled"]);
		expect(await kindsOf("?from=2031-04-06T12:00:00.001Z")).toEqual([]);
		expect(await kindsOf("?from=2031-04-06T14:00:00%2B02:00&to=2031-04-06T12:00:00.001Z")).toEqual(["showtime.rescheduled"]);
		expect(await kindsOf("?to=2031-04-06T12:00:00Z")).toEqual(["booking.cancelled"]);
	});

	it("gives pages that neither repeat nor skip a notice", async () => {
		const first = await list("?limit=1");
		const second = await list(`?limit=1&cursor=${Object(first.body).nextCursor}`);
		expect([first, second].map((page) => noticesIn(page).map(({ kind }) => kind))).toEqual([
			["showtime.rescheduled"],
			["booking.cancelled"],
		]);
		expect(Object(second.body).nextCursor).toBeNull();
	});
});

describe("400 invalid_request", () => {
	it.each([
		["kind=nothing", "/query/kind"],
		["bookingId=x", "/query/bookingId"],
		["showtimeId=x", "/query/showtimeId"],
		["from=yesterday", "/query/from"],
		["from=2026-03-01T00:00:00Z&to=2026-02-01T00:00:00Z", "/query/to"],
		["cursor=nonsense", "/query/cursor"],
		["limit=0", "/query/limit"],
		[`userId=${newUserId()}`, "/query/userId"],
	])("refuses the notices query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
