/** A page of bookings as staff list them, whichever store it is from. */
import type { AdminBooking, PageRequest, UnreadableRow } from "@holdfast/database";

/** A booking of a list. `readAtMs` is the time (epoch ms) at which its status is evaluated; 0 in the ledger, which has no holds. */
export type ListedBooking = AdminBooking & { readonly readAtMs: number };

/** One page, newest first; `unreadable` are left out. `bad_cursor`: the cursor is not one of this list. */
export type ListOutcome =
	| {
			readonly outcome: "page";
			readonly items: readonly ListedBooking[];
			readonly unreadable: readonly UnreadableRow[];
			readonly nextCursor: string | null;
	  }
	| { readonly outcome: "bad_cursor" };

/** Reads one page. Throws when a store is unavailable. */
export type ReadBookings = (request: PageRequest) => Promise<ListOutcome>;
