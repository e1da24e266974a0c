/** Reads the ledger for the history checker, at rest: every outbox is empty and no client sends requests. */
import type { ShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";

/** All rows of the ledger about some showtimes. */
export type AtRest = {
	readonly bookings: readonly {
		readonly bookingId: string;
		readonly client: string;
		readonly showtimeId: string;
		readonly state: string;
		readonly version: number;
	}[];
	readonly seats: readonly { readonly bookingId: string; readonly showtimeId: string; readonly seat: number; readonly isActive: boolean }[];
	readonly events: readonly { readonly bookingId: string; readonly version: number; readonly type: string }[];
};

/** Resolves to all bookings, seats and events of these showtimes. */
export async function readAtRest(databaseUrl: string, showtimeIds: readonly ShowtimeId[]): Promise<AtRest> {
	const list = showtimeIds.map((id) => `'${id}'`).join(",");
	const query = (statement: string) => queryPostgres(databaseUrl, statement);
	const bookings = await query(`select id, user_id, showtime_id, state, version from bookings where showtime_id in (${list})`);
	const seats = await query(
		`select booking_id, showtime_id, seat, released_at is null as is_active from booking_seats where showtime_id in (${list})`,
	);
	const events = await query(
		`select booking_id, version, type from booking_events where payload->>'showtimeId' in (${list}) or booking_id in
			(select id from bookings where showtime_id in (${list}))`,
	);
	return {
		bookings: bookings.map((row) => ({
			bookingId: String(row.id),
			client: String(row.user_id),
			showtimeId: String(row.showtime_id),
			state: String(row.state),
			version: Number(row.version),
		})),
		seats: seats.map((row) => ({
			bookingId: String(row.booking_id),
			showtimeId: String(row.showtime_id),
			seat: Number(row.seat),
			isActive: row.is_active === "t",
		})),
		events: events.map((row) => ({ bookingId: String(row.booking_id), version: Number(row.version), type: String(row.type) })),
	};
}
