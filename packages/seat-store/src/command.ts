/**
 * A command of the seat store: what it does at Redis, where, and by which lane it goes there. Each says that where it is written; the
 * store binds them all to its lanes.
 */
import type { Limits } from "@holdfast/domain";
import type { Redis } from "ioredis";
import type { Run } from "./call.ts";
import type { Place } from "./place.ts";
import type { AckLevel } from "./verify-durability.ts";

/** What the commands of one store have in common. */
export type StoreContext = {
	readonly limits: Limits;
	/** The buckets that are settled, reaped, listed and measured. */
	readonly buckets: readonly number[];
	readonly ackLevel: AckLevel | undefined;
};

/** The ways to Redis. Each rejects with `SeatStoreFault`, as `Link.run` does. */
export type Lanes = StoreContext & {
	read<T>(place: Place, run: Run<T>): Promise<T>;
	write<T>(place: Place, run: Run<T>, deadlineMs?: number): Promise<T>;
	/** A write whose answer is an acknowledgement; `hasWritten` says of an outcome whether there is anything to be kept. */
	durable<T>(place: Place, run: Run<T>, hasWritten: (outcome: T) => boolean): Promise<T>;
	/** A read that waits at Redis for up to `timeoutMs`: on a connection where nothing else waits behind it. */
	block<T>(place: Place, run: Run<T>, timeoutMs: number): Promise<T>;
};

type Method<Args extends readonly unknown[], Answer> = (...args: Args) => Promise<Answer>;

/** `bind` gives the method that a store has of it. */
export type Command<Args extends readonly unknown[], Answer> = { readonly bind: (lanes: Lanes) => Method<Args, Answer> };

/** A command that is one call at one place. */
type CallSpec<Args extends readonly unknown[], Answer> = {
	readonly place: (...args: Args) => Place;
	readonly run: (redis: Redis, context: StoreContext, ...args: Args) => Promise<Answer>;
};

/** Changes nothing. */
export const read = <Args extends readonly unknown[], Answer>({ place, run }: CallSpec<Args, Answer>): Command<Args, Answer> => ({
	bind:
		(lanes) =>
		(...args) =>
			lanes.read(place(...args), (redis) => run(redis, lanes, ...args)),
});

/** Answers when Redis has done it. `deadlineMs`: for one that takes many scripts. */
export const write = <Args extends readonly unknown[], Answer>({
	place,
	run,
	deadlineMs,
}: CallSpec<Args, Answer> & { readonly deadlineMs?: number }): Command<Args, Answer> => ({
	bind:
		(lanes) =>
		(...args) =>
			lanes.write(place(...args), (redis) => run(redis, lanes, ...args), deadlineMs),
});

/** A write whose answer is an acknowledgement: with `ACK_LEVEL=replica` it is given when a replica has what was written. */
export const durable = <Args extends readonly unknown[], Answer>({
	place,
	run,
	hasWritten,
}: CallSpec<Args, Answer> & { readonly hasWritten: (outcome: Answer) => boolean }): Command<Args, Answer> => ({
	bind:
		(lanes) =>
		(...args) =>
			lanes.durable(place(...args), (redis) => run(redis, lanes, ...args), hasWritten),
});

/** A read that waits at Redis. */
export const block = <Args extends readonly unknown[], Answer>({
	place,
	run,
	timeoutMs,
}: CallSpec<Args, Answer> & { readonly timeoutMs: (...args: Args) => number }): Command<Args, Answer> => ({
	bind:
		(lanes) =>
		(...args) =>
			lanes.block(place(...args), (redis) => run(redis, lanes, ...args), timeoutMs(...args)),
});

/** Several calls, at places that may lie on different servers: each is answered or fails by itself. */
export const across = <Args extends readonly unknown[], Answer>(bind: (lanes: Lanes) => Method<Args, Answer>): Command<Args, Answer> => ({
	bind,
});

/** The methods of a table of commands. What else the table holds is left out. */
export type Bound<Table> = {
	readonly [Name in keyof Table as Table[Name] extends Command<never, unknown> ? Name : never]: Table[Name] extends Command<
		infer Args,
		infer Answer
	>
		? Method<Args, Answer>
		: never;
};

/** Gives every command of the table as a method that goes by these lanes. */
export function bindCommands<Table extends object>(table: Table, lanes: Lanes): Bound<Table>;
export function bindCommands(table: object, lanes: Lanes): Readonly<Record<string, unknown>> {
	return Object.fromEntries(Object.entries(table).flatMap(([name, value]) => (isCommand(value) ? [[name, value.bind(lanes)]] : [])));
}

const isCommand = (value: unknown): value is Command<never, unknown> => typeof value === "object" && value !== null && "bind" in value;
