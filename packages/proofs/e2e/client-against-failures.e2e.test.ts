/**
 * What the client promises those who use it: while Postgres, Redis and the API are killed in turn, it repeats what the API's
 * rules say may be repeated, and every booking that was asked for is there in the end, once.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type HoldfastClient } from "@holdfast/client";
import type { ShowtimeId } from "@holdfast/domain";
import { createRandom, howLong, insertUsers, mintTokens } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labelOf, openTestStack, seatOf, type TestStack } from "./open-test-stack.ts";

const BOOKINGS = howLong({ short: 60, long: 500 });
/** So many at a time, and one outage for each so many. */
const AT_ONCE = howLong({ short: 10, long: 20 });
const SEATS_PER_SHOWTIME = 100;
/** Ten seats of one showtime is the most that one person may have. */
const BUYERS = 50;
/** The part dies while requests are on their way, and stays away for a moment. */
const KILL_WITHIN_MS = 40;
const OUTAGE_MAX_MS = howLong({ short: 300, long: 1_500 });
/** So many kills of Redis, and of the API, were in somebody's way at least. */
const OUTAGES_FELT = howLong({ short: 1, long: 5 });
/** So many holds had been placed before their answer was lost. In a slice it may be none. */
const REPLAYS_MIN = howLong({ short: 0, long: 1 });
const DRAIN_DEADLINE_MS = 60_000;

let test: TestStack;
/** What went over the wire since the last outage began, and how many holds came back as replays in all. */
const seen = { requests: 0, replays: 0 };
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

type Purchase = { readonly client: HoldfastClient; readonly showtimeId: ShowtimeId; readonly seat: string };
type ConfirmedBooking = { readonly showtimeId: ShowtimeId; readonly seat: string; readonly bookingId: string };

it(`${BOOKINGS} bookings are asked for while parts die, and ${BOOKINGS} are in the ledger: none twice, none lost`, async () => {
	const purchases = await planPurchases();
	const { postgres, redis, api } = test.stack;
	const parts = [postgres, redis, api].flatMap((part) => part ?? []);
	const { below: random } = createRandom(11);
	const bookings: ConfirmedBooking[] = [];
	const repeats = new Map<string, number[]>();
	for (let first = 0; first < purchases.length; first += AT_ONCE) {
		const part = parts[(first / AT_ONCE) % parts.length];
		const outage = async () => {
			await delay(random(KILL_WITHIN_MS));
			await part?.kill("SIGKILL");
			await delay(random(OUTAGE_MAX_MS));
			await part?.start();
		};
		seen.requests = 0;
		const [booked] = await Promise.all([Promise.all(purchases.slice(first, first + AT_ONCE).map(book)), outage()]);
		bookings.push(...booked);
		const name = part?.name ?? "nothing";
		// A hold and a confirm for each; the rest was asked again.
		repeats.set(name, [...(repeats.get(name) ?? []), seen.requests - 2 * booked.length]);
	}
	await test.proof.drained(DRAIN_DEADLINE_MS);
	await expectInLedger(bookings);
	console.log(`asked again, by what was killed: ${JSON.stringify(Object.fromEntries(repeats))}; holds that were replays: ${seen.replays}`);
	// Otherwise nothing was in the way, and nothing was shown.
	for (const part of [redis, api])
		expect(repeats.get(part?.name ?? "")?.filter((count) => count > 0).length).toBeGreaterThanOrEqual(OUTAGES_FELT);
	expect(seen.replays).toBeGreaterThanOrEqual(REPLAYS_MIN);
});

/** Every seat of some showtimes, each to be bought by another person. */
async function planPurchases(): Promise<Purchase[]> {
	const showtimeIds = await test.showtimes(Math.ceil(BOOKINGS / SEATS_PER_SHOWTIME));
	const tokens = mintTokens(test.stack.info.jwtSecret, await insertUsers(test.databaseUrl, BUYERS));
	const counted = async (request: Request) => {
		seen.requests += 1;
		const response = await fetch(request);
		if (response.headers.get("idempotency-replayed") === "true") seen.replays += 1;
		return response;
	};
	const baseUrl = test.stack.info.apiUrl;
	const clients = tokens.map((token) => createClient({ baseUrl, tokens: { access: () => token }, fetch: counted }));
	return Array.from({ length: BOOKINGS }, (_, place) => {
		const [client, showtimeId] = [clients[place % BUYERS], showtimeIds[Math.floor(place / SEATS_PER_SHOWTIME)]];
		if (client === undefined || showtimeId === undefined) throw new Error("a booking has no client or no showtime");
		return { client, showtimeId, seat: labelOf(place % SEATS_PER_SHOWTIME) };
	});
}

/** Hold and confirm, as an app would: what comes back is an answer, or this fails. */
async function book({ client, showtimeId, seat }: Purchase): Promise<ConfirmedBooking> {
	const held = await client.POST("/api/v1/bookings", { body: { showtimeId, seats: [seat] } });
	if (held.data === undefined) throw new Error(`the hold of ${seat} was answered ${JSON.stringify(held.error)}`);
	const { id, version } = held.data;
	const confirmed = await client.POST("/api/v1/bookings/{id}/confirm", {
		params: { path: { id }, header: { "if-match": `"${version}"` } },
	});
	if (confirmed.data?.status !== "confirmed") throw new Error(`the confirm of ${seat} was answered ${JSON.stringify(confirmed.error)}`);
	return { showtimeId, seat, bookingId: id };
}

async function expectInLedger(bookings: readonly ConfirmedBooking[]): Promise<void> {
	expect(new Set(bookings.map(({ bookingId }) => bookingId)).size).toBe(BOOKINGS);
	const showtimeIds = [...new Set(bookings.map(({ showtimeId }) => showtimeId))];
	const rows = await test.query(
		`select id, state from bookings where showtime_id in (${showtimeIds.map((id) => `'${id}'`).join()}) order by id`,
	);
	expect(rows).toEqual(bookings.map(({ bookingId }) => ({ id: bookingId, state: "CONFIRMED" })).toSorted((a, b) => (a.id < b.id ? -1 : 1)));
	for (const showtimeId of showtimeIds) {
		const owners = await test.proof.owners(showtimeId);
		const wanted = bookings.filter((one) => one.showtimeId === showtimeId).map(({ seat, bookingId }) => [seatOf(seat), bookingId] as const);
		expect([...owners].toSorted(([a], [b]) => a - b)).toEqual(wanted.toSorted(([a], [b]) => a - b));
		expect(await test.proof.violations(showtimeId)).toEqual([]);
	}
}
