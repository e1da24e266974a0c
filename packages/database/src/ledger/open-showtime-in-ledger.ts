/**
 * First step of opening a showtime in the seat store: take the next epoch, then read what was sold. From the moment
 * the epoch is taken no entry of an older one can be settled, so what is read here cannot be out of date when it is
 * installed. Source: ADR 0005.
 */
import type { OpenShowtime, ShowtimeId } from "@holdfast/domain";
import { and, eq, sql } from "drizzle-orm";
import { openShowtimeOf, selectShowtimes } from "../catalog/showtime.ts";
import type { Database } from "../create-database.ts";
import { showtimes } from "../schema/index.ts";
import { type SeatOwner, selectSeatOwners } from "./list-seat-owners.ts";

/** What the seat store is to be told about a showtime. */
export type LedgerSnapshot = {
	readonly showtime: OpenShowtime;
	readonly epoch: number;
	readonly soldSeats: readonly Pick<SeatOwner, "seat" | "bookingId" | "userId">[];
};

/** `raced`: another took the epoch after `seenEpoch`; wait for what it installs. `unknown`: no such showtime. */
export type OpenInLedgerOutcome = { outcome: "opened"; snapshot: LedgerSnapshot } | { outcome: "raced" } | { outcome: "unknown" };

/**
 * Raise the epoch if it still is `seenEpoch` (from `findOpening`), and read the showtime under it. Of several at once
 * exactly one opens. Called again with the same epoch: `raced`. When it throws, the epoch may have been taken: ask
 * `findOpening` again.
 */
export function openShowtimeInLedger(
	database: Database,
	id: ShowtimeId,
	{ seenEpoch }: { seenEpoch: number },
): Promise<OpenInLedgerOutcome> {
	return database.run((queries) =>
		queries.transaction(async (transaction): Promise<OpenInLedgerOutcome> => {
			// First of all: it waits for every settling that holds the row for share, and what is read below comes after them.
			const [taken] = await transaction
				.update(showtimes)
				.set({ redisEpoch: sql`${showtimes.redisEpoch} + 1` })
				.where(and(eq(showtimes.id, id), eq(showtimes.redisEpoch, seenEpoch)))
				.returning({ epoch: showtimes.redisEpoch });
			const [row] = await selectShowtimes(transaction).where(eq(showtimes.id, id));
			if (row === undefined) return { outcome: "unknown" };
			if (taken === undefined) return { outcome: "raced" };
			const owners = await selectSeatOwners(transaction, id);
			const soldSeats = owners.map(({ seat, bookingId, userId }) => ({ seat, bookingId, userId }));
			return { outcome: "opened", snapshot: { showtime: openShowtimeOf(row), epoch: taken.epoch, soldSeats } };
		}),
	);
}
