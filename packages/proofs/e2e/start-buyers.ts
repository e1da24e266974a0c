/** Starts buyers who buy one seat after the other, in several showtimes, until they are stopped. They retry every request that fails. */
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import type { Operation } from "@holdfast/proofs";
import type { Buyer, TestStack } from "./open-test-stack.ts";
import { recordBuyer } from "./record-buyer.ts";
import { retryUntilFinal } from "./retry-until-final.ts";
import { accountsOf, rotateAccounts } from "./rotate-accounts.ts";

/** A user may have ten seats of a showtime. A buyer buys ten, then goes on with the next showtime. */
const SEATS_PER_BUYER_AND_SHOWTIME = 10;
/** Ten buyers with ten seats each buy all 100 seats of a showtime. */
const PEOPLE = 10;
/** The pause of a buyer between bookings. Ten buyers make at most 333 bookings a second, so the seats last on a fast machine too. */
const REST_MS = 30;

/** Running buyers. */
export type Buyers = {
	readonly history: readonly Operation[];
	/** Returns the number of bookings whose confirm was acknowledged, at once or after repeats. */
	confirmed(): number;
	/** Stops the buyers after their present booking. Rejects when a buyer got a final refusal or ran out of seats. */
	stop(): Promise<void>;
};

/** Returns how many accounts the ten buyers need for this many showtimes, because of the hourly limit of holds. */
export const accountsFor = (showtimes: number): number =>
	PEOPLE * Math.ceil((showtimes * SEATS_PER_BUYER_AND_SHOWTIME) / DEFAULT_LIMITS.holdsPerHourMax);

/**
 * Starts ten buyers who share these accounts. Each buyer holds and confirms its own seats, one after the other, so no request is
 * refused. Failed requests are repeated until the answer is final.
 */
export function startBuyers(buyers: readonly Buyer[], showtimeIds: readonly ShowtimeId[]): Buyers {
	const history: Operation[] = [];
	let confirmed = 0;
	let isStopping = false;

	async function runBuyer(accounts: readonly Buyer[], place: number): Promise<void> {
		const rotation = rotateAccounts(accounts.map((account) => recordBuyer(account, history)));
		for (const showtimeId of showtimeIds) {
			for (let n = 0; n < SEATS_PER_BUYER_AND_SHOWTIME; n += 1) {
				if (isStopping) return;
				const seat = place * SEATS_PER_BUYER_AND_SHOWTIME + n;
				const person = rotation.current();
				const held = await retryUntilFinal(() => person.hold(showtimeId, [seat], `${place}-${seat}`));
				rotation.countHold();
				if (held.answered === null) throw new Error(`the hold of an available seat got ${held.code}`);
				const { bookingId } = held.answered;
				const answered = await retryUntilFinal(() => person.confirm(showtimeId, bookingId));
				if (answered.result !== "ok") throw new Error(`the confirm of a live hold got ${answered.code}`);
				confirmed += 1;
				await delay(REST_MS);
			}
		}
		throw new Error("the buyers ran out of seats");
	}

	const running = Promise.all(Array.from({ length: PEOPLE }, (_, place) => runBuyer(accountsOf(buyers, PEOPLE, place), place)));
	// `stop` reports the error; this only keeps Node from treating it as an unhandled rejection before that.
	running.catch(() => {});
	return {
		history,
		confirmed: () => confirmed,
		async stop() {
			isStopping = true;
			await running;
		},
	};
}

/** Inserts showtimes of 100 seats and reads each seat map once, which installs the showtime in Redis. */
export async function installShowtimes(test: TestStack, count: number): Promise<ShowtimeId[]> {
	const showtimeIds = await test.showtimes(count);
	for (const showtimeId of showtimeIds) await test.get(`/showtimes/${showtimeId}/seats`);
	return showtimeIds;
}
