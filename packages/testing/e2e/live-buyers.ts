/** Buyers who buy one seat after another, in several halls, until told to stop, and remember what they were told. */
import { setTimeout as delay } from "node:timers/promises";
import type { ShowtimeId } from "@holdfast/domain";
import { type Answer, type Buyer, idOf, type TestStack } from "./open-test-stack.ts";

/** Ten seats per user and showtime is the cap, so a buyer goes through a hall in tens and then to the next one. */
const SEATS_PER_BUYER_AND_SHOWTIME = 10;
const RETRY_MS = 100;
/** A buyer rests between bookings: ten of them make at most 333 a second, so the halls last on a machine of any speed. */
const REST_MS = 30;

export type BuyersLog = {
	/** Bookings whose confirm was answered 200, at once or after retries of the same request. */
	readonly confirmed: string[];
	/** Answers that are neither a success nor a coded refusal, by kind: `503 outcome_unknown`, `broken connection`. */
	readonly faults: Record<string, number>;
};

/**
 * Ask until the answer is not a fault, the same request again each time, as the API tells clients to; faults are counted by
 * kind. On a machine that stalls for seconds a 503 is a truthful answer, and its repeat tells what happened.
 */
export async function insist(faults: Record<string, number>, ask: () => Promise<Answer>): Promise<Answer> {
	for (;;) {
		const answer = await ask().catch(() => null);
		if (answer !== null && answer.status < 500) return answer;
		if (answer !== null && answer.status !== 503) throw new Error(`answered ${answer.status} ${answer.code}`);
		const kind = answer === null ? "broken connection" : `503 ${answer.code}`;
		faults[kind] = (faults[kind] ?? 0) + 1;
		await delay(RETRY_MS);
	}
}

/**
 * Each buyer takes seats that no other one asks for, one at a time, hold then confirm. Faults are
 * retried, so each booking's outcome becomes known while the buyers live.
 */
export function startBuyers(buyers: readonly Buyer[], showtimeIds: readonly ShowtimeId[]): { log: BuyersLog; stop(): Promise<void> } {
	const log: BuyersLog = { confirmed: [], faults: {} };
	let isStopping = false;

	async function live(buyer: Buyer, place: number): Promise<void> {
		for (const showtimeId of showtimeIds) {
			for (let n = 0; n < SEATS_PER_BUYER_AND_SHOWTIME; n += 1) {
				if (isStopping) return;
				const label = `${String.fromCharCode(65 + (place % 10))}${n + 1}`;
				const held = await insist(log.faults, () => buyer.hold(showtimeId, [label], { "idempotency-key": `${place}-${label}` }));
				if (held.status !== 201) throw new Error(`a hold of a free seat was answered ${held.status} ${held.code}`);
				const confirmed = await insist(log.faults, () => buyer.confirm(idOf(held)));
				if (confirmed.status !== 200) throw new Error(`a confirm in time was answered ${confirmed.status} ${confirmed.code}`);
				log.confirmed.push(idOf(held));
				await delay(REST_MS);
			}
		}
		throw new Error("the buyers ran out of seats");
	}

	const lives = Promise.all(buyers.map(live));
	lives.catch(() => {});
	return {
		log,
		async stop() {
			isStopping = true;
			await lives;
		},
	};
}

/** Open showtimes for ten buyers, installed: so many that they last for a test. */
export async function openHalls(test: TestStack, count: number): Promise<ShowtimeId[]> {
	const showtimeIds = await test.showtimes(count);
	for (const showtimeId of showtimeIds) await test.get(`/showtimes/${showtimeId}/seats`);
	return showtimeIds;
}

/** What buyers were told is what the stores have: each confirmed booking owns its seat in the ledger, and nothing else does. */
export async function findHistoryFlaws(test: TestStack, log: BuyersLog, showtimeIds: readonly ShowtimeId[]): Promise<string[]> {
	const flaws: string[] = [];
	for (const showtimeId of showtimeIds) flaws.push(...(await test.proof.flaws(showtimeId)));
	const list = showtimeIds.map((id) => `'${id}'`).join(",");
	const rows = await test.query(`select booking_id from booking_seats where released_at is null and showtime_id in (${list})`);
	const recorded = new Set(rows.map((row) => row.booking_id));
	const told = new Set(log.confirmed);
	for (const id of told) if (!recorded.has(id)) flaws.push(`confirmed to its buyer, not in the ledger: ${id}`);
	for (const id of recorded) if (!told.has(String(id))) flaws.push(`in the ledger, nobody was told: ${id}`);
	if (rows.length !== told.size) flaws.push(`${told.size} bookings of one seat confirmed, ${rows.length} seats recorded`);
	const events = await test.query(
		`select count(*) as n, count(distinct e.booking_id) as bookings from booking_events e join bookings b on b.id = e.booking_id where b.showtime_id in (${list})`,
	);
	if (events[0]?.n !== String(told.size) || events[0]?.bookings !== String(told.size)) {
		flaws.push(`${told.size} bookings, ${events[0]?.n} events of ${events[0]?.bookings} bookings`);
	}
	return flaws;
}
