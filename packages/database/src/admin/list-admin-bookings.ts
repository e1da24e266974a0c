/** Lists bookings of the ledger for staff: of all users, newest first. */
import { type Booking, type BookingId, parseBookingId, type UserId } from "@holdfast/domain";
import { and, desc, lt, type SQL, sql } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { addSeats, selectBookings, type UnreadableRow } from "../ledger/ledger-booking.ts";
import { type PageRequest, parseCursor, writeCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { bookings, users } from "../schema/index.ts";
import { type BookingContext, type InContext, readContexts } from "./booking-context.ts";
import { type BookingFilter, findConditions } from "./booking-filter.ts";

/** A booking with the labels of its seats, in the order of `booking.seats`, and what belongs to it. */
export type AdminBooking = BookingContext & { readonly booking: Booking; readonly seatLabels: readonly string[] };

/** Which page of which bookings to list. */
export type ListAdminBookingsRequest = PageRequest & BookingFilter;

/** `bad_cursor`: the cursor is not one of this list. `unreadable`: rows of the page that are left out. */
export type AdminBookingsOutcome =
	| {
			readonly outcome: "page";
			readonly items: readonly AdminBooking[];
			readonly unreadable: readonly UnreadableRow[];
			readonly nextCursor: string | null;
	  }
	| { readonly outcome: "bad_cursor" };

/** The key of every cursor, so that the cursor of another list is refused. */
const CURSOR_KEY = "bookings";

/**
 * Returns a page, newest first by when they were placed. Pages by keyset on the id, so pages stay consistent while bookings are added.
 * Bookings that are not settled are missing. Changes nothing.
 */
export async function listAdminBookings(
	database: Database,
	{ limit, cursor, ...filter }: ListAdminBookingsRequest,
): Promise<AdminBookingsOutcome> {
	const after =
		cursor === undefined
			? undefined
			: parseCursor(
					cursor,
					(text) => parseBookingId(text),
					(key) => key === CURSOR_KEY,
				);
	if (after === null) return { outcome: "bad_cursor" };
	return readFrom(database, "administration", async (queries) => {
		const conditions = await findConditions(queries, filter);
		const rows = conditions === null ? [] : await selectAdminBookings(queries, conditions, { limit: limit + 1, beforeId: after?.id });
		const kept = rows.slice(0, limit);
		const { bookings: found, unreadable } = await addSeats(queries, kept);
		const contextOf = await readContexts(
			queries,
			found.map(({ booking }) => booking),
		);
		const lastId = kept.at(-1)?.booking.id;
		return {
			outcome: "page",
			items: found.map((one) => ({ ...one, ...contextOf(one.booking) })),
			unreadable,
			nextCursor: rows.length > limit && lastId !== undefined ? writeCursor({ key: CURSOR_KEY, id: lastId }) : null,
		};
	});
}

/** Returns the query of `limit` rows that meet the conditions of `findConditions` and were placed before a booking. */
export function selectAdminBookings(
	queries: ReadQueries,
	conditions: readonly SQL[],
	{ limit, beforeId }: { readonly limit: number; readonly beforeId?: BookingId | undefined },
) {
	return selectBookings(queries)
		.where(and(...conditions, beforeId && lt(bookings.id, beforeId)))
		.orderBy(desc(bookings.id))
		.limit(limit);
}

/** Returns the id of the user with this e-mail, in any letter case; null when no user has it. Wildcards mean themselves. */
export async function findUserId(database: Database, email: string): Promise<UserId | null> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries.select({ id: users.id }).from(users).where(sql`lower(${users.email}) = lower(${email})`),
	);
	return row?.id ?? null;
}

/** Returns a function that gives the context of each of these bookings, which need not be in the ledger. */
export const findBookingContexts = (database: Database, found: readonly InContext[]): Promise<(booking: InContext) => BookingContext> =>
	readFrom(database, "administration", (queries) => readContexts(queries, found));
