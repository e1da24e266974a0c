/**
 * Turns the seats of a pretix row, which have positions, into our rows, which have an order and gaps. pretix has no gaps: a gap is where
 * two neighbouring seats are farther apart than the others of their row.
 */
import type { Point } from "./read-fields.ts";

/** The seats of a row from left to right, and the gaps between them. */
export type PlacedSeats<Seat extends Point> = {
	readonly seats: readonly Seat[];
	/** The number of gaps before each seat. */
	readonly gaps: readonly number[];
	/** Position of the first place, which is a gap if the row begins with one. */
	readonly start: Point;
	/** Direction in which the row runs, in degrees, clockwise on a screen. 0 if that is unknown. */
	readonly angle: number;
};

/** A gap is a step of more than this many of the row's usual steps. */
const GAP_STEPS = 1.5;
/** How far a distance may be from a whole number of steps, in steps: positions are rounded when they are written. */
const WHOLE_STEP_TOLERANCE = 0.02;

/**
 * Places the seats of any row. They keep the order of the document; a row that runs from right to left is turned round. Where a step is
 * more than 1.5 of the median step of the row, there is one gap for each seat that is missing (the step divided by the median, rounded,
 * less one, and one at least). Of two steps in the middle the shorter is the median. Gaps at the ends of a row are unknown. `origin` is
 * the start of a row without seats.
 */
export function placeSeats<Seat extends Point>(given: readonly Seat[], origin: Point): PlacedSeats<Seat> {
	const [first, last] = [given[0] ?? origin, given.at(-1) ?? origin];
	const isTurned = last.x < first.x || (last.x === first.x && last.y < first.y);
	const seats = isTurned ? given.toReversed() : given;
	const [{ x, y }, end] = isTurned ? [last, first] : [first, last];
	const steps = findSteps(seats);
	const usual = findMedian(steps);
	const gaps = steps.map((step) => (usual > 0 && step > GAP_STEPS * usual ? Math.max(1, Math.round(step / usual) - 1) : 0));
	return { seats, gaps: [0, ...gaps], start: { x, y }, angle: angleBetween({ x, y }, end) };
}

/**
 * Places the seats of a row that `exportPretixPlan` wrote: its places are `step` apart, the first of them at `origin`, so that gaps are
 * exact, those before the first seat too. Null if the seats are not on such places (the plan was edited since).
 */
export function placeSeatsOnSteps<Seat extends Point>(seats: readonly Seat[], origin: Point, step: number): PlacedSeats<Seat> | null {
	const before = distanceBetween(origin, seats[0] ?? origin) / step;
	const gaps = [before, ...findSteps(seats).map((distance) => distance / step - 1)];
	if (!gaps.every((gap) => Math.abs(gap - Math.round(gap)) <= WHOLE_STEP_TOLERANCE && Math.round(gap) >= 0)) return null;
	return { seats, gaps: gaps.map(Math.round), start: origin, angle: angleBetween(origin, seats.at(-1) ?? origin) };
}

/** The distances between neighbours. */
export function findSteps(seats: readonly Point[]): number[] {
	return seats.slice(1).map((seat, i) => distanceBetween(seats[i] ?? seat, seat));
}

/** The median; of two in the middle the lower. 0 if there are no values. */
export function findMedian(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

const distanceBetween = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

const angleBetween = (a: Point, b: Point): number => (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
