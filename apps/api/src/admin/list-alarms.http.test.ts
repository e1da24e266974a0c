import { type BookingId, bucketOf, DEFAULT_LIMITS, newBookingId, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { createSeatStore } from "@holdfast/seat-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AlarmReportBody } from "../contract/alarm.ts";
import { insertDeadLetter, insertRefund } from "../testing/admin.ts";
import { expectNoQuery, UNREACHABLE_POSTGRES, UNREACHABLE_REDIS } from "../testing/provoke.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	api = await startTestApi();
	[admin, showtimeId] = [await api.newAdmin(), await api.newShowtime({ bucket: 5 })];
});
afterAll(() => api.close());

async function alarmsOf(app: TestApp = api): Promise<AlarmReportBody> {
	const { status, body } = await app.call("GET /admin/alarms", { token: admin.token });
	expect(status).toBe(200);
	return Object(body);
}
const statusesIn = ({ alarms }: AlarmReportBody) => Object.fromEntries(Object.entries(alarms).map(([name, { status }]) => [name, status]));
const ALL = ["deadLetters", "losses", "quarantined", "outbox", "unfinishedActions", "conflicts"];
const allOf = (status: string) => Object.fromEntries(ALL.map((name) => [name, status]));

describe("200", () => {
	it("reports every alarm as clear, with what to do, while there is nothing to do", async () => {
		const report = await alarmsOf();
		expect(statusesIn(report)).toEqual(allOf("clear"));
		expect(report.unread).toEqual([]);
		expect(Date.now() - Date.parse(report.asOf)).toBeLessThan(60_000);
		expect(report.alarms.deadLetters).toEqual({ status: "clear", guide: "docs/operations.md#dead-letters", count: 0, items: [] });
		expect(report.alarms.outbox.items).toHaveLength(16);
		expect(report.alarms.outbox.items[5]).toEqual({ bucket: 5, entries: 0, oldestMs: 0 });
	});

	it("names the store that did not answer, and reports what the other one knows", async () => {
		const withoutPostgres = await alarmsOf(await api.startAnother({ databaseUrl: UNREACHABLE_POSTGRES }));
		expect([withoutPostgres.unread, statusesIn(withoutPostgres)]).toEqual([["postgres"], { ...allOf("unknown"), outbox: "clear" }]);
		expect(withoutPostgres.alarms.conflicts).toMatchObject({ count: null, items: [] });
		const unreachable = createSeatStore({ url: UNREACHABLE_REDIS, limits: DEFAULT_LIMITS });
		const withoutSeats = await alarmsOf(await api.startAnother({ wrapStore: () => unreachable }));
		expect([withoutSeats.unread, statusesIn(withoutSeats)]).toEqual([["redis"], { ...allOf("clear"), outbox: "unknown" }]);
		expect(withoutSeats.alarms.outbox).toMatchObject({ count: null, items: Array(16).fill({ entries: null, oldestMs: null }) });
		await unreachable.close();
	});

	it("shows the items of each raised alarm", async () => {
		const raw = { schema: "9", type: "booking.confirmed", showtimeId };
		const deadLetterId = await insertDeadLetter(api, { bucket: 5, raw });
		const bookingId: BookingId = await insertRefund(api, { showtimeId, userId: admin.id, reason: "conflict" });
		const actionId = newBookingId(newShowtimeId());
		await api.sql(`insert into buckets (bucket, timeline, seq, seen_seq) values (5, 2, 9, 9);
			insert into losses (bucket, timeline, last_seq, last_recorded_at) values (5, 2, 9, '2031-01-01T00:00:00Z');
			update showtimes set timeline = 1 where id = '${showtimeId}';
			insert into showtime_actions (id, showtime_id, kind, actor, reason, request_id, created_at, next_try_at, tries, last_error)
			values ('${actionId}', '${showtimeId}', 'cancel', '${admin.id}', 'Power cut', 'r', '2026-01-01T00:00:00Z', '2031-01-02T00:00:00Z', 3,
				'Failed query: select 1 from showtimes')`);
		await api.seatStore.requeueEntry(5, raw);
		const strict = await api.startAnother({ limits: { outboxMax: 1 } });
		const { alarms, unread } = await alarmsOf(strict);
		expect(unread).toEqual([]);
		expect(alarms.deadLetters).toMatchObject({
			status: "raised",
			count: 1,
			items: [{ id: deadLetterId, bucket: 5, errorCode: "unparsable", entry: raw, resolvedAt: null }],
		});
		expect(alarms.losses).toMatchObject({
			status: "raised",
			count: 1,
			items: [{ bucket: 5, timeline: 2, lastSeq: 9, lastRecordedAt: "2031-01-01T00:00:00.000Z", foundAt: expect.any(String) }],
		});
		expect(alarms.quarantined).toMatchObject({ status: "raised", count: 1, items: [{ showtimeId, bucket: 5, timeline: 1 }] });
		expect(alarms.outbox).toMatchObject({ status: "raised", count: 1 });
		expect(alarms.outbox.items[bucketOf(showtimeId)]).toMatchObject({ bucket: 5, entries: 1 });
		expect(alarms.unfinishedActions).toMatchObject({ status: "raised", count: 1 });
		expect(alarms.unfinishedActions.items).toEqual([
			{
				id: actionId,
				kind: "cancel",
				showtimeId,
				movieId: null,
				actor: admin.id,
				reason: "Power cut",
				startedAt: "2026-01-01T00:00:00.000Z",
				tries: 3,
				nextTryAt: "2031-01-02T00:00:00.000Z",
			},
		]);
		expect(alarms.conflicts).toMatchObject({
			status: "raised",
			count: 1,
			items: [{ bookingId, showtimeId, userId: admin.id, amount: { amount: 1250, currency: "USD" }, isCorrected: false }],
		});
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter at /admin/alarms", () => expectNoQuery(api, "GET /admin/alarms", admin.token));
});
