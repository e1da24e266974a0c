/**
 * Defines the commands of the seat store. Each definition says what the command sends to Redis, at which place, and over which
 * lane. The store binds all commands to its lanes.
 */
import type { Limits } from "@holdfast/domain";
import type { Redis } from "ioredis";
import type { Run } from "./call.ts";
import type { Place } from "./place.ts";
import type { AckLevel } from "./verify-durability.ts";

/** What all commands of one store share. */
export type StoreContext = {
	readonly limits: Limits;
	/** The buckets that are settled, reaped, listed and measured. */
	readonly buckets: readonly number[];
	readonly ackLevel: AckLevel | undefined;
};

/** The ways in which a call can reach Redis. Each rejects with `SeatStoreFault`, as `Link.run` does. */
export type Lanes = StoreContext & {
	read<T>(place: Place, run: Run<T>): Promise<T>;
	write<T>(place: Place, run: Run<T>, deadlineMs?: number): Promise<T>;
	/** A write whose reply is an acknowledgement. `hasWritten` says whether an outcome means that something was written. */
	durable<T>(place: Place, run: Run<T>, hasWritten: (outcome: T) => boolean): Promise<T>;
	/** A read that blocks in Redis for up to `timeoutMs`, on a connection where no other call waits behind it. */
	block<T>(place: Place, run: Run<T>, timeoutMs: number): Promise<T>;
};

type Method<Args extends readonly unknown[], Answer> = (...args: Args) => Promise<Answer>;

/** A command before it belongs to a store. `bind` returns the method of the store. */
export type Command<Args extends readonly unknown[], Answer> = { readonly bind: (lanes: Lanes) => Method<Args, Answer> };

/** A command that makes one call at one place. */
type CallSpec<Args extends readonly unknown[], Answer> = {
	readonly place: (...args: Args) => Place;
	readonly run: (redis: Redis, context: StoreContext, ...args: Args) => Promise<Answer>;
};

/** Defines a command that changes nothing. */
export const read = <Args extends readonly unknown[], Answer>({ place, run }: CallSpec<Args, Answer>): Command<Args, Answer> => ({
	bind:
		(lanes) =>
		(...args) =>
			lanes.read(place(...args), (redis) => run(redis, lanes, ...args)),
});

/** Defines a write that resolves when Redis has executed it. A command that runs many scripts sets its own `deadlineMs`. */
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

/** Defines a write whose reply is an acknowledgement. With `ACK_LEVEL=replica` it resolves when a replica has the write. */
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

/** Defines a read that blocks in Redis for up to `timeoutMs`. */
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

/** Defines a command that makes several calls, at places that may lie on different servers. Each call succeeds or fails on its own. */
export const across = <Args extends readonly unknown[], Answer>(bind: (lanes: Lanes) => Method<Args, Answer>): Command<Args, Answer> => ({
	bind,
});

/** The methods of a table of commands. Values of the table that are not commands are left out. */
export type Bound<Table> = {
	readonly [Name in keyof Table as Table[Name] extends Command<never, unknown> ? Name : never]: Table[Name] extends Command<
		infer Args,
		infer Answer
	>
		? Method<Args, Answer>
		: never;
};

/** Returns every command of the table as a method that uses these lanes. */
export function bindCommands<Table extends object>(table: Table, lanes: Lanes): Bound<Table>;
export function bindCommands(table: object, lanes: Lanes): Readonly<Record<string, unknown>> {
	return Object.fromEntries(Object.entries(table).flatMap(([name, value]) => (isCommand(value) ? [[name, value.bind(lanes)]] : [])));
}

const isCommand = (value: unknown): value is Command<never, unknown> => typeof value === "object" && value !== null && "bind" in value;
