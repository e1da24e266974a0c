/** The dependencies of driving an action. */
import type { Database } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/** `open`: opens a showtime in the seat store, as a request of a buyer does. */
export type ActionDeps = {
	readonly seatStore: Pick<SeatStore, "setTerms" | "reschedule" | "countLive" | "readShowtime">;
	readonly database: Database;
	readonly open: (showtimeId: ShowtimeId) => Promise<{ readonly outcome: string }>;
};

/** What `open` returns, as `withOpenShowtime` asks for it. */
type Opening = { readonly outcome: "opened" } | { readonly outcome: "not_opened"; readonly reason: string };

/** Returns the opener of one showtime. */
export const openerOf =
	({ open }: Pick<ActionDeps, "open">, showtimeId: ShowtimeId) =>
	async (): Promise<Opening> => {
		const { outcome } = await open(showtimeId);
		return outcome === "opened" ? { outcome } : { outcome: "not_opened", reason: outcome };
	};
