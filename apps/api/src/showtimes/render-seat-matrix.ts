/** The seat matrix as JSON. What everyone sees is rendered once per version of the map; marks are put into those bytes. */
import { countSeats, statusOfLetter } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { SeatMatrixBody } from "../contract/showtime.ts";
import type { LiveMap } from "./read-live-map.ts";

type MatrixSeat = NonNullable<SeatMatrixBody["rows"][number]["seats"][number]>;

/** The matrix that says nothing of its reader. O(seats). */
export function renderSeatMatrix({ showtime, plan, map }: LiveMap): string {
	let index = -1;
	const matrix: SeatMatrixBody = {
		showtimeId: showtime.id,
		version: map.version,
		tiers: plan.plan.tiers.map(({ id, name }) => {
			const amount = showtime.prices[id];
			assert(amount !== undefined, `showtime ${showtime.id} has a price for tier ${id}`);
			return { id, name, price: { amount, currency: showtime.currency } };
		}),
		counts: countSeats(map.statuses),
		rows: plan.plan.rows.map((row) => ({
			label: row.label,
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
 * The same with the reader's seats marked: `own` are their indexes. To render an arena of 50,000 anew takes the process tens of
 * milliseconds for each reader; to find ten seats in its bytes takes one.
 */
export function markOwnSeats(matrix: Buffer, { plan, map }: LiveMap, own: ReadonlySet<number>): Buffer {
	const parts: Buffer[] = [];
	let from = 0;
	for (const index of [...own].sort((a, b) => a - b)) {
		const seat = plan.seats[index];
		assert(seat !== undefined, `seat ${index} is in the plan`);
		// Labels differ, and inside a text of the matrix every quote is escaped: these bytes are there once.
		const bytes = Buffer.from(JSON.stringify(seatAt(map, seat, index)));
		const start = matrix.indexOf(bytes, from);
		assert(start !== -1, `seat ${seat.label} is in the matrix`);
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
