/**
 * The interface of the seat store, the source of truth for live seats. Its methods are the commands of commands/, nearly all of
 * them one script each. All methods are safe to call twice. Outcomes are returned; a lost connection or a passed deadline throws
 * `SeatStoreFault`, after which a write may or may not have happened. Repeating the same command reveals which.
 */
import type { ShowtimeId } from "@holdfast/domain";
import type { Bound } from "./command.ts";
import type * as commands from "./commands/index.ts";
import type { SeatListener } from "./subscribe-to-seats.ts";
import type { Durability, ServerCondition } from "./verify-durability.ts";

/** All commands, subscriptions to seat changes, and the condition of the Redis server. */
export type SeatStore = Bound<typeof commands> & {
	/**
	 * Calls `listener` for every change of a showtime's seats. Resolves to a function that ends the subscription, as soon as no
	 * change can be missed unnoticed: a seat map that is read afterwards, plus the messages with later versions, gives the complete
	 * state. Uses one subscription per showtime, on a separate connection.
	 */
	readonly watchSeats: (showtimeId: ShowtimeId, listener: SeatListener) => Promise<() => void>;
	/** Whether a real write was acknowledged within the last second. Never rejects. */
	readonly isWritable: () => Promise<boolean>;
	/**
	 * Whether Redis keeps what it acknowledges, as of the last inspection, at most a second ago. While the status is `refused`,
	 * writes fail as `unavailable`.
	 */
	readonly durability: () => Durability;
	/** Role and replicas of the server, as of the last inspection. */
	readonly condition: () => ServerCondition;
	/** Closes all connections. Safe to call twice. */
	readonly close: () => Promise<void>;
};
