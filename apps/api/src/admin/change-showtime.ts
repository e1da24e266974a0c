/** What the routes share that change a showtime in the seat store: the condition, and the showtime for the answer. */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { AdminShowtimeDetailsBody } from "../contract/admin-showtime.ts";
import { parseEntityTags } from "../contract/entity-tags.ts";
import type { RouteDeps } from "../deps.ts";
import { readAdminShowtime } from "./read-admin-showtime.ts";

/** The versions of the terms, or of the schedule, that a change accepts; null: any. */
export type ShowtimeCondition = readonly number[] | null;

const VERSIONS = /^([1-9]\d{0,8})\.([1-9]\d{0,8})$/;

/** Returns the versions in `If-Match`, null for none or `*`, or `malformed`. A tag that is not ours matches nothing. */
export function parseShowtimeCondition(
	header: string | undefined,
): { outcome: "parsed"; terms: ShowtimeCondition; schedule: ShowtimeCondition } | { outcome: "malformed"; message: string } {
	const parsed = parseEntityTags(header);
	if (parsed.outcome === "malformed") return parsed;
	if (parsed.tags === null) return { outcome: "parsed", terms: null, schedule: null };
	const versions = parsed.tags.flatMap((tag) => {
		const [, terms, schedule] = VERSIONS.exec(tag) ?? [];
		return terms === undefined || schedule === undefined ? [] : [{ terms: Number(terms), schedule: Number(schedule) }];
	});
	return { outcome: "parsed", terms: versions.map(({ terms }) => terms), schedule: versions.map(({ schedule }) => schedule) };
}

/**
 * Returns the showtime as it is after a change, for the answer. Other reads of this process see the change as well. Throws
 * `DatabaseOutcomeUnknown` when Postgres cannot be reached: the change was made, so the answer must not say that nothing was changed. The
 * same request again is answered with the showtime.
 */
export async function readChanged(deps: RouteDeps, showtimeId: ShowtimeId): Promise<AdminShowtimeDetailsBody> {
	deps.installedShowtimes.forget(showtimeId);
	const showtime = await readAdminShowtime(deps, showtimeId).catch((error: unknown) => {
		throw isDatabaseUnavailable(error) ? new DatabaseOutcomeUnknown(error) : error;
	});
	assert(showtime !== null, `showtime ${showtimeId} is installed but not in the ledger`);
	return showtime;
}
