/**
 * A seat plan: the rows, gaps, tiers and kinds of seat of one auditorium. Immutable once a showtime uses it.
 * A seat is addressed by its label (`A1`) at the edge and by its *index* everywhere else: the position in
 * reading order, gaps not counted. The index never moves, so one seat has exactly one name in the store.
 */
import type { SeatPlanId } from "./ids.ts";
import { ROWS_PER_PLAN_MAX, SEAT_LABEL_MAX_CHARS, SEATS_PER_PLAN_MAX, TIERS_PER_PLAN_MAX } from "./limits.ts";

export const SEAT_KINDS = ["standard", "wheelchair", "companion"] as const;
export type SeatKind = (typeof SEAT_KINDS)[number];

/** A seat as its plan draws it; `tier` names one of the plan's tiers. */
export type PlanSeat = { readonly label: string; readonly tier: string; readonly kind: SeatKind };
/** One row, left to right; null is a gap (an aisle). */
export type PlanRow = { readonly label: string; readonly seats: readonly (PlanSeat | null)[] };
/** A price class of seats. Its price belongs to the showtime, not to the plan. */
export type PlanTier = { readonly id: string; readonly name: string };
export type SeatPlanLayout = { readonly tiers: readonly PlanTier[]; readonly rows: readonly PlanRow[] };
export type SeatPlan = SeatPlanLayout & { readonly id: SeatPlanId };

/** A plan made ready for lookups: seats by index, and the index of each exact label. */
export type IndexedSeatPlan = {
	readonly plan: SeatPlan;
	readonly seats: readonly PlanSeat[];
	readonly indexByLabel: ReadonlyMap<string, number>;
};

/** Index a plan once; both directions are then O(1). */
export function indexSeatPlan(plan: SeatPlan): IndexedSeatPlan {
	const seats = plan.rows.flatMap((row) => row.seats.filter((seat) => seat !== null));
	return { plan, seats, indexByLabel: new Map(seats.map((seat, index) => [seat.label, index])) };
}

/**
 * Translate labels to seat indexes by exact match: `A01`, `a1` and `A1 ` are not `A1`. A peer system that was
 * lenient here sold one seat four times under four spellings.
 */
export function findSeats(
	indexed: IndexedSeatPlan,
	labels: readonly string[],
): { outcome: "found"; indexes: number[] } | { outcome: "unknown_seats"; labels: string[] } {
	const indexes: number[] = [];
	const unknown: string[] = [];
	for (const label of labels) {
		const index = indexed.indexByLabel.get(label);
		if (index === undefined) unknown.push(label);
		else indexes.push(index);
	}
	return unknown.length > 0 ? { outcome: "unknown_seats", labels: unknown } : { outcome: "found", indexes };
}

/** What is wrong with a layout, as one sentence, or null. Every bound of limits.ts is judged here. */
export function findLayoutError(layout: SeatPlanLayout): string | null {
	const seats = layout.rows.flatMap((row) => row.seats.filter((seat) => seat !== null));
	if (layout.tiers.length < 1 || layout.tiers.length > TIERS_PER_PLAN_MAX) return `a plan has 1 to ${TIERS_PER_PLAN_MAX} tiers`;
	if (layout.rows.length < 1 || layout.rows.length > ROWS_PER_PLAN_MAX) return `a plan has 1 to ${ROWS_PER_PLAN_MAX} rows`;
	if (seats.length < 1 || seats.length > SEATS_PER_PLAN_MAX) return `a plan has 1 to ${SEATS_PER_PLAN_MAX} seats`;
	const tiers = new Set(layout.tiers.map((tier) => tier.id));
	if (tiers.size !== layout.tiers.length) return "two tiers share an id";
	const labels = new Set<string>();
	for (const seat of seats) {
		if (seat.label.length < 1 || seat.label.length > SEAT_LABEL_MAX_CHARS)
			return `a seat label has 1 to ${SEAT_LABEL_MAX_CHARS} characters`;
		if (labels.has(seat.label)) return `two seats are labelled ${seat.label}`;
		if (!tiers.has(seat.tier)) return `seat ${seat.label} names the unknown tier ${seat.tier}`;
		labels.add(seat.label);
	}
	return null;
}

/** A row's letters: A..Z, then AA, AB, ... */
export function rowLabel(index: number): string {
	const letter = String.fromCharCode(65 + (index % 26));
	return index < 26 ? letter : rowLabel(Math.floor(index / 26) - 1) + letter;
}

/** A rectangular layout of one or more tiers: `tierOfRow` names each row's tier, `aisleAfter` puts a gap behind those seat numbers. */
export function gridLayout(options: {
	rows: number;
	seatsPerRow: number;
	tiers: readonly PlanTier[];
	tierOfRow: (row: number) => string;
	kindOf?: (row: number, seat: number) => SeatKind;
	aisleAfter?: readonly number[];
}): SeatPlanLayout {
	const { rows, seatsPerRow, tiers, tierOfRow, kindOf = () => "standard", aisleAfter = [] } = options;
	return {
		tiers,
		rows: Array.from({ length: rows }, (_, row) => {
			const label = rowLabel(row);
			const seats = Array.from({ length: seatsPerRow }, (_, seat): (PlanSeat | null)[] => {
				const drawn = { label: `${label}${seat + 1}`, tier: tierOfRow(row), kind: kindOf(row, seat + 1) };
				return aisleAfter.includes(seat + 1) ? [drawn, null] : [drawn];
			});
			return { label, seats: seats.flat() };
		}),
	};
}
