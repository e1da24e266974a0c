/** One day of a cinema against its audit trail: commands of every kind, of which some change nothing or are refused. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { SMALL_LAYOUT, sellSeats, settleContinuously } from "../testing/admin.ts";
import { type AuditedRow, changed, made, recordCommands, type Send } from "../testing/record-commands.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const BECAUSE = "reason=The%20licence%20has%20ended.";
const reason = "The projector is broken.";
const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const prices = (standard: number) => [
	{ tier: "standard", price: { amount: standard, currency: "EUR" } },
	{ tier: "premium", price: { amount: 1500, currency: "EUR" } },
];

let api: TestApi;
let ada: TestUser;
let ben: TestUser;
let endSettling: () => Promise<void>;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	[ada, ben] = [await api.newAdmin(), await api.newAdmin()];
	endSettling = settleContinuously(api);
});
afterAll(async () => {
	await endSettling();
	await api.close();
});

/** Movies, a room and its plans: 12 commands, of which 4 change nothing. */
async function furnish(send: Send) {
	const movie = (title: string) => ({ title, durationMinutes: 90, genre: "Thriller", rating: "PG", status: "now_showing" });
	const created = (action: string) => (body: { id: string }) => [made(action, body.id)];
	const main = await send("POST /admin/movies", { by: ada, body: movie("Main"), answer: "201", rows: created("movie.created") });
	const short = await send("POST /admin/movies", { by: ada, body: movie("Short"), answer: "201", rows: created("movie.created") });
	const first = { "if-match": '"1"' };
	await send(`PUT /admin/movies/${main.id}`, {
		...{ by: ben, body: { rating: "R" }, headers: first, answer: "200" },
		rows: () => [changed("movie.updated", main.id, { rating: "PG" }, { rating: "R" })],
	});
	await send(`PUT /admin/movies/${main.id}`, { by: ada, body: { genre: "Noir" }, headers: first, answer: "412 version_mismatch" });
	await send(`PUT /admin/movies/${main.id}`, { by: ben, body: { rating: "R" }, answer: "200" });

	const hall = { name: "Hall 1", timeZone: "Europe/Vienna", currency: "EUR" };
	const room = await send("POST /admin/auditoriums", { by: ada, body: hall, answer: "201", rows: created("auditorium.created") });
	const plans = `/admin/auditoriums/${room.id}/plans`;
	await send(`POST ${plans}?dryRun=true`, { by: ada, body: SMALL_LAYOUT, answer: "200" });
	await send(`POST ${plans}`, { by: ada, body: { ...SMALL_LAYOUT, rows: [] }, answer: "422 invalid_plan" });
	const old = await send(`POST ${plans}`, { by: ada, body: SMALL_LAYOUT, answer: "201", rows: created("plan.created") });
	const plan = await send(`POST ${plans}`, { by: ada, body: SMALL_LAYOUT, answer: "201", rows: created("plan.created") });
	await send(`PUT /admin/plans/${plan.id}`, {
		...{ by: ben, body: { isCurrent: true }, answer: "200" },
		rows: () => [
			changed("plan.updated", plan.id, { isCurrent: false }, { isCurrent: true }),
			changed("plan.updated", old.id, { isCurrent: true }, { isCurrent: false }),
		],
	});
	await send(`PUT /admin/auditoriums/${room.id}`, {
		...{ by: ben, body: { defaultPrices: prices(1250), defaultBlocks: ["A1"] }, answer: "200" },
		rows: () => [
			changed(
				"auditorium.updated",
				room.id,
				{ defaultPrices: null, defaultBlocks: [] },
				{ defaultPrices: { currency: "EUR", prices: { standard: 1250, premium: 1500 } }, defaultBlocks: ["A1"] },
			),
		],
	});
	return { main, short, room };
}

type Furnished = Awaited<ReturnType<typeof furnish>>;

/** Showtimes, one and many: 8 commands, of which 5 change nothing. */
async function schedule(send: Send, { main, short, room }: Furnished) {
	const scheduled = (body: { id: string }) => [made("showtime.scheduled", body.id)];
	const at = (movieId: string, localStart: string) => ({ movieId, auditoriumId: room.id, localStart });
	const one = await send("POST /admin/showtimes", { by: ada, body: at(main.id, "2035-06-01T20:15"), answer: "201", rows: scheduled });
	const other = await send("POST /admin/showtimes", { by: ada, body: at(short.id, "2035-06-01T23:00"), answer: "201", rows: scheduled });
	await send("POST /admin/showtimes", { by: ada, body: at(main.id, "2035-03-25T02:30"), answer: "422 time_skipped" });
	await send("POST /admin/showtimes", { by: ben, body: at(main.id, "2035-06-01T21:00"), answer: "409 showtime_clash" });
	const days = { movieId: main.id, auditoriumId: room.id, from: "2035-06-02", until: "2035-06-04", weekdays, times: ["20:15"] };
	const week = { by: ben, body: { ...days, onClash: "fail" }, headers: { "idempotency-key": "week-23" }, answer: "201" };
	const batch = await send("POST /admin/showtimes/bulk", {
		...week,
		rows: ({ batchId, starts }) => [
			changed("batch.scheduled", batchId, null, { movieId: main.id, auditoriumId: room.id, scheduled: 3, of: 3 }),
			...starts.map(({ showtimeId }: { showtimeId: string }) => made("showtime.scheduled", showtimeId)),
		],
	});
	await send("POST /admin/showtimes/bulk", week);
	await send("POST /admin/showtimes/bulk", { ...week, headers: {}, answer: "409 showtime_clash" });
	await send("POST /admin/showtimes/bulk", { by: ben, body: { ...days, onClash: "skip" }, answer: "201" });
	return { one, other, ofBatch: batch.starts[0].showtimeId };
}

type Scheduled = Furnished & Awaited<ReturnType<typeof schedule>>;

/** Terms, blocks and a move of one showtime: 10 commands, of which 6 change nothing. */
async function change(send: Send, { one, ofBatch }: Scheduled) {
	const showtime = `PUT /admin/showtimes/${one.id}`;
	const stale = { "if-match": '"1.1"' };
	const terms = (state: string, standard: number) => ({ state, prices: { standard, premium: 1500 } });
	await send(showtime, {
		...{ by: ada, body: { state: "paused", prices: prices(1300), reason }, headers: stale, answer: "200" },
		rows: () => [changed("showtime.terms_set", one.id, terms("open", 1250), terms("paused", 1300))],
	});
	await send(showtime, { by: ada, body: { state: "paused", prices: prices(1300) }, headers: stale, answer: "200" });
	await send(showtime, { by: ben, body: { prices: prices(1400) }, headers: stale, answer: "412 version_mismatch" });
	await send(showtime, { by: ben, body: { prices: prices(1400).slice(0, 1) }, answer: "422 unknown_tiers" });
	await send(`${showtime}/blocks`, {
		...{ by: ben, body: { block: ["A2", "A3"] }, answer: "200" },
		rows: () => [changed("showtime.seats_blocked", one.id, { blockedSeats: [] }, { blockedSeats: ["A2", "A3"] })],
	});
	await send(`${showtime}/blocks`, { by: ben, body: { block: ["A2", "A3"] }, answer: "200" });
	await send(`PUT /admin/showtimes/${ofBatch}/blocks`, { by: ben, body: { block: ["B1"] }, answer: "409 seats_taken" });
	await send(`${showtime}/blocks`, {
		...{ by: ada, body: { unblock: ["A3"] }, answer: "200" },
		rows: () => [changed("showtime.seats_unblocked", one.id, { blockedSeats: ["A3"] }, { blockedSeats: [] })],
	});
	const times = (start: string, end: string) => ({ startsAt: start, endsAt: end, salesCloseAt: start });
	await send(showtime, {
		...{ by: ada, body: { localStart: "2035-06-01T18:00", reason }, answer: "200" },
		rows: () => [
			changed(
				...(["showtime.rescheduled", one.id] as const),
				times("2035-06-01T18:15:00.000Z", "2035-06-01T19:45:00.000Z"),
				times("2035-06-01T16:00:00.000Z", "2035-06-01T17:30:00.000Z"),
			),
		],
	});
	await send(showtime, { by: ben, body: { localStart: "2035-06-01T22:00", reason }, answer: "409 showtime_clash" });
}

/** Cancels and archives: 9 commands, of which 4 change nothing. */
async function close(send: Send, { main, short, room, one, other }: Scheduled) {
	await send(`DELETE /admin/auditoriums/${room.id}`, { by: ada, answer: "409 has_showtimes" });
	await send(`DELETE /admin/movies/${main.id}?${BECAUSE}`, { by: ada, answer: "409 has_bookings" });
	const cancelled = (id: string): AuditedRow => changed("showtime.cancelled", id, { state: "paused" }, { state: "cancelled" });
	const cancel = `DELETE /admin/showtimes/${one.id}?${BECAUSE}`;
	await send(cancel, { by: ben, answer: "200", rows: () => [cancelled(one.id)] });
	await send(cancel, { by: ben, answer: "200" });
	const archive = (action: string, target: string) => changed(action, target, { archived: false }, { archived: true });
	await send(`DELETE /admin/movies/${short.id}?${BECAUSE}`, {
		...{ by: ada, answer: "200" },
		// The archive has paused the showtime before it cancels it.
		rows: () => [archive("movie.archived", short.id), cancelled(other.id)],
	});
	await send(`DELETE /admin/movies/${short.id}?${BECAUSE}`, { by: ben, answer: "200" });
	await send(`PUT /admin/movies/${short.id}`, {
		...{ by: ben, body: { archived: false }, answer: "200" },
		rows: () => [changed("movie.updated", short.id, { archived: true }, { archived: false })],
	});
	const hall = { name: "Hall 2", timeZone: "Europe/Vienna", currency: "EUR" };
	const empty = await send("POST /admin/auditoriums", {
		...{ by: ada, body: hall, answer: "201" },
		rows: ({ id }) => [made("auditorium.created", id)],
	});
	await send(`DELETE /admin/auditoriums/${empty.id}`, {
		...{ by: ben, answer: "200" },
		rows: () => [archive("auditorium.archived", empty.id)],
	});
}

it("each of 39 commands of one day that changed something has exactly one audit row per target, and the others have none", async () => {
	const day = recordCommands(api);
	const furnished = await furnish(day.send);
	const scheduled = { ...furnished, ...(await schedule(day.send, furnished)) };
	await sellSeats(api, scheduled.ofBatch, ["B1"]);
	await change(day.send, scheduled);
	await close(day.send, scheduled);
	expect(day.expected).toHaveLength(39);
	expect(await day.readTrail(ada)).toEqual(day.expected);
});
