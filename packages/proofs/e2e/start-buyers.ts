/** Buyers who buy one seat after another, in several halls, until told to stop, and take no for an answer from nobody. */
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import type { Operation } from "@holdfast/proofs";
import type { Buyer, TestStack } from "./open-test-stack.ts";
import { recordBuyer } from "./record-buyer.ts";
import { retryUntilFinal } from "./retry-until-final.ts";
import { accountsOf, rotateAccounts } from "./rotate-accounts.ts";

/** Ten seats per user and showtime is the cap, so a buyer goes through a hall in tens and then to the next one. */
const SEATS_PER_BUYER_AND_SHOWTIME = 10;
/** As many as share a hall of 100 seats. */
const PEOPLE = 10;
/** A buyer rests between bookings: ten of them make at most 333 a second, so the halls last on a machine of any speed. */
const REST_MS = 30;

export type Buyers = {
	readonly history: readonly Operation[];
	/** Bookings whose confirm was answered, at once or after repeats of the same request. */
	confirmed(): number;
	stop(): Promise<void>;
};

/** So many accounts last ten buyers for every hall: each places one hold per seat. */
export const accountsFor = (halls: number): number =>
	PEOPLE * Math.ceil((halls * SEATS_PER_BUYER_AND_SHOWTIME) / DEFAULT_LIMITS.holdsPerHourMax);

/**
 * Ten buyers who share these accounts. Each takes seats that no other one asks for, one at a time, hold then confirm. Faults are
 * retried, so each booking's outcome becomes known while the buyers live.
 */
export function startBuyers(buyers: readonly Buyer[], showtimeIds: readonly ShowtimeId[]): Buyers {
	const history: Operation[] = [];
	let confirmed = 0;
	let isStopping = false;

	async function live(accounts: readonly Buyer[], place: number): Promise<void> {
		const turns = rotateAccounts(accounts.map((account) => recordBuyer(account, history)));
		for (const showtimeId of showtimeIds) {
			for (let n = 0; n < SEATS_PER_BUYER_AND_SHOWTIME; n += 1) {
				if (isStopping) return;
				const seat = place * SEATS_PER_BUYER_AND_SHOWTIME + n;
				const person = turns.current();
				const held = await retryUntilFinal(() => person.hold(showtimeId, [seat], `${place}-${seat}`));
				turns.countHold();
				if (held.answered === null) throw new Error(`a hold of a free seat was answered ${held.code}`);
				const { bookingId } = held.answered;
				const answered = await retryUntilFinal(() => person.confirm(showtimeId, bookingId));
				if (answered.result !== "ok") throw new Error(`a confirm in time was answered ${answered.code}`);
				confirmed += 1;
				await delay(REST_MS);
			}
		}
		throw new Error("the buyers ran out of seats");
	}

	const lives = Promise.all(Array.from({ length: PEOPLE }, (_, place) => live(accountsOf(buyers, PEOPLE, place), place)));
	lives.catch(() => {});
	return {
		history,
		confirmed: () => confirmed,
		async stop() {
			isStopping = true;
			await lives;
		},
	};
}

/** Open showtimes for ten buyers, installed: so many that they last for a test. */
export async function installShowtimes(test: TestStack, count: number): Promise<ShowtimeId[]> {
	const showtimeIds = await test.showtimes(count);
	for (const showtimeId of showtimeIds) await test.get(`/showtimes/${showtimeId}/seats`);
	return showtimeIds;
}
