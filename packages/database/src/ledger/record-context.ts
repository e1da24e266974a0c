/** The data that the statements of one batch need in addition to its entries. */
import type { BookingId, OutboxEvent, SeatPlanId, ShowtimeId } from "@holdfast/domain";

/** The bucket, the seat labels and the whole batch, for functions that record a part of the batch. */
export type RecordContext = {
	readonly bucket: number;
	/** Seat labels by index, for each seat plan of the batch. */
	readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]>;
	/** Seat labels by index, for each showtime whose blocked seats staff changed in the batch. */
	readonly labelsByShowtime: ReadonlyMap<ShowtimeId, readonly string[]>;
	/** All recordable events of the batch, even while only a part of them is being recorded. */
	readonly batch: readonly OutboxEvent[];
	/** Showtimes of the batch that are already cancelled or that the batch cancels. */
	readonly cancelledShowtimes: ReadonlySet<ShowtimeId>;
	/** Bookings of the batch whose seats were bought under an older schedule than the showtime has in the ledger. */
	readonly outdatedBookings: ReadonlySet<BookingId>;
};
