/**
 * Sends writes that are acknowledged only when a replica has them. All waiting writes are sent together on a separate connection,
 * followed by one WAIT for all of them. Writes that arrive meanwhile wait for the next round.
 */
import type { Redis } from "ioredis";
import { type Run, startCall } from "./call.ts";
import { SeatStoreFault } from "./fault.ts";
import type { Link } from "./link.ts";
import { WHOLE_STORE } from "./place.ts";

/**
 * Maximum number of confirms and cancels that wait for a round; further ones are refused. This is what arrives in two seconds at
 * twice the measured rate.
 */
const CONFIRMS_WAITING_MAX = 10_000;
/** Maximum number of commands in a round: about 50 ms of scripts before the WAIT. */
const ROUND_MAX = 500;
/**
 * How long WAIT waits for a replica, which on a healthy network answers in a few milliseconds. Well below the deadline of a call,
 * so that callers still get the result.
 */
const REPLICA_WAIT_MS = 1_000;

/** A lane for writes that must reach a replica. */
export type ConfirmLane = {
	/**
	 * Runs a write. `hasWritten` says whether its outcome wrote anything that a replica must have. Rejects with `SeatStoreFault`:
	 * `outcome_unknown` when the write was sent and no replica is known to have it.
	 */
	run<T>(run: Run<T>, hasWritten: (outcome: T) => boolean): Promise<T>;
};

/** `deadlineMs` is the deadline of one write; `waitingMax` limits the writes that wait for a round. */
export type ConfirmLaneOptions = { readonly link: Link; readonly deadlineMs: number; readonly waitingMax?: number };

/** A command in the lane whose caller has no result yet. */
type Entry = {
	/** Sends the command. Resolves to whether the caller must wait for a replica. Never rejects: the caller gets the error. */
	send(redis: Redis): Promise<boolean>;
	acknowledge(): void;
	fail(error: unknown): void;
};

/** Creates a confirm lane over a link that is used for nothing else. */
export function createConfirmLane({ link, deadlineMs, waitingMax = CONFIRMS_WAITING_MAX }: ConfirmLaneOptions): ConfirmLane {
	const waiting = new Set<Entry>();
	let isSending = false;

	/** Longer than the deadlines of the callers, so that the next round is not sent behind a WAIT that still runs. */
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
				return Promise.reject(new SeatStoreFault("unavailable", new Error(`${waitingMax} commands already wait for a replica`)));
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
				// The error of the round says nothing about this command. Whether the command was sent decides which fault it gets.
				fail: (error) => call.reject(new Error(`no replica is known to have the write: ${String(error)}`, { cause: error })),
			};
			waiting.add(entry);
			void sendRounds();
			return call.answer;
		},
	};
}

/**
 * WAIT covers only the writes of the connection that it is sent on; on a new connection it returns at once. So the writes and
 * their WAIT share a connection.
 */
async function sendRound(redis: Redis, round: readonly Entry[]): Promise<void> {
	const areWaiting = await Promise.all(round.map((entry) => entry.send(redis)));
	const wrote = round.filter((_, index) => areWaiting[index]);
	if (wrote.length === 0) return;
	const replicas = await redis.wait(1, REPLICA_WAIT_MS);
	for (const entry of wrote) {
		if (replicas >= 1) entry.acknowledge();
		else entry.fail(`no replica confirmed within ${REPLICA_WAIT_MS} ms`);
	}
}
