/**
 * The proof after a run: reads Redis and the ledger directly, beside the product, and says what does not agree. Knows the
 * two stores only through their rooms. A Redis that was demoted is read as it is.
 */
import { createDatabase, seatOwners } from "@holdfast/database";
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createSeatStore } from "@holdfast/seat-store";
import { findPartialHolds, findSeatViolations } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";

export type Proof = {
	/** Resolves when every outbox is empty; rejects after `deadlineMs`. */
	drained(deadlineMs: number): Promise<void>;
	/** Entries waiting in each bucket's outbox. */
	depths(): Promise<number[]>;
	/** Everything wrong with a showtime at rest; an empty list is the proof. */
	violations(showtimeId: ShowtimeId): Promise<string[]>;
	/** The map against its owners at this instant, also in mid-storm. */
	mapViolations(showtimeId: ShowtimeId): Promise<string[]>;
	/** The map, a letter per seat, as Redis has it at this instant. */
	statuses(showtimeId: ShowtimeId): Promise<string>;
	/** Its version, once nothing in it has lapsed. */
	mapVersion(showtimeId: ShowtimeId): Promise<number>;
	/** Bookings that own some of their seats but not all, at this instant. */
	partialHolds(showtimeId: ShowtimeId): Promise<string[]>;
	/** Booking id by seat index, as the ledger has it. */
	owners(showtimeId: ShowtimeId): Promise<Map<number, string>>;
	/** How long events of these showtimes took from Redis to their COMMIT, in milliseconds, and how many there were. */
	settleLag(showtimeIds: readonly ShowtimeId[]): Promise<{ events: number; p50: number; p99: number; max: number; perSecond: number }>;
	/** Calls and server time per Redis command since the server started: `commandstats`. */
	redisCommands(): Promise<{ command: string; calls: number; microsPerCall: number }[]>;
	close(): Promise<void>;
};

export function openProof({ redisUrl, databaseUrl }: { redisUrl: string; databaseUrl: string }): Proof {
	const seatStore = createSeatStore({ url: redisUrl, limits: DEFAULT_LIMITS, readsReplica: true });
	const database = createDatabase({ url: databaseUrl, applicationName: "holdfast-proof" });
	return {
		drained: async (deadlineMs) =>
			void (await waitUntil(
				"the outbox to be empty",
				async () => (await seatStore.outboxDepths()).every((depth) => depth === 0),
				deadlineMs,
			)),
		depths: () => seatStore.outboxDepths(),
		violations: async (showtimeId) => [
			...(await findSeatViolations(seatStore, showtimeId, await seatOwners(database, showtimeId))),
			...(await findAmountViolations(databaseUrl, showtimeId)),
		],
		mapViolations: (showtimeId) => findSeatViolations(seatStore, showtimeId, null),
		statuses: async (showtimeId) => (await seatStore.inspectSeats(showtimeId)).statuses,
		async mapVersion(showtimeId) {
			const map = await seatStore.readSeatMap(showtimeId);
			if (map.outcome !== "read") throw new Error(`the map of ${showtimeId} is ${map.outcome}`);
			return map.version;
		},
		partialHolds: (showtimeId) => findPartialHolds(seatStore, showtimeId),
		owners: async (showtimeId) => new Map((await seatOwners(database, showtimeId)).map(({ seat, bookingId }) => [seat, bookingId])),
		async settleLag(showtimeIds) {
			const list = showtimeIds.map((id) => `'${id}'`).join(",");
			const [row] = await queryPostgres(
				databaseUrl,
				`select count(*) as events,
					percentile_disc(0.5) within group (order by lag) as p50, percentile_disc(0.99) within group (order by lag) as p99, max(lag) as max,
					count(*) / greatest(0.001, extract(epoch from max(recorded_at) - min(at))) as per_second
				 from (select e.at, e.recorded_at, extract(epoch from e.recorded_at - e.at) * 1000 as lag
					from booking_events e join bookings b on b.id = e.booking_id where b.showtime_id in (${list})) as lags`,
			);
			const figure = (column: string): number => Math.round(Number(row?.[column] ?? 0));
			return { events: figure("events"), p50: figure("p50"), p99: figure("p99"), max: figure("max"), perSecond: figure("per_second") };
		},
		async redisCommands() {
			const stats = Object.entries(await seatStore.inspectServer("commandstats"));
			return stats.map(([name, line]) => {
				const figure = (field: string): number => Number(new RegExp(`${field}=([\\d.]+)`).exec(line)?.[1] ?? 0);
				return { command: name.replace("cmdstat_", ""), calls: figure("calls"), microsPerCall: figure("usec_per_call") };
			});
		},
		async close() {
			await seatStore.close();
			await database.close();
		},
	};
}

/** Bookings in the ledger whose seats do not cost together what the booking does. */
async function findAmountViolations(databaseUrl: string, showtimeId: ShowtimeId): Promise<string[]> {
	const rows = await queryPostgres(
		databaseUrl,
		`select id, amount, seats from bookings,
			lateral (select coalesce(sum(booking_seats.amount), 0) as seats from booking_seats where booking_id = id) as costs
		 where showtime_id = '${showtimeId}' and amount <> seats`,
	);
	return rows.map(({ id, amount, seats }) => `booking ${id} costs ${amount} in the ledger, and its seats cost ${seats}`);
}
