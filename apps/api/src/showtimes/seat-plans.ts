/** Finds seat plans by id and caches them. A plan never changes, so no entry becomes stale. The cache is limited by seats, not plans. */
import { type Database, findSeatPlan, type SeatPlanReader } from "@holdfast/database";
import { type BookingId, bucketOf, type IndexedSeatPlan, indexSeatPlan, type SeatPlanId, type ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import { LRUCache } from "lru-cache";
import { joinReads } from "../join-reads.ts";

/** About 200 bytes per seat, and 60 more after the plan was rendered and compressed (show-seat-plan.ts): some 130 MB at most. */
const CACHED_SEATS_MAX = 500_000;

/** The seat plans of both stores, behind a cache. */
export type SeatPlans = {
	/** Returns the plan of an existing showtime or booking, from the cache, Redis or the ledger. Throws if no plan is found. */
	find(planId: SeatPlanId, of: ShowtimeId | BookingId): Promise<IndexedSeatPlan>;
	/** Returns the plan of an id from a client, or null if there is none. */
	findIfAny(planId: SeatPlanId): Promise<IndexedSeatPlan | null>;
};

/** Returns an empty cache over both stores. Create one per process. */
export function createSeatPlans({ seatStore, database }: { seatStore: SeatStore; database: Database }): SeatPlans {
	const cache = new LRUCache<SeatPlanId, IndexedSeatPlan>({ maxSize: CACHED_SEATS_MAX, sizeCalculation: ({ seats }) => seats.length });

	async function readFromLedger(planId: SeatPlanId, reader: SeatPlanReader): Promise<IndexedSeatPlan | null> {
		const plan = await findSeatPlan(database, planId, reader);
		return plan && indexSeatPlan(plan);
	}

	/** Shares reads among concurrent callers: a crowd with a cold cache reads a large plan (a megabyte) once or twice. */
	const joined = (reader: SeatPlanReader, readLive: (planId: SeatPlanId) => Promise<IndexedSeatPlan | null>) =>
		joinReads(async (planId: SeatPlanId) => {
			const plan = cache.get(planId) ?? (await readLive(planId)) ?? (await readFromLedger(planId, reader));
			if (plan !== null) cache.set(planId, plan);
			return plan;
		});
	/** Uses its own connections, so that requests for made-up ids take none from bookings. */
	const readForCatalogue = joined("catalogue", seatStore.findPlan);
	/** The reader of each bucket. */
	const readersByBucket = new Map<number, typeof readForCatalogue>();
	const readerOf = (bucket: number): typeof readForCatalogue => {
		const read = readersByBucket.get(bucket) ?? joined("bookings", (planId) => seatStore.readPlan(bucket, planId));
		readersByBucket.set(bucket, read);
		return read;
	};

	return {
		findIfAny: async (planId) => cache.get(planId) ?? readForCatalogue(planId),
		async find(planId, of) {
			const plan = cache.get(planId) ?? (await readerOf(bucketOf(of))(planId));
			assert(plan !== null, `no seat plan ${planId} found`);
			return plan;
		},
	};
}
