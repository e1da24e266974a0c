/** Schedules one showtime. */
import type { StaffCommand } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { eq } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { showtimes } from "../schema/index.ts";
import { type AdminShowtime, adminShowtimeOf, selectAdminShowtimes } from "./admin-showtime.ts";
import { type JudgedStart, type ScheduleRefusal, type ScheduleShowtimes, scheduleShowtimes } from "./schedule-showtimes.ts";
import { STAFF_DEADLINE_MS } from "./staff-deadline.ts";

/** `refused_start`: the start cannot be scheduled; nothing was done. */
export type ScheduleOneOutcome =
	| { readonly outcome: "scheduled"; readonly showtime: AdminShowtime }
	| { readonly outcome: "refused_start"; readonly start: Exclude<JudgedStart, { readonly outcome: "scheduled" }> }
	| ScheduleRefusal;

/** A request whose `plan` gives exactly one start. */
export type ScheduleOneRequest = Omit<ScheduleShowtimes, "onClash" | "isDryRun">;

/** Schedules the showtime and returns it, with its audit row, all or nothing. */
export function scheduleOne(database: Database, request: ScheduleOneRequest, command: StaffCommand): Promise<ScheduleOneOutcome> {
	const run = (queries: Queries) =>
		queries.transaction(async (tx): Promise<ScheduleOneOutcome> => {
			const result = await scheduleShowtimes(tx, { ...request, onClash: "fail", isDryRun: false }, command);
			if (result.outcome !== "scheduled" && result.outcome !== "judged") return result;
			const [start] = result.starts;
			assert(start !== undefined, "the request plans no start");
			if (start.outcome !== "scheduled") return { outcome: "refused_start", start };
			const [row] = await selectAdminShowtimes(tx).where(eq(showtimes.id, start.showtimeId));
			assert(row !== undefined, `the new showtime ${start.showtimeId} was not found`);
			return { outcome: "scheduled", showtime: adminShowtimeOf(row) };
		});
	return writeTo(database, "administration", run, STAFF_DEADLINE_MS);
}
