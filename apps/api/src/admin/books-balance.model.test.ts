/**
 * The books balance: after random sales, cancels and payments, the statistics, the CSV files and the ledger have the same sums per currency,
 * which are also those of the answers that the buyers got.
 */
import { parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { byRunLength, createRandom, type Random } from "@holdfast/testing";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FiguresBody } from "../contract/statistics.ts";
import { createTestMovie, insertTestRoom, settleContinuously } from "../testing/admin.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const COMMANDS = byRunLength({ short: 300, long: 10_000 });
const SEED = Number(process.env.BOOKS_SEED ?? Date.now() % 2 ** 31);
const USERS = 20;
const ROOMS = [
	{ timeZone: "Europe/Vienna", currency: "EUR", dayStartsAt: "06:00" },
	{ timeZone: "America/New_York", currency: "USD", dayStartsAt: "00:00" },
	{ timeZone: "Asia/Tokyo", currency: "JPY", dayStartsAt: "05:00" },
];
/** The showtimes lie on so many days, so two requests for statistics cover them all. */
const DAYS = 150;
const PERIODS = ["from=2031-01-01&to=2031-04-01", "from=2031-04-02&to=2031-07-02"];
const MINUTES_APART = 137;

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	const unlimited = { userBurst: 1_000_000, userRate: 1_000_000 };
	api = await startTestApi({ rates: unlimited, limits: { holdsPerHourMax: 200, seatsPerUserMax: 100, liveHoldsPerUserMax: 100 } });
	admin = await api.newAdmin();
});
afterAll(() => api.close());

/** What the commands work on. `seen`: every booking that was ever confirmed. */
type World = {
	readonly users: readonly TestUser[];
	readonly movies: readonly string[];
	readonly rooms: readonly string[];
	readonly showtimes: ShowtimeId[];
	readonly holds: { readonly user: TestUser; readonly id: string }[];
	readonly sold: { readonly user: TestUser; readonly id: string }[];
	readonly cancelled: { readonly user: TestUser; readonly id: string }[];
	readonly seen: Set<string>;
	scheduled: number;
};

/** The commands, and how often each is drawn. Add a command here. */
const DRAWN: readonly (readonly [weight: number, run: (world: World, random: Random) => Promise<void>])[] = [
	[3, scheduleShowtime],
	[40, holdSeats],
	[35, confirmHold],
	[5, releaseHold],
	[12, cancelBooking],
	[1, cancelShowtime],
	[4, payRefund],
	[15, sellAtDesk],
	[8, cancelAtDesk],
	[6, revive],
	[10, move],
];
const DECK = DRAWN.flatMap(([weight, run]) => Array.from({ length: weight }, () => run));

async function scheduleShowtime(world: World, random: Random): Promise<void> {
	const startMs = Date.UTC(2031, 0, 2) + ((world.scheduled * MINUTES_APART) % (DAYS * 24 * 60)) * 60_000;
	world.scheduled += 1;
	const body = { movieId: random.pick(world.movies), auditoriumId: random.pick(world.rooms), startsAt: new Date(startMs).toISOString() };
	const answer = await api.call("POST /admin/showtimes", { token: admin.token, body });
	const id = parseShowtimeId(Object(answer.body).id ?? "");
	if (answer.status === 201 && id !== null) world.showtimes.push(id);
}

/** Returns at most `count` labels. */
const pickSeats = (random: Random, count: number): string[] => [
	...new Set(Array.from({ length: count }, () => `${random.pick([..."ABCDEFGHIJ"])}${1 + random.below(10)}`)),
];

async function holdSeats(world: World, random: Random): Promise<void> {
	const user = random.pick(world.users);
	const answer = await api.hold(user, random.pick(world.showtimes), pickSeats(random, 1 + random.below(4)));
	expect([201, 409]).toContain(answer.status);
	if (answer.status === 201) world.holds.push({ user, id: Object(answer.body).id });
}

/** Takes a random element out of the list; undefined when it is empty. */
const take = <Item>(list: Item[], random: Random): Item | undefined => list.splice(random.below(list.length), 1)[0];

async function confirmHold(world: World, random: Random): Promise<void> {
	const hold = take(world.holds, random);
	if (hold === undefined) return;
	const answer = await api.call(`POST /bookings/${hold.id}/confirm`, { token: hold.user.token });
	expect([200, 409]).toContain(answer.status);
	if (answer.status !== 200) return;
	world.sold.push(hold);
	world.seen.add(hold.id);
}

async function releaseHold(world: World, random: Random): Promise<void> {
	const hold = take(world.holds, random);
	if (hold !== undefined) await api.call(`DELETE /bookings/${hold.id}`, { token: hold.user.token });
}

async function cancelBooking(world: World, random: Random): Promise<void> {
	const booking = take(world.sold, random);
	if (booking === undefined) return;
	const answer = await api.call(`DELETE /bookings/${booking.id}`, { token: booking.user.token });
	expect([200, 409]).toContain(answer.status);
	if (answer.status === 200) world.cancelled.push(booking);
}

async function cancelShowtime(world: World, random: Random): Promise<void> {
	if (world.showtimes.length < 3) return;
	const id = take(world.showtimes, random);
	const answer = await api.call(`DELETE /admin/showtimes/${id}?reason=Power%20cut`, { token: admin.token });
	expect(answer.status).toBe(200);
}

/** Sends a request of the admin, which may only have one of these statuses. */
async function asStaff(request: string, body: object, statuses: readonly number[]) {
	const answer = await api.call(request, { token: admin.token, body: { reason: "The books.", ...body } });
	expect(statuses, JSON.stringify(answer.body)).toContain(answer.status);
	return answer;
}

async function payRefund(): Promise<void> {
	const [due] = await api.sql("select booking_id from refunds where state = 'due' and amount > 0 order by booking_id limit 1");
	if (due === undefined) return;
	const answer = await api.call(`PUT /admin/refunds/${due.booking_id}`, { token: admin.token, body: { reference: "Receipt" } });
	// A conflict or a revive may have come in between.
	expect([200, 409]).toContain(answer.status);
}

async function sellAtDesk(world: World, random: Random): Promise<void> {
	const user = random.pick(world.users);
	const sale = { showtimeId: random.pick(world.showtimes), seats: pickSeats(random, 2), userId: user.id };
	const answer = await asStaff("POST /admin/bookings", sale, [201, 409]);
	if (answer.status !== 201) return;
	const { id } = Object(answer.body);
	world.sold.push({ user, id });
	world.seen.add(id);
}

async function cancelAtDesk(world: World, random: Random): Promise<void> {
	const booking = take(world.sold, random);
	if (booking === undefined) return;
	const refundPercent = random.pick([0, 33, 100]);
	const answer = await asStaff(`PUT /admin/bookings/${booking.id}/status`, { status: "cancelled", refundPercent }, [200, 409]);
	if (answer.status === 200) world.cancelled.push(booking);
}

async function revive(world: World, random: Random): Promise<void> {
	const booking = take(world.cancelled, random);
	if (booking === undefined) return;
	const answer = await asStaff(`PUT /admin/bookings/${booking.id}/status`, { status: "confirmed" }, [200, 409]);
	(answer.status === 200 ? world.sold : world.cancelled).push(booking);
}

async function move(world: World, random: Random): Promise<void> {
	const booking = world.sold[random.below(world.sold.length)];
	if (booking === undefined) return;
	await asStaff(`PUT /admin/bookings/${booking.id}/seats`, { seats: pickSeats(random, 2) }, [200, 409, 422]);
}

/** Sums by currency, then by what they are of. */
type Books = Record<string, Record<string, number>>;

function add(books: Books, currency: string, amounts: Record<string, number>): void {
	const own = books[currency] ?? {};
	for (const [name, amount] of Object.entries(amounts)) if (amount > 0) own[name] = (own[name] ?? 0) + amount;
	if (Object.keys(own).length > 0) books[currency] = own;
}

async function booksOfLedger(): Promise<Books> {
	const books: Books = {};
	for (const row of await api.sql("select currency, state, sum(amount) as amount from bookings group by 1, 2"))
		add(books, row.currency ?? "", { [row.state === "CONFIRMED" ? "gross" : "cancelled"]: Number(row.amount) });
	for (const row of await api.sql("select currency, state, sum(amount) as amount from refunds where state <> 'not_owed' group by 1, 2"))
		add(books, row.currency ?? "", { [row.state === "done" ? "refundsPaid" : "refundsDue"]: Number(row.amount) });
	return books;
}

async function booksOfStatistics(
	groupBy: string,
): Promise<{ items: Books; totals: Books; sold: number; bookings: number; cancels: number }> {
	const sums = { items: {} as Books, totals: {} as Books, sold: 0, bookings: 0, cancels: 0 };
	const addFigures = (books: Books, { money }: FiguresBody) => {
		for (const { currency, ...amounts } of money)
			add(books, currency, Object.fromEntries(Object.entries(amounts).map(([name, { amount }]) => [name, amount])));
	};
	for (const period of PERIODS) {
		let cursor: string | null = null;
		do {
			const after: string = cursor === null ? "" : `&cursor=${cursor}`;
			const { body } = await api.call(`GET /admin/stats?${period}&groupBy=${groupBy}&limit=40${after}`, { token: admin.token });
			const { items, totals, nextCursor } = Object(body);
			for (const row of items) {
				addFigures(sums.items, row);
				sums.sold += row.sold;
				sums.bookings += row.bookings;
				sums.cancels += row.cancels;
			}
			if (cursor === null) addFigures(sums.totals, totals);
			cursor = nextCursor;
		} while (cursor !== null);
	}
	return sums;
}

async function rowsOfCsv(rows: "bookings" | "seats"): Promise<Record<string, string>[]> {
	const answer = await api.call(`GET /admin/bookings?rows=${rows}`, { token: admin.token, headers: { accept: "text/csv" } });
	return parse(String(answer.body), { columns: true });
}

function booksOfCsv(rows: readonly Record<string, string>[]): Books {
	const books: Books = {};
	for (const { currency = "", status, amount_minor, refund_status, refund_minor, refund_currency = "" } of rows) {
		add(books, currency, { [status === "confirmed" ? "gross" : "cancelled"]: Number(amount_minor) });
		if (refund_minor) add(books, refund_currency, { [refund_status === "refunded" ? "refundsPaid" : "refundsDue"]: Number(refund_minor) });
	}
	return books;
}

/** Asks for the booking again: its showtime may have been cancelled since. */
async function booksOfBuyers({ seen, users }: World): Promise<Books> {
	const books: Books = {};
	const owners = new Map((await api.sql("select id, user_id from bookings")).map(({ id, user_id }) => [id, user_id]));
	for (const id of seen) {
		const token = users.find((user) => user.id === owners.get(id))?.token;
		const { status, total, refund } = Object((await api.call(`GET /bookings/${id}`, { token })).body);
		add(books, total.currency, { [status === "confirmed" ? "gross" : "cancelled"]: total.amount });
		if (refund) add(books, refund.amount.currency, { [refund.status === "refunded" ? "refundsPaid" : "refundsDue"]: refund.amount.amount });
	}
	return books;
}

const withoutRefunds = (books: Books): Books =>
	Object.fromEntries(Object.entries(books).map(([currency, { refundsDue: _due, refundsPaid: _paid, ...rest }]) => [currency, rest]));

it(`statistics, CSV, ledger and buyers agree per currency after ${COMMANDS} random commands`, async () => {
	console.log(`books: BOOKS_SEED=${SEED}`);
	const random = createRandom(SEED);
	const rooms = [];
	for (const room of ROOMS) rooms.push(await insertTestRoom(api, room));
	const movies = [(await createTestMovie(api, admin)).id, (await createTestMovie(api, admin, { title: "Zorro" })).id];
	const world: World = {
		users: await api.newUsers(USERS),
		movies,
		rooms,
		showtimes: [],
		holds: [],
		sold: [],
		cancelled: [],
		seen: new Set(),
		scheduled: 0,
	};
	while (world.showtimes.length < 6) await scheduleShowtime(world, random);
	const endSettling = settleContinuously(api);
	for (let done = 0; done < COMMANDS; done += 1) await random.pick(DECK)(world, random);
	await endSettling();
	await settleOutboxes(api.seatStore, api.databaseUrl);

	const ledger = await booksOfLedger();
	expect(Object.keys(ledger).toSorted()).toEqual(["EUR", "JPY", "USD"]);
	expect(Object.values(ledger).some(({ refundsPaid = 0 }) => refundsPaid > 0)).toBe(true);
	expect(await booksOfBuyers(world)).toEqual(ledger);
	const [bookings, seats] = [await rowsOfCsv("bookings"), await rowsOfCsv("seats")];
	expect(booksOfCsv(bookings)).toEqual(ledger);
	expect(booksOfCsv(seats)).toEqual(withoutRefunds(ledger));
	const confirmed = bookings.filter(({ status }) => status === "confirmed").length;
	const counts = {
		bookings: confirmed,
		cancels: bookings.length - confirmed,
		sold: seats.filter(({ status }) => status === "confirmed").length,
	};
	for (const groupBy of ["day", "movie", "auditorium", "showtime"]) {
		const statistics = await booksOfStatistics(groupBy);
		expect(statistics).toEqual({ items: ledger, totals: ledger, ...counts });
	}
});
