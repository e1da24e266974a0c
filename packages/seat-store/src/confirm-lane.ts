/**
 * Commands whose answer is kept back until a replica has what they wrote. Everything that waits is sent together on a
 * connection of its own, then one WAIT for the lot; what comes meanwhile gathers for the next round.
 */
import type { Redis } from "ioredis";
import { type Run, startCall } from "./call.ts";
import { SeatStoreFault } from "./fault.ts";
import type { Link } from "./link.ts";
import { WHOLE_STORE } from "./place.ts";

/** Confirms and cancels that wait for their round, past which one is refused: two seconds of them, at twice the rate measured. */
const CONFIRMS_WAITING_MAX = 10_000;
/** Commands of one round: some 50 ms of scripts before the WAIT. */
const ROUND_MAX = 500;
/** A replica on a sound network answers in a few milliseconds. Well below a call's deadline: the callers are to hear of it. */
const REPLICA_WAIT_MS = 1_000;

export type ConfirmLane = {
	/**
	 * Run a write; `hasWritten` says of its outcome whether there is anything to be kept. Rejects with `SeatStoreFault`:
	 * `outcome_unknown` when it was sent and no replica is known to have it.
	 */
	run<T>(run: Run<T>, hasWritten: (outcome: T) => boolean): Promise<T>;
};

export type ConfirmLaneOptions = { readonly link: Link; readonly deadlineMs: number; readonly waitingMax?: number };

/** A command in the lane; its result has not reached its caller. */
type Entry = {
	/** Sends it; gives whether its caller waits for a replica. Never rejects: what goes wrong is the caller's to hear. */
	send(redis: Redis): Promise<boolean>;
	acknowledge(): void;
	fail(error: unknown): void;
};

export function createConfirmLane({ link, deadlineMs, waitingMax = CONFIRMS_WAITING_MAX }: ConfirmLaneOptions): ConfirmLane {
	const waiting = new Set<Entry>();
	let isSending = false;

	/** Its callers have deadlines of their own; while the round lasts, the next one is not sent behind its WAIT. */
	const roundDeadlineMs = deadlineMs + REPLICA_WAIT_MS;

	async function sendRounds(): Promise<void> {
		if (isSending) return;
		isSending = true;
		while (waiting.size > 0) {
			const round = [...waiting].slice(0, ROUND_MAX);
			for (const entry of round) waiting.delete(entry);
			await link
				.run(WHOLE_STORE, "write", roundDeadlineMs, (redis) => sendRound(redis, round))
				.catch((error: unknown) => {
					for (const entry of round) entry.fail(error);
				});
		}
		isSending = false;
	}

	return {
		run<T>(run: Run<T>, hasWritten: (outcome: T) => boolean) {
			if (waiting.size >= waitingMax)
				return Promise.reject(new SeatStoreFault("unavailable", new Error(`${waitingMax} commands wait for a replica`)));
			const call = startCall<T>({ effect: "write", deadlineMs, onOver: () => waiting.delete(entry) });
			let acknowledge = (): void => {};
			const entry: Entry = {
				async send(redis) {
					try {
						const outcome = await run(call.lend(redis));
						acknowledge = () => call.resolve(outcome);
						if (hasWritten(outcome)) return true;
						acknowledge();
					} catch (error) {
						call.reject(error);
					}
					return false;
				},
				acknowledge: () => acknowledge(),
				// What failed the round says nothing of this command: that is judged by whether it was sent.
				fail: (error) => call.reject(new Error(`no replica is known to have it: ${String(error)}`, { cause: error })),
			};
			waiting.add(entry);
			void sendRounds();
			return call.answer;
		},
	};
}

/** On one connection: WAIT speaks of what its own connection wrote, and on a new one it is content at once. */
async function sendRound(redis: Redis, round: readonly Entry[]): Promise<void> {
	const areWaiting = await Promise.all(round.map((entry) => entry.send(redis)));
	const wrote = round.filter((_, index) => areWaiting[index]);
	if (wrote.length === 0) return;
	const replicas = await redis.wait(1, REPLICA_WAIT_MS);
	for (const entry of wrote) {
		if (replicas >= 1) entry.acknowledge();
		else entry.fail(`none had it within ${REPLICA_WAIT_MS} ms`);
	}
}
