import { newMovieId, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { writeCursor } from "../read-page.ts";
import { writeTo } from "../run-queries.ts";
import { movies } from "../schema/index.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { type ListShowtimesRequest, listShowtimes } from "./list-showtimes.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => ledger.rows(sql`delete from showtimes`));

const NOW_MS = Date.UTC(2031, 0, 1);
const add = (startsAt: string, timeZone: string, overrides = {}) =>
	ledger.addShowtime({ startsAt: new Date(startsAt), timeZone, ...overrides });

async function list(request: Partial<ListShowtimesRequest>) {
	const page = await listShowtimes(ledger.database, { limit: 100, nowMs: NOW_MS, ...request });
	if (page.outcome !== "page") throw new Error(page.outcome);
	return { ids: page.items.map(({ id }) => id), nextCursor: page.nextCursor };
}

it("lists the showtimes that have not started by start, without cancelled ones and those of archived movies", async () => {
	const archivedId = newMovieId();
	const movie = { id: archivedId, title: "Gone", description: "", durationMinutes: 90, genre: "Drama", status: "ended" as const };
	await writeTo(ledger.database, "catalogue", (queries) => queries.insert(movies).values({ ...movie, archivedAt: new Date() }));
	const late = await add("2031-03-02T20:00:00Z", "UTC");
	const early = await add("2031-03-01T20:00:00Z", "UTC", { state: "paused" });
	await add("2031-02-27T20:00:00Z", "UTC");
	await add("2031-03-01T21:00:00Z", "UTC", { state: "cancelled" });
	await add("2031-03-01T21:00:00Z", "UTC", { movieId: archivedId });
	expect((await list({ nowMs: Date.UTC(2031, 1, 27, 20) })).ids).toEqual([early, late]);
	expect((await list({ movieId: ledger.movieId, nowMs: Date.UTC(2031, 1, 28) })).ids).toEqual([early, late]);
	expect((await list({ movieId: newMovieId() })).ids).toEqual([]);
});

it("a date is a day in the time zone of the venue: one instant falls on two dates in two zones", async () => {
	const newYork = await add("2031-05-06T01:30:00Z", "America/New_York");
	const tokyo = await add("2031-05-06T01:30:00Z", "Asia/Tokyo");
	const kiritimati = await add("2031-05-05T11:00:00Z", "Pacific/Kiritimati");
	const midway = await add("2031-05-06T10:30:00Z", "Pacific/Midway");
	expect((await list({ date: "2031-05-05" })).ids).toEqual([newYork, midway]);
	expect((await list({ date: "2031-05-06" })).ids).toEqual([kiritimati, tokyo]);
});

it("a day with a clock change in Vienna has 23 or 25 hours, and each showtime is on exactly one day", async () => {
	// Vienna: 2031-10-26 ends summer time (from 00:00 +02:00 to 24:00 +01:00), 2031-03-30 begins it.
	const autumn = [
		"2031-10-25T21:59:00Z",
		"2031-10-25T22:00:00Z",
		"2031-10-26T00:30:00Z",
		"2031-10-26T01:30:00Z",
		"2031-10-26T22:59:00Z",
		"2031-10-26T23:00:00Z",
	];
	const spring = ["2031-03-29T22:59:00Z", "2031-03-29T23:00:00Z", "2031-03-30T21:59:00Z", "2031-03-30T22:00:00Z"];
	const ids: ShowtimeId[] = [];
	for (const startsAt of [...autumn, ...spring]) ids.push(await add(startsAt, "Europe/Vienna"));
	expect((await list({ date: "2031-10-25" })).ids).toEqual(ids.slice(0, 1));
	expect((await list({ date: "2031-10-26" })).ids).toEqual(ids.slice(1, 5));
	expect((await list({ date: "2031-10-27" })).ids).toEqual(ids.slice(5, 6));
	expect((await list({ date: "2031-03-29" })).ids).toEqual(ids.slice(6, 7));
	expect((await list({ date: "2031-03-30" })).ids).toEqual(ids.slice(7, 9));
	expect((await list({ date: "2031-03-31" })).ids).toEqual(ids.slice(9));
});

it("a day with a clock change in New York has 23 or 25 hours, and each showtime is on exactly one day", async () => {
	// New York: 2031-03-09 begins daylight saving time (from 00:00 -05:00 to 24:00 -04:00), 2031-11-02 ends it.
	const spring = ["2031-03-09T04:59:00Z", "2031-03-09T05:00:00Z", "2031-03-10T03:59:00Z", "2031-03-10T04:00:00Z"];
	const autumn = ["2031-11-02T03:59:00Z", "2031-11-02T04:00:00Z", "2031-11-03T04:59:00Z", "2031-11-03T05:00:00Z"];
	const ids: ShowtimeId[] = [];
	for (const startsAt of [...spring, ...autumn]) ids.push(await add(startsAt, "America/New_York"));
	expect((await list({ date: "2031-03-08" })).ids).toEqual(ids.slice(0, 1));
	expect((await list({ date: "2031-03-09" })).ids).toEqual(ids.slice(1, 3));
	expect((await list({ date: "2031-03-10" })).ids).toEqual(ids.slice(3, 4));
	expect((await list({ date: "2031-11-01" })).ids).toEqual(ids.slice(4, 5));
	expect((await list({ date: "2031-11-02" })).ids).toEqual(ids.slice(5, 7));
	expect((await list({ date: "2031-11-03" })).ids).toEqual(ids.slice(7));
});

it("the day begins at the first midnight when a clock change repeats midnight", async () => {
	// Havana: on 2032-11-07 clocks go back from 01:00 -04:00 to 00:00 -05:00.
	const startsAt = ["2032-11-07T03:59:00Z", "2032-11-07T04:00:00Z", "2032-11-07T04:30:00Z", "2032-11-07T05:30:00Z", "2032-11-08T05:00:00Z"];
	const ids: ShowtimeId[] = [];
	for (const instant of startsAt) ids.push(await add(instant, "America/Havana"));
	expect((await list({ date: "2032-11-06" })).ids).toEqual(ids.slice(0, 1));
	expect((await list({ date: "2032-11-07" })).ids).toEqual(ids.slice(1, 4));
	expect((await list({ date: "2032-11-08" })).ids).toEqual(ids.slice(4));
});

it("a day without a midnight begins at 01:00, and a date that a country skipped at the date line has no showtimes", async () => {
	// Santiago: 2031-09-07 has no midnight, 24:00 -04:00 is 01:00 -03:00.
	const santiago = [await add("2031-09-07T03:59:00Z", "America/Santiago"), await add("2031-09-07T04:00:00Z", "America/Santiago")];
	expect((await list({ date: "2031-09-06" })).ids).toEqual(santiago.slice(0, 1));
	expect((await list({ date: "2031-09-07" })).ids).toEqual(santiago.slice(1));
	// Samoa had no 2011-12-30: after 24:00 -10:00 on the 29th it was 00:00 +14:00 on the 31st.
	const samoa = [await add("2011-12-30T09:59:00Z", "Pacific/Apia"), await add("2011-12-30T10:00:00Z", "Pacific/Apia")];
	const then = Date.UTC(2011, 11, 1);
	expect((await list({ date: "2011-12-29", nowMs: then })).ids).toEqual(samoa.slice(0, 1));
	expect((await list({ date: "2011-12-30", nowMs: then })).ids).toEqual([]);
	expect((await list({ date: "2011-12-31", nowMs: then })).ids).toEqual(samoa.slice(1));
});

it.each(["2031-02-30", "2031-13-01", "2031-1-1", "0000-01-01", "today", "2031-05-06'; --", ""])(
	"a text that is not a calendar date has no showtimes: %s",
	async (date) => {
		await add("2031-05-06T01:30:00Z", "UTC");
		expect(await list({ date })).toEqual({ ids: [], nextCursor: null });
	},
);

it("pages neither repeat nor skip a showtime while others are added and cancelled, even among equal start times", async () => {
	const ids: ShowtimeId[] = [];
	for (let i = 0; i < 9; i += 1) ids.push(await add(`2031-06-0${1 + Math.floor(i / 3)}T20:00:00Z`, "UTC"));
	const seen: ShowtimeId[] = [];
	let cursor: string | undefined;
	for (let page = 0; page < 5; page += 1) {
		const { ids: items, nextCursor } = await list({ limit: 2, cursor });
		seen.push(...items);
		expect(nextCursor === null).toBe(page === 4);
		cursor = nextCursor ?? undefined;
		if (page === 1) {
			await add("2031-05-31T20:00:00Z", "UTC");
			await ledger.rows(sql`update showtimes set state = 'cancelled' where id = ${seen[0]}`);
		}
	}
	expect(new Set(seen).size).toBe(9);
	expect(new Set(seen)).toEqual(new Set(ids));
});

it.each([
	"x",
	"!!!",
	writeCursor({ key: "1", id: "not an id" }),
	writeCursor({ key: "soon", id: newShowtimeId() }),
	writeCursor({ key: "-1", id: newShowtimeId() }),
	writeCursor({ key: "1".repeat(16), id: newShowtimeId() }),
	writeCursor({ key: String(Date.UTC(10_000, 0)), id: newShowtimeId() }),
	writeCursor({ key: "9".repeat(15), id: newShowtimeId() }),
	Buffer.from("[1,2,3]").toString("base64url"),
	"A".repeat(5_000),
	"",
])("returns bad_cursor for text that is not a cursor of this list: %s", async (cursor) => {
	expect(await listShowtimes(ledger.database, { limit: 10, nowMs: NOW_MS, cursor })).toEqual({ outcome: "bad_cursor" });
});
