/**
 * Starts a crowd of clients that compete for the same seats. Each client holds a few seats, then confirms or releases the hold or lets
 * it expire, and later cancels what it bought. Some clients give up on an unanswered request, so its outcome stays unknown.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { type Operation, reconstructStories } from "@holdfast/proofs";
import { createRandom } from "@holdfast/testing";
import type { Buyer } from "./open-test-stack.ts";
import { type RecordedBuyer, recordBuyer } from "./record-buyer.ts";
import { isRetryable, retryUntilFinal } from "./retry-until-final.ts";
import { accountsOf, rotateAccounts } from "./rotate-accounts.ts";

/** A running crowd. */
export type Crowd = {
	/** All requests and answers so far. */
	readonly history: readonly Operation[];
	/** Stops the clients after their present booking. Rejects when a client failed. */
	stop(): Promise<void>;
	/** Repeats every request with an unknown outcome until its answer is final. Call it when the product works again. */
	resolve(): Promise<void>;
};

/** Options of `startCrowd`. */
export type CrowdOptions = {
	/** The accounts of the crowd. */
	readonly buyers: readonly Buyer[];
	/** How many clients share the accounts: a long test needs several accounts per client. One per account when absent. */
	readonly people?: number;
	readonly showtimeIds: readonly ShowtimeId[];
	/** The clients want the seats 0 to `seatCount` - 1. */
	readonly seatCount: number;
	/** The highest number of attempts per request, drawn at random for each request; unlimited when absent. */
	readonly patienceMax?: number;
	/** The longest pause between two bookings of one client, in ms. */
	readonly restMaxMs?: number;
};

const SEATS_TOGETHER_MAX = 4;
/** `resolve` fails when a request has no final answer after this many attempts. */
const RESOLVE_ATTEMPTS = 100;

/** Starts the crowd. Every client draws its choices from a fixed seed. */
export function startCrowd(options: CrowdOptions): Crowd {
	const history: Operation[] = [];
	const accounts = options.buyers.map((buyer) => recordBuyer(buyer, history));
	const { people = accounts.length } = options;
	let isStopping = false;
	const running = Promise.all(
		Array.from({ length: people }, (_, place) => runClient(accountsOf(accounts, people, place), place + 1, options, () => isStopping)),
	);
	// `stop` reports the error; this only keeps Node from treating it as an unhandled rejection before that.
	running.catch(() => {});
	return {
		history,
		async stop() {
			isStopping = true;
			await running;
		},
		async resolve() {
			await Promise.all(accounts.map((account) => resolveFor(account, history)));
		},
	};
}

async function runClient(
	accounts: readonly RecordedBuyer[],
	seed: number,
	options: CrowdOptions,
	isStopping: () => boolean,
): Promise<void> {
	const { showtimeIds, seatCount, patienceMax = Number.POSITIVE_INFINITY, restMaxMs = 10 } = options;
	const { below: random } = createRandom(seed);
	const ask = (send: () => Promise<Operation>) =>
		retryUntilFinal(send, Number.isFinite(patienceMax) ? 1 + random(patienceMax) : patienceMax);
	const rotation = rotateAccounts(accounts);
	let person = rotation.current();
	let kept: { showtimeId: ShowtimeId; bookingId: string } | null = null;
	for (let round = 1; !isStopping(); round += 1) {
		const showtimeId = showtimeIds[random(showtimeIds.length)];
		if (showtimeId === undefined) throw new Error("the crowd has no showtime");
		const size = 1 + random(SEATS_TOGETHER_MAX);
		const first = random(seatCount - size + 1);
		const seats = Array.from({ length: size }, (_, n) => first + n);
		if (person !== rotation.current()) {
			if (kept !== null) await cancelKept(kept);
			kept = null;
			person = rotation.current();
		}
		const { answered, isRefusal } = await ask(() => person.hold(showtimeId, seats, `${seed}-${round}`));
		if (!isRefusal) rotation.countHold();
		if (answered?.status === "pending") {
			const { bookingId } = answered;
			const choice = random(5);
			if (choice === 0) await person.show(showtimeId, bookingId);
			if (choice === 1) await ask(() => person.cancel(showtimeId, bookingId));
			if (choice > 1) {
				// A client keeps at most one confirmed booking.
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
	const resolveRequest = async (send: () => Promise<Operation>) => {
		const last = await retryUntilFinal(send, RESOLVE_ATTEMPTS);
		if (isRetryable(last))
			throw new Error(`${last.kind} got no final answer in ${RESOLVE_ATTEMPTS} attempts; the last one was ${last.code}`);
	};
	for (const { showtimeId, bookingId, confirmed, cancelled, cancelAskedMs } of reconstructStories(own)) {
		const at = parseShowtime(showtimeId);
		// A client that gave up on a cancel still cancels. The outcome of its confirm does not matter then.
		const wantsCancel = cancelled === "maybe" || (cancelled === "no" && confirmed === "maybe" && cancelAskedMs !== null);
		if (wantsCancel) await resolveRequest(() => person.cancel(at, bookingId));
		else if (confirmed === "maybe" && cancelled === "no") await resolveRequest(() => person.confirm(at, bookingId));
	}
	for (const [key, tries] of Map.groupBy(holds, (hold) => hold.key)) {
		const last = tries.at(-1);
		if (last === undefined || !isRetryable(last) || tries.every(({ result }) => result !== "unknown")) continue;
		await resolveRequest(() => person.hold(parseShowtime(last.showtimeId), last.seats, key));
	}
}

function parseShowtime(text: string): ShowtimeId {
	const id = parseShowtimeId(text);
	if (id === null) throw new Error(`${text} is not a showtime id`);
	return id;
}
