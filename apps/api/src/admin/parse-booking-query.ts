/** Checks the query of the list of bookings beyond its schema, and turns it into filters. */
import type { BookingFilter } from "@holdfast/database";
import { parseAuditoriumId, parseMovieId, parseShowtimeId, parseUserId } from "@holdfast/domain";
import type { BookingQueryBody, LISTED_STATUSES } from "../contract/admin-booking.ts";
import { createFilterReader } from "./read-filters.ts";

/** What is wrong with a parameter, as `errors` of a problem. */
export type QueryError = { readonly pointer: string; readonly message: string };

/** The filters of the list. `email` is not resolved yet. Ids are valid; whether they name anything is not known. */
export type ParsedBookingQuery = Omit<BookingFilter, "status"> & {
	readonly status?: (typeof LISTED_STATUSES)[number] | undefined;
	readonly email?: string | undefined;
};

/** Returns the filters, or every error. */
export function parseBookingQuery(query: BookingQueryBody): ParsedBookingQuery | { readonly errors: readonly QueryError[] } {
	const { errors, read, readPeriod } = createFilterReader();
	const refuse = (name: string, message: string): void => void errors.push({ pointer: `/query/${name}`, message });
	const { status, email, period, amountMin, amountMax, currency, refund } = query;
	const showtimes = query.showtimeId === undefined ? undefined : [query.showtimeId].flat();
	const filter: ParsedBookingQuery = {
		status,
		email,
		period,
		amountMin,
		amountMax,
		currency,
		refund,
		showtimeIds: showtimes?.flatMap((text) => read("showtimeId", text, parseShowtimeId, "is not a valid showtime id") ?? []),
		movieId: read("movieId", query.movieId, parseMovieId, "is not a valid movie id"),
		auditoriumId: read("auditoriumId", query.auditoriumId, parseAuditoriumId, "is not a valid auditorium id"),
		userId: read("userId", query.userId, parseUserId, "is not a valid user id"),
		...readPeriod({ from: query.from, to: query.to }),
	};
	if (period !== undefined && query.from === undefined && query.to === undefined) refuse("period", "needs `from` or `to`");
	if (currency === undefined && amountMin !== undefined) refuse("amountMin", "needs `currency`");
	if (currency === undefined && amountMax !== undefined) refuse("amountMax", "needs `currency`");
	if (amountMin !== undefined && amountMax !== undefined && amountMin > amountMax) refuse("amountMax", "must not be less than `amountMin`");
	if (status === "pending" && showtimes === undefined && query.userId === undefined)
		refuse("status", "`pending` needs `showtimeId` or `userId`: live holds are found by the showtime or by the user");
	return errors.length > 0 ? { errors } : filter;
}
