import { newAuditoriumId, newBookingId, newMovieId, newSeatPlanId, newShowtimeId, newUserId } from "@holdfast/domain";
import { expect, it } from "vitest";
import type { ListedBooking, ReadBookings } from "./listed-booking.ts";
import { CSV_PAGE_ROWS, writeCsvPages } from "./stream-csv.ts";

/** A booking with texts and amounts as large as they are in a cinema. */
function buildListed(): ListedBooking {
	const [showtimeId, userId] = [newShowtimeId(), newUserId()];
	const id = newBookingId(showtimeId);
	const instants = { createdAt: 1_900_000_000_000, expiresAt: 1_900_000_420_000, confirmedAt: 1_900_000_100_000, cancelledAt: null };
	return {
		booking: {
			...{ id, userId, showtimeId, planId: newSeatPlanId(), seats: [0, 1], amounts: [1250, 1250], state: "CONFIRMED", version: 2 },
			...{ amount: 2500, currency: "EUR", recorded: true, scheduleVersion: 1, ...instants },
		},
		seatLabels: ["A1", "A2"],
		user: { id: userId, email: "ada@example.com", displayName: "Ada" },
		showtime: {
			...{ id: showtimeId, startsAt: 1_900_086_400_000, endsAt: 1_900_093_600_000, timeZone: "Europe/Vienna", scheduleVersion: 1 },
			...{ movie: { id: newMovieId(), title: "The Third Man" }, auditorium: { id: newAuditoriumId(), name: "Hall 1" } },
		},
		refund: null,
		readAtMs: 0,
	};
}

it("reads no page before the client has taken the one before, so a client that does not read costs one page of memory", async () => {
	const page = { outcome: "page", items: Array.from({ length: CSV_PAGE_ROWS }, buildListed), unreadable: [], nextCursor: "next" } as const;
	let reads = 0;
	const read: ReadBookings = async () => {
		reads += 1;
		return reads < 3 ? page : { ...page, nextCursor: null };
	};
	const pages = writeCsvPages(page, read, "bookings");
	let rows = -1;
	for await (const text of pages) {
		rows += text.split("\r\n").length - 1;
		expect(reads).toBe(rows <= 0 ? 0 : Math.ceil(rows / CSV_PAGE_ROWS) - 1);
	}
	expect([rows, reads]).toEqual([4 * CSV_PAGE_ROWS, 3]);
});
