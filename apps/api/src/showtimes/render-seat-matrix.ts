/** The seat matrix as JSON text. Made once per version of the map; most readers get the text as it is. */
import { countSeats, statusOfLetter } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { SeatMatrixBody } from "../contract/showtime.ts";
import type { LiveMap } from "./read-live-map.ts";

/** `own`: indexes of the reader's seats, which are marked. O(seats). */
export function renderSeatMatrix({ showtime, plan, map }: LiveMap, own: ReadonlySet<number>): string {
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
				const status = statusOfLetter(map.statuses[index]);
				const { label, tier, kind } = seat;
				return own.has(index) ? { label, tier, kind, status, mine: true } : { label, tier, kind, status };
			}),
		})),
	};
	return JSON.stringify(matrix);
}
