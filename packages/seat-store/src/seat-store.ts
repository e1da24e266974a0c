/**
 * The seat store: the truth about live seats. Its methods are the commands of commands/, nearly always one script each; all are safe to
 * call twice. Outcomes are values; a lost connection or a passed deadline throws `SeatStoreFault`, after which a write may or may not have
 * happened: repeat the same command to learn which.
 */
import type { ShowtimeId } from "@holdfast/domain";
import type { Bound } from "./command.ts";
import type * as commands from "./commands/index.ts";
import type { SeatListener } from "./subscribe-to-seats.ts";
import type { Durability, ServerCondition } from "./verify-durability.ts";

export type SeatStore = Bound<typeof commands> & {
	/**
	 * Tell `listener` of each change of a showtime's seats. Resolves once nothing can be missed unnoticed, to what ends it: a map read
	 * after that and the news of later versions are the whole story. One subscription per showtime, on a connection of its own.
	 */
	readonly watchSeats: (showtimeId: ShowtimeId, listener: SeatListener) => Promise<() => void>;
	/** Whether a real write was acknowledged, of at most a second ago. Never rejects. */
	readonly isWritable: () => Promise<boolean>;
	/** Whether Redis keeps what it acknowledges, as of the last look, at most a second ago; while it is `refused`, writes are `unavailable`. */
	readonly durability: () => Durability;
	/** Role and replicas, as of the last look. */
	readonly condition: () => ServerCondition;
	readonly close: () => Promise<void>;
};
