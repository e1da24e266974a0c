/**
 * The promise of the typed client: while Postgres, Redis and the API are killed in turn, the client repeats the requests that the API
 * allows to be repeated, and in the end every requested booking exists exactly once.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type HoldfastClient } from "@holdfast/client";
import type { ShowtimeId } from "@holdfast/domain";
import { byRunLength, createRandom, insertUsers, mintTokens } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labelOf, openTestStack, seatOf, type TestStack } from "./open-test-stack.ts";

const BOOKINGS = byRunLength({ short: 60, long: 500 });
/** Bookings are made in groups of this size, each group concurrently. During each group one process is killed. */
const AT_ONCE = byRunLength({ short: 10, long: 20 });
const SEATS_PER_SHOWTIME = 100;
/** Enough that each user gets two seats of a showtime, below the limit of ten. */
const BUYERS = 50;
/** Postgres, Redis or the API is killed at most this long after the requests of a group start. */
const KILL_WITHIN_MS = 40;
/** The longest pause between the kill and the restart. */
const OUTAGE_MAX_MS = byRunLength({ short: 300, long: 1_500 });
/** At least this many kills of Redis, and as many of the API, must cause repeated requests. */
const KILLS_WITH_REPEATS_MIN = byRunLength({ short: 1, long: 5 });
/**
 * At least this many times, a hold must be placed and its answer lost; the repeat is then answered with `Idempotency-Replayed`. A short run
 * may have none.
 */
const REPLAYS_MIN = byRunLength({ short: 0, long: 1 });
const DRAIN_DEADLINE_MS = 60_000;

let test: TestStack;
/** The number of requests since the current group began, and the total number of holds that were answered as replays. */
const seen = { requests: 0, replays: 0 };
beforeAll(async () => {
	test = await openTestStack({}, { ownPostgres: true });
});
afterAll(() => test.close());

type Purchase = { readonly client: HoldfastClient; readonly showtimeId: ShowtimeId; readonly seat: string };
type ConfirmedBooking = { readonly showtimeId: ShowtimeId; readonly seat: string; readonly bookingId: string };

it(`the ledger has each of ${BOOKINGS} bookings once after Postgres, Redis and the API were killed in turn`, async () => {
	const purchases = await planPurchases();
	const { postgres, redis, api } = test.stack;
	if (postgres === null || redis === null) throw new Error("the stack runs on a store that it did not start, so no test can kill it");
	const parts = [postgres, redis, api];
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
		// Each booking needs a hold and a confirm. All other requests are repeats.
		repeats.set(name, [...(repeats.get(name) ?? []), seen.requests - 2 * booked.length]);
	}
	await test.proof.drained(DRAIN_DEADLINE_MS);
	await expectInLedger(bookings);
	console.log(`repeated requests per killed process: ${JSON.stringify(Object.fromEntries(repeats))}; replayed holds: ${seen.replays}`);
	// Without repeats the outages hit no request, and the test would prove nothing.
	for (const part of [redis, api])
		expect(repeats.get(part.name)?.filter((count) => count > 0).length).toBeGreaterThanOrEqual(KILLS_WITH_REPEATS_MIN);
	expect(seen.replays).toBeGreaterThanOrEqual(REPLAYS_MIN);
});

/** Plans `BOOKINGS` purchases of different seats, giving them to the buyers in turn. */
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
	return Array.from({ length: BOOKINGS }, (_, index) => {
		const [client, showtimeId] = [clients[index % BUYERS], showtimeIds[Math.floor(index / SEATS_PER_SHOWTIME)]];
		if (client === undefined || showtimeId === undefined) throw new Error(`no client or no showtime for purchase ${index}`);
		return { client, showtimeId, seat: labelOf(index % SEATS_PER_SHOWTIME) };
	});
}

/** Places and confirms a hold of one seat through the client, as a customer's application would. Rejects when either is refused. */
async function book({ client, showtimeId, seat }: Purchase): Promise<ConfirmedBooking> {
	const held = await client.POST("/api/v1/bookings", { body: { showtimeId, seats: [seat] } });
	if (held.data === undefined) throw new Error(`the hold of ${seat} failed: ${JSON.stringify(held.error)}`);
	const { id, version } = held.data;
	const confirmed = await client.POST("/api/v1/bookings/{id}/confirm", {
		params: { path: { id }, header: { "if-match": `"${version}"` } },
	});
	if (confirmed.data?.status !== "confirmed") throw new Error(`the confirm of ${seat} failed: ${JSON.stringify(confirmed.error)}`);
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
		const expected = bookings
			.filter((one) => one.showtimeId === showtimeId)
			.map(({ seat, bookingId }) => [seatOf(seat), bookingId] as const);
		expect([...owners].toSorted(([a], [b]) => a - b)).toEqual(expected.toSorted(([a], [b]) => a - b));
		expect(await test.proof.violations(showtimeId)).toEqual([]);
	}
}
