/** Renders the seat matrix as JSON. The shared matrix is rendered once per version of the map. Own seats are marked in its bytes. */
import { countSeats, placeOfRow, statusOfLetter } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { SeatMatrixBody } from "../contract/showtime.ts";
import type { LiveMap } from "./read-live-map.ts";

type MatrixSeat = NonNullable<SeatMatrixBody["rows"][number]["seats"][number]>;

/** Returns the JSON of the matrix without marks. O(seats). */
export function renderSeatMatrix({ showtime, plan, map }: LiveMap): string {
	let index = -1;
	const matrix: SeatMatrixBody = {
		showtimeId: showtime.id,
		version: map.version,
		tiers: plan.plan.tiers.map(({ id, name }) => {
			const amount = showtime.prices[id];
			assert(amount !== undefined, `showtime ${showtime.id} has no price for tier ${id}`);
			return { id, name, price: { amount, currency: showtime.currency } };
		}),
		counts: countSeats(map.statuses),
		rows: plan.plan.rows.map((row) => ({
			label: row.label,
			...placeOfRow(row),
			seats: row.seats.map((seat) => {
				if (seat === null) return null;
				index += 1;
				return seatAt(map, seat, index);
			}),
		})),
	};
	return JSON.stringify(matrix);
}

/**
 * Returns the matrix with the user's own seats marked. `own`: their indexes. Rejected: rendering a matrix per user takes tens of
 * milliseconds for an arena of 50,000 seats. Finding ten seats in its bytes takes one millisecond.
 */
export function markOwnSeats(matrix: Buffer, { plan, map }: LiveMap, own: ReadonlySet<number>): Buffer {
	const parts: Buffer[] = [];
	let from = 0;
	for (const index of [...own].sort((a, b) => a - b)) {
		const seat = plan.seats[index];
		assert(seat !== undefined, `seat ${index} is not in the plan`);
		// Labels are unique and quotes inside JSON strings are escaped, so these bytes occur exactly once.
		const bytes = Buffer.from(JSON.stringify(seatAt(map, seat, index)));
		const start = matrix.indexOf(bytes, from);
		assert(start !== -1, `seat ${seat.label} is not in the matrix`);
		const end = start + bytes.length - 1;
		parts.push(matrix.subarray(from, end), MARK);
		from = end;
	}
	return Buffer.concat([...parts, matrix.subarray(from)]);
}

const MARK = Buffer.from(',"mine":true');

function seatAt(map: LiveMap["map"], { label, tier, kind }: Omit<MatrixSeat, "status">, index: number): MatrixSeat {
	return { label, tier, kind, status: statusOfLetter(map.statuses[index]) };
}
