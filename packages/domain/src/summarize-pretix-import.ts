/** Says what became of the parts of an imported pretix plan, for the person who imports it. */
import type { DraftRow } from "./draft-pretix-rows.ts";
import type { SeatLabels } from "./label-pretix-seats.ts";
import type { PretixPlan } from "./pretix-plan.ts";
import type { PlanSeat, SeatKind, SeatPlanLayout } from "./seat-plan.ts";

/** What became of the parts of a pretix plan. */
export type PretixImportSummary = {
	/** The name that the plan has in pretix; may be empty. */
	readonly name: string;
	/** The tier that each category became, and the number of its seats. */
	readonly tiers: readonly { readonly category: string; readonly tier: string; readonly seats: number }[];
	/** The section that each zone with seats became; null if the zone has no name. `labelPrefix` begins the labels of all its seats. */
	readonly zones: readonly { readonly section: string | null; readonly labelPrefix: string | null; readonly seats: number }[];
	readonly rows: number;
	readonly seats: number;
	readonly gaps: number;
	readonly kinds: Readonly<Record<SeatKind, number>>;
	/** Labels of the rows whose seats are named by the number of the row in the plan, because their names were too long or not unique. */
	readonly renumberedRows: readonly string[];
	/** How many areas and rows without seats were left out. */
	readonly ignored: { readonly areas: number; readonly emptyRows: number };
};

/** Returns the summary of a layout that was made of `plan`. `categories`: the names of the categories, in the order of the tiers. */
export function summarizeImport(
	plan: PretixPlan,
	layout: SeatPlanLayout,
	{ rows, labels, categories }: { rows: readonly DraftRow[]; labels: SeatLabels; categories: readonly string[] },
): PretixImportSummary {
	const seats = layout.rows.flatMap((row): readonly PlanSeat[] => row.seats.filter((seat) => seat !== null));
	const ofTier = countBy(seats.map(({ tier }) => tier));
	const ofKind = countBy(seats.map(({ kind }) => kind));
	const ofZone = countBy(rows.flatMap((row) => row.seats.map(() => row.zone)));
	return {
		name: plan.name,
		tiers: layout.tiers.map(({ id }, t) => ({ category: categories[t] ?? "", tier: id, seats: ofTier.get(id) ?? 0 })),
		zones: plan.zones.map(({ name }, zone) => ({
			section: name === "" ? null : name,
			labelPrefix: labels.prefixes.get(zone) ?? null,
			seats: ofZone.get(zone) ?? 0,
		})),
		rows: rows.length,
		seats: seats.length,
		gaps: layout.rows.reduce((sum, row) => sum + row.seats.length, 0) - seats.length,
		kinds: {
			standard: ofKind.get("standard") ?? 0,
			wheelchair: ofKind.get("wheelchair") ?? 0,
			companion: ofKind.get("companion") ?? 0,
		},
		renumberedRows: labels.renumbered.map((r) => rows[r]?.label ?? ""),
		ignored: plan.ignored,
	};
}

function countBy<Key>(keys: readonly Key[]): ReadonlyMap<Key, number> {
	const counts = new Map<Key, number>();
	for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
	return counts;
}
