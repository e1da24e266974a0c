/** Changes fields of an auditorium, archives it, and brings it back. */
import type { AuditoriumId, StaffCommand } from "@holdfast/domain";
import { eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { auditoriums } from "../schema/index.ts";
import {
	type Auditorium,
	type AuditoriumFields,
	auditoriumColumnsOf,
	auditoriumFieldsOf,
	auditoriumOf,
	lockAuditorium,
} from "./admin-auditorium.ts";
import { type ChangeRequest, changeResource } from "./change-resource.ts";
import { findRoomPlan } from "./find-room.ts";
import type { TermsRefusal } from "./find-terms.ts";
import { knowsTimeZone } from "./knows-time-zone.ts";
import { findUnfitDefaults, type UnfitDefaults } from "./refuse-defaults.ts";
import { type HasShowtimes, refuseWithShowtimes } from "./refuse-with-showtimes.ts";
import type { ChangeOutcome, VersionCondition } from "./version-condition.ts";

type ChangeableAuditorium = AuditoriumFields & { readonly archived: boolean };

/** What stands against a change. `currency_mismatch`: the default prices are in another currency than the auditorium. */
export type AuditoriumRefusal =
	| HasShowtimes
	| UnfitDefaults
	| Extract<TermsRefusal, { readonly outcome: "currency_mismatch" }>
	| { readonly outcome: "unknown_time_zone" };

/**
 * Changes the auditorium (`archived: false` brings it back), raises its version by one and writes one audit row, all or nothing. Showtimes
 * that exist keep their times, prices and blocks. A new time zone or currency is refused while showtimes are to come.
 */
export function updateAuditorium(
	database: Database,
	id: AuditoriumId,
	request: ChangeRequest<AuditoriumFields & { readonly archived: false }>,
): Promise<ChangeOutcome<Auditorium> | AuditoriumRefusal> {
	return changeAuditorium<AuditoriumRefusal>(database, id, { action: "auditorium.updated", request, refuse: refuseChange });
}

/** Archives the auditorium, unless showtimes are to come. An archived one stays as it is. */
export function archiveAuditorium(
	database: Database,
	id: AuditoriumId,
	{ ifVersions, command }: { ifVersions: VersionCondition; command: StaffCommand },
): Promise<ChangeOutcome<Auditorium> | HasShowtimes> {
	return changeAuditorium<HasShowtimes>(database, id, {
		action: "auditorium.archived",
		request: { changes: { archived: true }, ifVersions, command },
		refuse: (tx, _after, current) => refuseWithShowtimes(tx, current.id),
	});
}

type AuditoriumChange<Refusal> = {
	readonly action: string;
	readonly request: ChangeRequest<ChangeableAuditorium>;
	readonly refuse: (tx: Queries, after: Partial<ChangeableAuditorium>, current: Auditorium) => Promise<Refusal | null>;
};

function changeAuditorium<Refusal>(
	database: Database,
	id: AuditoriumId,
	{ action, request, refuse }: AuditoriumChange<Refusal>,
): Promise<ChangeOutcome<Auditorium> | Refusal> {
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) =>
			changeResource<Auditorium, ChangeableAuditorium, Refusal>(tx, request, {
				action,
				target: { type: "auditorium", id },
				found: await lockAuditorium(tx, id),
				fieldsOf: (auditorium) => ({ ...auditoriumFieldsOf(auditorium), archived: auditorium.archivedAt !== null }),
				refuse: (after, current) => refuse(tx, after, current),
				write: async ({ archived, ...fields }, version) => {
					const archivedAt = archived === undefined ? {} : { archivedAt: archived ? sql`now()` : null };
					const [row] = await tx
						.update(auditoriums)
						.set({ ...auditoriumColumnsOf(fields), ...archivedAt, version })
						.where(eq(auditoriums.id, id))
						.returning();
					return row && auditoriumOf(row);
				},
			}),
		),
	);
}

async function refuseChange(tx: Queries, after: Partial<ChangeableAuditorium>, current: Auditorium): Promise<AuditoriumRefusal | null> {
	const { timeZone, currency } = after;
	if (timeZone !== undefined && !(await knowsTimeZone(tx, timeZone))) return { outcome: "unknown_time_zone" };
	const prices = after.defaultPrices === undefined ? current.defaultPrices : after.defaultPrices;
	const ownCurrency = currency ?? current.currency;
	if (prices !== null && prices.currency !== ownCurrency) return { outcome: "currency_mismatch", currency: ownCurrency };
	if (after.defaultPrices || after.defaultBlocks) {
		const plan = await findRoomPlan(tx, current.id, null);
		const unfit = findUnfitDefaults(plan && { id: plan.id, ...plan.layout }, after);
		if (unfit !== null) return unfit;
	}
	return timeZone === undefined && currency === undefined ? null : refuseWithShowtimes(tx, current.id);
}
