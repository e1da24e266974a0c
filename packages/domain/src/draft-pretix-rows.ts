/** Puts the rows of a pretix plan into the order of a layout, with the order and the gaps of their seats. */
import { SEAT_LABEL_MAX_CHARS } from "./limits.ts";
import { findMedian, findSteps, type PlacedSeats, placeSeats, placeSeatsOnSteps } from "./place-pretix-seats.ts";
import { findTextError } from "./plan-text.ts";
import { EXPORTED_ZONE_ID, PRETIX_STEP, type PretixPlan, type PretixSeat } from "./pretix-plan.ts";
import type { RowPosition } from "./seat-plan.ts";

/** A seat of a draft. `own`: the label that it had when Holdfast exported the plan, or null. */
export type DraftSeat = PretixSeat & { readonly own: string | null };
/** A row of the layout to be, still without labels of its seats. */
export type DraftRow = PlacedSeats<DraftSeat> & {
	readonly label: string;
	/** Index of the row's zone. */
	readonly zone: number;
	/** JSON Pointer of the row in the pretix document. */
	readonly pointer: string;
	/** The row's position in the units of a layout. */
	readonly position: Required<RowPosition>;
};

/**
 * Returns the rows of all zones, ordered by y, then x, of their left end; equal ones keep the order of the document, and so do all rows
 * of a plan that Holdfast exported. A row without a name gets its number in this order (from 1).
 */
export function draftRows({ zones }: PretixPlan): readonly DraftRow[] {
	const isExported = zones.every(({ id }) => EXPORTED_ZONE_ID.test(id));
	const placed = zones.flatMap((zone, z) =>
		zone.rows.map((row) => {
			const isOwn = EXPORTED_ZONE_ID.test(zone.id);
			const seats = row.seats.map((seat): DraftSeat => ({ ...seat, own: isOwn && isLabel(seat.guid) ? seat.guid : null }));
			const onSteps = isOwn ? placeSeatsOnSteps(seats, row, PRETIX_STEP) : null;
			return { ...(onSteps ?? placeSeats(seats, row)), label: row.number, zone: z, pointer: row.pointer };
		}),
	);
	if (!isExported) placed.sort((a, b) => a.start.y - b.start.y || a.start.x - b.start.x);
	const toPosition = createScale(placed, isExported);
	return placed.map((row, r) => ({ ...row, label: row.label === "" ? String(r + 1) : row.label, position: toPosition(row) }));
}

const isLabel = (guid: string): boolean => findTextError(guid, SEAT_LABEL_MAX_CHARS) === null;

/** Returns the function that converts positions to seat widths, from 0 on. An exported plan has a known scale. */
function createScale(rows: readonly PlacedSeats<DraftSeat>[], isExported: boolean): (row: PlacedSeats<DraftSeat>) => Required<RowPosition> {
	const usual = isExported ? 0 : findMedian(rows.flatMap(({ seats }) => findSteps(seats)));
	const unit = usual > 0 ? usual : PRETIX_STEP;
	let [left, top] = [Infinity, Infinity];
	for (const { seats, start } of rows) for (const { x, y } of [start, ...seats]) [left, top] = [Math.min(left, x), Math.min(top, y)];
	return ({ start, angle }) => ({ x: round((start.x - left) / unit), y: round((start.y - top) / unit), angle: round(angle) });
}

/** Three decimals, and no negative zero. */
const round = (value: number): number => Math.round(value * 1_000) / 1_000 || 0;
