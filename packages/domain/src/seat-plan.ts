/**
 * Seat plans: the rows, gaps, tiers and kinds of seat of one auditorium. A plan is immutable once a showtime uses it. Clients address a
 * seat by its label (`A1`). Redis and Postgres address it by its *index*: its position in reading order, gaps not counted. The index
 * never changes, so each seat has exactly one name in the stores.
 */
import type { SeatPlanId } from "./ids.ts";

/** Every kind of seat. */
export const SEAT_KINDS = ["standard", "wheelchair", "companion"] as const;
/** One of `SEAT_KINDS`. */
export type SeatKind = (typeof SEAT_KINDS)[number];

/** A seat of a plan. `tier` is the id of one of the plan's tiers. */
export type PlanSeat = { readonly label: string; readonly tier: string; readonly kind: SeatKind };
/**
 * Where a row is drawn, for rooms that are not a grid. The unit is one seat width, `y` grows away from the stage, and `angle` is in
 * degrees, clockwise as seen on a screen: place i of the row, gaps counted, is at (x + i * cos(angle), y + i * sin(angle)). `x` and `y`
 * come together; without `angle` it is 0. A row without a position is drawn below the row before it.
 */
export type RowPosition = { readonly x?: number; readonly y?: number; readonly angle?: number };
/** One row of seats, from left to right; null is a gap (an aisle). `section` is the part of the room that it belongs to ("Balcony"). */
export type PlanRow = RowPosition & {
	readonly label: string;
	readonly section?: string;
	readonly seats: readonly (PlanSeat | null)[];
};
/** A price class of seats. Its price belongs to the showtime, not to the plan. */
export type PlanTier = { readonly id: string; readonly name: string };
/** A seat plan without its id. */
export type SeatPlanLayout = { readonly tiers: readonly PlanTier[]; readonly rows: readonly PlanRow[] };
/** A stored seat plan. */
export type SeatPlan = SeatPlanLayout & { readonly id: SeatPlanId };

/** A plan that is ready for lookups: `seats` by index, and the index of each label. */
export type IndexedSeatPlan = {
	readonly plan: SeatPlan;
	readonly seats: readonly PlanSeat[];
	readonly indexByLabel: ReadonlyMap<string, number>;
};

/** Prepares a plan for lookups by index and by label, both O(1). O(seats): keep the result. */
export function indexSeatPlan(plan: SeatPlan): IndexedSeatPlan {
	const seats = plan.rows.flatMap((row) => row.seats.filter((seat) => seat !== null));
	return { plan, seats, indexByLabel: new Map(seats.map((seat, index) => [seat.label, index])) };
}

/**
 * Translates labels to seat indexes, in the order of `labels`. `unknown_seats`: the labels that the plan does not have. Labels match
 * exactly: `A01`, `a1` and `A1 ` are not `A1`. Another system that accepted such spellings sold one seat four times.
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

/** The section and the position of a row, without the fields that it does not have: what an answer says about a row beside its seats. */
export function placeOfRow({ section, x, y, angle }: Omit<PlanRow, "seats">): Omit<PlanRow, "label" | "seats"> {
	return {
		...(section !== undefined && { section }),
		...(x !== undefined && { x }),
		...(y !== undefined && { y }),
		...(angle !== undefined && { angle }),
	};
}

/** The label of the row at this index, from 0: A..Z, then AA, AB, ... */
export function rowLabel(index: number): string {
	const letter = String.fromCharCode(65 + (index % 26));
	return index < 26 ? letter : rowLabel(Math.floor(index / 26) - 1) + letter;
}

/**
 * A rectangular layout. `tierOfRow` returns the tier id of a row (from 0), `kindOf` the kind of a seat (row from 0, seat number from 1);
 * `aisleAfter` lists the seat numbers that are followed by a gap. `sectionOfRow` returns the section of a row; without it rows have none.
 */
export function gridLayout(options: {
	rows: number;
	seatsPerRow: number;
	tiers: readonly PlanTier[];
	tierOfRow: (row: number) => string;
	kindOf?: (row: number, seat: number) => SeatKind;
	aisleAfter?: readonly number[];
	sectionOfRow?: (row: number) => string;
}): SeatPlanLayout {
	const { rows, seatsPerRow, tiers, tierOfRow, kindOf = () => "standard", aisleAfter = [], sectionOfRow } = options;
	return {
		tiers,
		rows: Array.from({ length: rows }, (_, row) => {
			const label = rowLabel(row);
			const seats = Array.from({ length: seatsPerRow }, (_, seat): (PlanSeat | null)[] => {
				const drawn = { label: `${label}${seat + 1}`, tier: tierOfRow(row), kind: kindOf(row, seat + 1) };
				return aisleAfter.includes(seat + 1) ? [drawn, null] : [drawn];
			});
			return { label, ...(sectionOfRow && { section: sectionOfRow(row) }), seats: seats.flat() };
		}),
	};
}
