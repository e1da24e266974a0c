/**
 * One call on the store. The caller gets exactly one result, at the deadline at the latest; after that, the call sends no further
 * command.
 */
import type { Redis } from "ioredis";
import { type Effect, faultOf } from "./fault.ts";
import { wasNotRun } from "./server-errors.ts";

/** A call without a reply after this time fails. A script takes a fraction of a millisecond, so the cause is an outage and not load. */
export const CALL_DEADLINE_MS = 2_000;

/** What a call does with its connection: sends one command, or several in turn. */
export type Run<T> = (redis: Redis) => Promise<T>;

/** A call in progress. */
export type Call<T> = {
	/** What the caller awaits. Rejects with a fault, or with an error of our own code. */
	readonly answer: Promise<T>;
	isOver(): boolean;
	/** Returns a client that sends over `redis` until the call is over, and then rejects every command. */
	lend(redis: Redis): Redis;
	/** Ends the call successfully. Does nothing when the call is over. */
	resolve(value: T): void;
	/** Fails the call. The commands that were sent decide which fault `error` becomes. Does nothing when the call is over. */
	reject(error: unknown): void;
};

/** What a call may change, and how long it may take. */
export type CallOptions = {
	readonly effect: Effect;
	readonly deadlineMs: number;
	/** Called once when the call succeeds or fails. `isLate`: its deadline passed. */
	readonly onOver?: (isLate: boolean) => void;
};

/** The error of a passed deadline, before it becomes a fault. */
class DeadlinePassed extends Error {
	override readonly name = "DeadlinePassed";
}

/**
 * Starts a call and its deadline timer.
 *
 * A process that is short of CPU runs its timers late, and before it reads its sockets: the reply may have arrived already. So
 * the timer lets the sockets be read once more (`setImmediate`) before it fails the call. (The command timeout of ioredis does
 * not: under 20,000 connections it rejected commands whose replies had arrived.)
 */
export function startCall<T>({ effect, deadlineMs, onOver }: CallOptions): Call<T> {
	const { promise: answer, resolve, reject } = Promise.withResolvers<T>();
	let isOver = false;
	const sent = createSentCommands();
	const end = (isLate: boolean): boolean => {
		if (isOver) return false;
		isOver = true;
		clearTimeout(timer);
		onOver?.(isLate);
		return true;
	};
	const fail = (error: unknown, isLate = false): void => {
		if (end(isLate)) reject(faultOf(effect, sent.mayHaveActed(error), error));
	};
	const timer = setTimeout(() => setImmediate(() => fail(new DeadlinePassed(`no answer within ${deadlineMs} ms`), true)), deadlineMs);
	return {
		answer,
		isOver: () => isOver,
		resolve: (value) => {
			if (end(false)) resolve(value);
		},
		reject: fail,
		lend(redis) {
			const lent: Redis = Object.create(redis);
			lent.sendCommand = (command, stream) => {
				if (isOver || !isWritable(redis)) command.reject(new Error(isOver ? "the call has already ended" : "the connection is lost"));
				else {
					sent.add(command);
					redis.sendCommand(command, stream);
				}
				return command.promise;
			};
			return lent;
		},
	};
}

type Command = Parameters<Redis["sendCommand"]>[0];

/** Commands that multi-step writes use and that change nothing. */
const READS: ReadonlySet<string> = new Set(["exists", "get", "hgetall", "hmget", "xrange"]);

/**
 * Records which commands a call has sent, to decide whether any of them may have been executed. A call with a single command, the
 * usual case, costs nothing here.
 */
function createSentCommands() {
	let first: Command | null = null;
	let hasSeveral = false;
	let unanswered = 0;
	let hasActed = false;
	const track = (command: Command): void => {
		if (READS.has(command.name)) return;
		unanswered += 1;
		const finish = (mayHaveActed: boolean): void => {
			unanswered -= 1;
			hasActed ||= mayHaveActed;
		};
		command.promise.then(
			() => finish(true),
			(error: unknown) => finish(!wasNotRun(error)),
		);
	};
	return {
		add(command: Command): void {
			if (first === null) {
				first = command;
				return;
			}
			if (!hasSeveral) track(first);
			hasSeveral = true;
			track(command);
		},
		/** `error` is the error that the call failed with. If the error says that its command was not executed, the other commands decide. */
		mayHaveActed(error: unknown): boolean {
			if (!wasNotRun(error)) return first !== null;
			return hasSeveral && (hasActed || unanswered > 0);
		},
	};
}

/** Whether a command that is sent now is written to the socket. The client has no offline queue to keep the command in. */
export const isWritable = (redis: Redis): boolean => redis.status === "ready" && redis.stream.writable;
