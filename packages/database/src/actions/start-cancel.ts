/** Notes that a showtime is to be cancelled. The seat store decides, so nothing else changes in the ledger yet. */
import { CANCEL_TTL_MS, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import { STAFF_DEADLINE_MS } from "../admin/staff-deadline.ts";
import type { VersionCondition } from "../admin/version-condition.ts";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { showtimes } from "../schema/index.ts";
import { findOpenAction } from "./find-open-action.ts";
import { commandColumns, insertAction } from "./showtime-action.ts";

/** A cancel of a showtime. */
export type CancelRequest = {
	readonly showtimeId: ShowtimeId;
	/** The versions of the terms that the cancel accepts (If-Match), judged by the seat store; null: any. */
	readonly ifVersions: VersionCondition;
	readonly command: StaffCommand;
};

/**
 * `started`: drive the action; also when another request has started it and it is not finished. `unchanged`: the ledger has the showtime as
 * cancelled already. `showtime_closed`: it ended more than `CANCEL_TTL_MS` ago.
 */
export type CancelStart =
	| { readonly outcome: "started"; readonly actionId: string }
	| { readonly outcome: "unchanged" | "not_found" | "showtime_closed" };

/** Adds the action, unless one is open. Safe to repeat. Writes no audit row: the row comes with the event of the seat store. */
export function startCancel(database: Database, { showtimeId, ifVersions, command }: CancelRequest): Promise<CancelStart> {
	const start = async (tx: Queries): Promise<CancelStart> => {
		const [showtime] = await tx
			.select({ state: showtimes.state, endsAt: showtimes.endsAt })
			.from(showtimes)
			.where(eq(showtimes.id, showtimeId))
			.for("no key update");
		if (showtime === undefined) return { outcome: "not_found" };
		if (showtime.state === "cancelled") return { outcome: "unchanged" };
		const open = await findOpenAction(tx, showtimeId, ["cancel"]);
		if (open !== null) return { outcome: "started", actionId: open.id };
		if (showtime.endsAt.getTime() + CANCEL_TTL_MS <= Date.now()) return { outcome: "showtime_closed" };
		const versions = ifVersions === null ? null : [...ifVersions];
		const actionId = await insertAction(tx, { ...commandColumns(command), kind: "cancel", showtimeId, ifVersions: versions });
		return { outcome: "started", actionId };
	};
	return writeTo(database, "administration", (queries) => queries.transaction(start), STAFF_DEADLINE_MS);
}
