/**
 * One call on the store: its caller gets one answer, by its deadline at the latest, and after that no command of it is
 * sent any more.
 */
import type { Redis } from "ioredis";
import { type Effect, faultOf } from "./fault.ts";
import { wasNotRun } from "./server-errors.ts";

/** A call that has no answer by then fails: a script takes a fraction of a millisecond, so this is outage, not load. */
export const CALL_DEADLINE_MS = 2_000;

/** What a call does with the connection that it is handed: one command, or several in turn. */
export type Run<T> = (redis: Redis) => Promise<T>;

export type Call<T> = {
	readonly answer: Promise<T>;
	isOver(): boolean;
	/** Hands the call a connection, on which it sends until it is over. */
	lend(redis: Redis): Redis;
	resolve(value: T): void;
	/** Ends the call with the fault that `error` amounts to, by what the call has sent. */
	reject(error: unknown): void;
};

export type CallOptions = {
	readonly effect: Effect;
	readonly deadlineMs: number;
	/** The call is over, whatever came of it; `isLate` when its deadline passed. */
	readonly onOver?: (isLate: boolean) => void;
};

/** What a passed deadline rejects with, before it becomes a fault. */
class DeadlinePassed extends Error {
	override readonly name = "DeadlinePassed";
}

/**
 * A process that is short of CPU runs its timers late, and before it reads its sockets: the answer may lie there
 * already. So a timer that fires lets the sockets be read once more before the answer is given up. (A timeout of the
 * client's own would not: under 20,000 connections it gave up answers that had come.)
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
				if (isOver || !isWritable(redis)) command.reject(new Error(isOver ? "the call is over" : "the link is gone"));
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

/** Commands of multi-step writes that change nothing themselves. */
const READS: ReadonlySet<string> = new Set(["exists", "get", "hgetall", "hmget", "xrange"]);

/** What a call has sent, to judge whether any of it may have been carried out. Most calls are one command, which costs nothing here. */
function createSentCommands() {
	let first: Command | null = null;
	let isSeveral = false;
	let unanswered = 0;
	let hasActed = false;
	const follow = (command: Command): void => {
		if (READS.has(command.name)) return;
		unanswered += 1;
		const settle = (mayHaveActed: boolean): void => {
			unanswered -= 1;
			hasActed ||= mayHaveActed;
		};
		command.promise.then(
			() => settle(true),
			(error: unknown) => settle(!wasNotRun(error)),
		);
	};
	return {
		add(command: Command): void {
			if (first === null) {
				first = command;
				return;
			}
			if (!isSeveral) follow(first);
			isSeveral = true;
			follow(command);
		},
		/** `error` is what the call failed with: when it says that one command was not run, the others decide. */
		mayHaveActed(error: unknown): boolean {
			if (!wasNotRun(error)) return first !== null;
			return isSeveral && (hasActed || unanswered > 0);
		},
	};
}

/** Whether what is sent now is written to the socket: the client has no queue to keep it in. */
export const isWritable = (redis: Redis): boolean => redis.status === "ready" && redis.stream.writable;
