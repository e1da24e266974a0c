/** What the statements of one batch need to know beside its entries. */
import type { OutboxEvent, SeatPlanId, ShowtimeId } from "@holdfast/domain";

export type RecordContext = {
	readonly bucket: number;
	readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]>;
	/** All events of the batch that are to be recorded, also where only a part of them is recorded at a time. */
	readonly batch: readonly OutboxEvent[];
	/** Showtimes of the batch that were cancelled before it, or that it cancels. */
	readonly cancelledShowtimes: ReadonlySet<ShowtimeId>;
};
