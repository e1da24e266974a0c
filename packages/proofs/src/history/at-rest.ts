/** What the ledger says once every outbox is empty and nobody asks any more. */
import type { ShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";

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

/** Read everything there is about these showtimes. */
export async function readAtRest(databaseUrl: string, showtimeIds: readonly ShowtimeId[]): Promise<AtRest> {
	const list = showtimeIds.map((id) => `'${id}'`).join(",");
	const ask = (statement: string) => queryPostgres(databaseUrl, statement);
	const bookings = await ask(`select id, user_id, showtime_id, state, version from bookings where showtime_id in (${list})`);
	const seats = await ask(
		`select booking_id, showtime_id, seat, released_at is null as is_active from booking_seats where showtime_id in (${list})`,
	);
	const events = await ask(
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
