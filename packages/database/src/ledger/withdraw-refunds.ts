/** Opens and withdraws the refunds of bookings that staff cancel and revive, when that is settled. */
import { type BookingEvent, type BookingId, refundOf } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { insertRows, unnestRows } from "./unnest-rows.ts";

/**
 * The lowest version that a revived booking can have: held, confirmed, cancelled, revived. The events of most buyers are below it, so they
 * cost no query.
 */
const REVIVED_VERSION_MIN = 4;

/**
 * Withdraws the refunds of bookings that are confirmed again. `changed`: one event per booking, whose row in the ledger has just changed.
 * Returns the bookings whose refund has been paid or is on its way: these must not be confirmed. A revive withholds the refund first
 * (`withhold-refund.ts`), so there are none, unless Redis lost the clock or the data by which it has decided.
 */
export async function withdrawRefunds(queries: Queries, changed: readonly BookingEvent[]): Promise<ReadonlySet<BookingId>> {
	const candidates = changed.filter(({ version }) => version >= REVIVED_VERSION_MIN);
	if (candidates.length === 0) return new Set();
	const given = unnestRows(candidates, {
		booking_id: ["uuid", (event) => event.bookingId],
		is_active: ["smallint", (event) => (event.type === "booking.cancelled" ? 0 : 1)],
	});
	// A booking that was revived and cancelled again comes as cancelled: its withheld refund is withdrawn as well.
	const rows = await queries.execute<{ booking_id: BookingId }>(sql`
		with locked as (
			select refunds.booking_id, refunds.state, given.is_active
			from refunds join ${given} on given.booking_id = refunds.booking_id
			where refunds.state = 'withdrawing' or (given.is_active = 1 and refunds.state <> 'not_owed')
			for no key update of refunds
		), withdrawn as (
			update refunds set state = 'not_owed', withdraw_version = null, withdraw_until = null
			from locked where refunds.booking_id = locked.booking_id and locked.state in ('due', 'withdrawing')
		)
		select booking_id from locked where is_active = 1 and state in ('sent', 'done', 'failed')`);
	return new Set(rows.map((row) => row.booking_id));
}

/**
 * Records what staff owe for bookings that they cancelled: nothing for 0 percent, and nothing that rounds down to 0. A refund that a revive
 * has withdrawn is opened again. `changed` as for `withdrawRefunds`.
 */
export async function openStaffRefunds(queries: Queries, changed: readonly BookingEvent[]): Promise<void> {
	const owed = changed.flatMap(({ type, bookingId, showtimeId, amount, currency, staff }) => {
		const percent = staff?.refundPercent ?? 0;
		const refund = refundOf(amount, percent);
		return type === "booking.cancelled" && refund > 0 ? [{ bookingId, showtimeId, currency, percent, refund }] : [];
	});
	if (owed.length === 0) return;
	const inserted = insertRows("refunds", owed, {
		booking_id: ["uuid", ({ bookingId }) => bookingId],
		showtime_id: ["uuid", ({ showtimeId }) => showtimeId],
		reason: ["text", () => "staff"],
		amount: ["bigint", ({ refund }) => refund],
		currency: ["text", ({ currency }) => currency],
		percent: ["smallint", ({ percent }) => percent],
	});
	await queries.execute(sql`${inserted} ${reopenRefund(sql`refunds.state = 'not_owed'`)}`);
}

/** Returns the clause of an insert of refunds by which an existing row, if `condition` holds, is owed again as the new row says. */
export const reopenRefund = (condition: ReturnType<typeof sql>) => sql`
	on conflict (booking_id) do update set
		reason = excluded.reason, amount = excluded.amount, currency = excluded.currency, percent = excluded.percent, state = 'due',
		due_at = now(), provider_ref = null, done_at = null, withdraw_version = null, withdraw_until = null, store_corrected_at = null
	where ${condition}`;
