/** Seat plans by id. A plan never changes, so what was read once is kept; the bound is on seats, not on plans. */
import { type Database, findSeatPlan, type SeatPlanReader } from "@holdfast/database";
import { type BookingId, bucketOf, type IndexedSeatPlan, indexSeatPlan, type SeatPlanId, type ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import { LRUCache } from "lru-cache";
import { joinReads } from "../join-reads.ts";

/** About 200 bytes per seat, and 55 more once the plan was rendered (show-seat-plan.ts): some 130 MB at most. */
const CACHED_SEATS_MAX = 500_000;

export type SeatPlans = {
	/** The plan of a showtime or booking, from this process, Redis or the ledger, in that order. It exists. */
	find(planId: SeatPlanId, of: ShowtimeId | BookingId): Promise<IndexedSeatPlan>;
	/** The same for an id that somebody made up, perhaps: null when there is no such plan. */
	findIfAny(planId: SeatPlanId): Promise<IndexedSeatPlan | null>;
};

export function createSeatPlans({ seatStore, database }: { seatStore: SeatStore; database: Database }): SeatPlans {
	const cache = new LRUCache<SeatPlanId, IndexedSeatPlan>({ maxSize: CACHED_SEATS_MAX, sizeCalculation: ({ seats }) => seats.length });

	async function readFromLedger(planId: SeatPlanId, reader: SeatPlanReader): Promise<IndexedSeatPlan | null> {
		const plan = await findSeatPlan(database, planId, reader);
		return plan && indexSeatPlan(plan);
	}

	/** A crowd that meets a cold cache reads a megabyte once, or twice. */
	const joined = (reader: SeatPlanReader, readLive: (planId: SeatPlanId) => Promise<IndexedSeatPlan | null>) =>
		joinReads(async (planId: SeatPlanId) => {
			const plan = cache.get(planId) ?? (await readLive(planId)) ?? (await readFromLedger(planId, reader));
			if (plan !== null) cache.set(planId, plan);
			return plan;
		});
	/** Apart, so that requests for invented ids take no connection from bookings. */
	const readAny = joined("catalogue", seatStore.findPlan);
	/** By bucket. */
	const readNamed = new Map<number, typeof readAny>();
	const readIn = (bucket: number): typeof readAny => {
		const read = readNamed.get(bucket) ?? joined("bookings", (planId) => seatStore.readPlan(bucket, planId));
		readNamed.set(bucket, read);
		return read;
	};

	return {
		findIfAny: async (planId) => cache.get(planId) ?? readAny(planId),
		async find(planId, of) {
			const plan = cache.get(planId) ?? (await readIn(bucketOf(of))(planId));
			assert(plan !== null, `seat plan ${planId} is in the ledger`);
			return plan;
		},
	};
}
