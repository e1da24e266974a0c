/** Finishes the actions of showtimes whose change is settled. */
import type { ShowtimeEvent } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { unnestRows } from "./unnest-rows.ts";

/**
 * Finishes open reschedules and cancels that these events carry out, in the transaction that records the events. A row that another
 * transaction has locked is skipped: the sweeper finds it settled at its next attempt. An archive is finished by its last step.
 */
export async function finishActions(queries: Queries, events: readonly ShowtimeEvent[]): Promise<void> {
	const finishing = events.filter(({ type, state }) => type === "showtime.rescheduled" || state === "cancelled");
	if (finishing.length === 0) return;
	const given = unnestRows(finishing, {
		showtime_id: ["uuid", (event) => event.showtimeId],
		state: ["text", (event) => event.state],
		moved_to: ["integer", (event) => (event.type === "showtime.rescheduled" ? event.scheduleVersion : null)],
	});
	await queries.execute(sql`
		with settled as (
			select showtime_actions.id from showtime_actions join ${given} on given.showtime_id = showtime_actions.showtime_id
			where finished_at is null and (
				(kind = 'reschedule' and schedule_version <= given.moved_to) or (kind = 'cancel' and given.state = 'cancelled'))
			for no key update of showtime_actions skip locked
		)
		update showtime_actions set finished_at = now(), outcome = 'done', last_error = null
		from settled where showtime_actions.id = settled.id`);
}
