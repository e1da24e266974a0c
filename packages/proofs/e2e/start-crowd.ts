/**
 * A crowd that wants the same seats: hold a few together, let the hold lapse, release it or confirm it, keep what was bought
 * for a while and cancel it. Some lose patience with a service that does not answer, and leave not knowing what they have.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { type Operation, reconstructStories } from "@holdfast/proofs";
import { createRandom } from "@holdfast/testing";
import type { Buyer } from "./open-test-stack.ts";
import { type RecordedBuyer, recordBuyer } from "./record-buyer.ts";
import { isRetryable, retryUntilFinal } from "./retry-until-final.ts";
import { accountsOf, rotateAccounts } from "./rotate-accounts.ts";

export type Crowd = {
	/** What everyone asked and was told so far. */
	readonly history: readonly Operation[];
	/** Everyone finishes what they are at, and goes. */
	stop(): Promise<void>;
	/** Whoever left without knowing asks again until they know. Only once everything works again. */
	resolve(): Promise<void>;
};

export type CrowdOptions = {
	/** The accounts of the crowd. */
	readonly buyers: readonly Buyer[];
	/** How many people share them: a long test needs several accounts each. As many as accounts when absent. */
	readonly people?: number;
	readonly showtimeIds: readonly ShowtimeId[];
	/** Seats 0 to this one, exclusive, are wanted. */
	readonly seatCount: number;
	/** How often the most patient repeat themselves; nobody loses patience when absent. */
	readonly patienceMax?: number;
	/** The longest rest between two bookings of one person. */
	readonly restMaxMs?: number;
};

const SEATS_TOGETHER_MAX = 4;
/** A crowd that cannot learn what it has by then is stopped: something does not work. */
const RESOLVE_ATTEMPTS = 100;

export function startCrowd(options: CrowdOptions): Crowd {
	const history: Operation[] = [];
	const accounts = options.buyers.map((buyer) => recordBuyer(buyer, history));
	const { people = accounts.length } = options;
	let isStopping = false;
	const lives = Promise.all(
		Array.from({ length: people }, (_, place) => live(accountsOf(accounts, people, place), place + 1, options, () => isStopping)),
	);
	lives.catch(() => {});
	return {
		history,
		async stop() {
			isStopping = true;
			await lives;
		},
		async resolve() {
			await Promise.all(accounts.map((account) => resolveFor(account, history)));
		},
	};
}

async function live(accounts: readonly RecordedBuyer[], seed: number, options: CrowdOptions, isStopping: () => boolean): Promise<void> {
	const { showtimeIds, seatCount, patienceMax = Number.POSITIVE_INFINITY, restMaxMs = 10 } = options;
	const { below: random } = createRandom(seed);
	const ask = (question: () => Promise<Operation>) =>
		retryUntilFinal(question, Number.isFinite(patienceMax) ? 1 + random(patienceMax) : patienceMax);
	const turns = rotateAccounts(accounts);
	let person = turns.current();
	let kept: { showtimeId: ShowtimeId; bookingId: string } | null = null;
	for (let round = 1; !isStopping(); round += 1) {
		const showtimeId = showtimeIds[random(showtimeIds.length)];
		if (showtimeId === undefined) throw new Error("the crowd has no showtime");
		const size = 1 + random(SEATS_TOGETHER_MAX);
		const first = random(seatCount - size + 1);
		const seats = Array.from({ length: size }, (_, n) => first + n);
		if (person !== turns.current()) {
			if (kept !== null) await cancelKept(kept);
			kept = null;
			person = turns.current();
		}
		const { answered, isRefusal } = await ask(() => person.hold(showtimeId, seats, `${seed}-${round}`));
		if (!isRefusal) turns.countHold();
		if (answered?.status === "pending") {
			const { bookingId } = answered;
			const fate = random(5);
			if (fate === 0) await person.show(showtimeId, bookingId);
			if (fate === 1) await ask(() => person.cancel(showtimeId, bookingId));
			if (fate > 1) {
				// Whoever bought before gives that back first.
				if (kept !== null) await cancelKept(kept);
				const { result, isRefusal } = await ask(() => person.confirm(showtimeId, bookingId));
				kept = result === "fail" && isRefusal ? null : { showtimeId, bookingId };
			}
		}
		if (kept !== null && random(3) === 0) {
			await cancelKept(kept);
			kept = null;
		}
		if (random(4) === 0) await person.map(showtimeId);
		await delay(random(restMaxMs));
	}

	async function cancelKept(booking: { showtimeId: ShowtimeId; bookingId: string }): Promise<void> {
		await ask(() => person.cancel(booking.showtimeId, booking.bookingId));
	}
}

async function resolveFor(person: RecordedBuyer, history: readonly Operation[]): Promise<void> {
	const own = history.filter(({ client }) => client === person.client);
	const holds = own.flatMap((operation) => (operation.kind === "hold" ? [operation] : []));
	const learn = async (question: () => Promise<Operation>) => {
		const last = await retryUntilFinal(question, RESOLVE_ATTEMPTS);
		if (isRetryable(last)) throw new Error(`still ${last.code} when asked ${RESOLVE_ATTEMPTS} times`);
	};
	for (const { showtimeId, bookingId, confirmed, cancelled, cancelAskedMs } of reconstructStories(own)) {
		const at = parseShowtime(showtimeId);
		// Whoever gave up a cancel that was never sent wants it still; what became of the confirm then no longer matters.
		const wantsCancel = cancelled === "maybe" || (cancelled === "no" && confirmed === "maybe" && cancelAskedMs !== null);
		if (wantsCancel) await learn(() => person.cancel(at, bookingId));
		else if (confirmed === "maybe" && cancelled === "no") await learn(() => person.confirm(at, bookingId));
	}
	for (const [key, tries] of Map.groupBy(holds, (hold) => hold.key)) {
		const last = tries.at(-1);
		if (last === undefined || !isRetryable(last) || tries.every(({ result }) => result !== "unknown")) continue;
		await learn(() => person.hold(parseShowtime(last.showtimeId), last.seats, key));
	}
}

function parseShowtime(text: string): ShowtimeId {
	const id = parseShowtimeId(text);
	if (id === null) throw new Error(`${text} is no showtime`);
	return id;
}
