/** Builds valid domain values for tests. A test overrides only the fields it is about. */
import {
	gridLayout,
	newAuditoriumId,
	newMovieId,
	newSeatPlanId,
	newShowtimeId,
	type OpenShowtime,
	type SeatPlan,
	type SeatPlanId,
} from "@holdfast/domain";

const HOUR_MS = 60 * 60 * 1000;

/** Returns a seat plan of `rows` x `seatsPerRow` seats (10 x 10 by default) with one tier, `standard`. */
export function buildPlan({ rows = 10, seatsPerRow = 10 }: { rows?: number; seatsPerRow?: number } = {}): SeatPlan {
	const tiers = [{ id: "standard", name: "Standard" }];
	return { id: newSeatPlanId(), ...gridLayout({ rows, seatsPerRow, tiers, tierOfRow: () => "standard" }) };
}

/** Returns a showtime that is on sale now and starts in 24 hours: 100 seats at 12.50 USD each. */
export function buildShowtime(overrides: Partial<OpenShowtime> = {}): OpenShowtime {
	const nowMs = Date.now();
	const planId: SeatPlanId = newSeatPlanId();
	return {
		id: newShowtimeId(),
		state: "open",
		planId,
		seatCount: 100,
		priceVersion: 1,
		prices: { standard: 1250 },
		currency: "USD",
		salesOpenAt: nowMs - HOUR_MS,
		salesCloseAt: nowMs + 24 * HOUR_MS,
		startsAt: nowMs + 24 * HOUR_MS,
		endsAt: nowMs + 26 * HOUR_MS,
		showtimeVersion: 1,
		scheduleVersion: 1,
		summary: {
			movie: { id: newMovieId(), title: "The Third Man" },
			auditorium: { id: newAuditoriumId(), name: "Hall 1" },
			timeZone: "Europe/Vienna",
		},
		...overrides,
	};
}
